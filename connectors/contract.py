"""What a connector is: the words it speaks with the hub, and the capabilities it may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from hub.domain.periods import Hours, Nights

if TYPE_CHECKING:  # pure rooms import these words, and must not reach the network through them
    from connectors.calendars import CalendarEvent, Draft, Missed, Notice, Page, Watch
    from connectors.transport import Network


@dataclass(frozen=True, slots=True)
class AllDay:
    """Dates as the channel wrote them, half-open: `after` is the first day that is free again."""

    first: date
    after: date


@dataclass(frozen=True, slots=True)
class Timed:
    """Aware UTC instants, half-open. An event without length has starts_at == ends_at and is never busy."""

    starts_at: datetime
    ends_at: datetime


When: TypeAlias = AllDay | Timed


class Nature(StrEnum):
    """What a busy event stands for, as far as its channel lets us tell."""

    STAY = "stay"
    """A guest's"""
    BLOCK = "block"
    """Closed, and by no guest of that channel: by its host, its policy, or because another channel said so"""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mark:
    """What hubs write on what they say, so that each recognises its own word when it comes back."""

    origin: str
    """The UID that it had where it came from"""
    via: tuple[str, ...]
    """One hop for each hub that said it, from the origin on: 16 hex digits of a feed, a dot, 16 of proof"""


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """One occurrence on a channel, as received; recurrences arrive expanded."""

    uid: str
    recurrence_id: str | None
    when: When
    busy: bool
    summary: str = ""
    description: str = ""
    sequence: int = 0
    problem: str | None = None
    """In words, what could not be read; the event counts all the same."""
    note: str = ""
    """In words, why an event does not count: its channel, or an option of the link, calls it free"""
    nature: Nature = Nature.UNKNOWN
    code: str = ""
    """The channel's own code of a stay; empty where it tells none"""
    phone_digits: str = ""
    """The last digits of the guest's telephone number, where the channel tells them"""
    mark: Mark | None = None
    part: bool = False
    """It tells only where a stay begins or ends, which is longer: what is known of that stay holds"""

    @property
    def key(self) -> str:
        """The event's identity within one link."""
        return self.uid if self.recurrence_id is None else f"{self.uid}/{self.recurrence_id}"


@dataclass(frozen=True, slots=True)
class Window:
    """The days in which recurrences are expanded and events are wanted; half-open."""

    first: date
    after: date
    singles_after: date | None = None
    """What does not recur is wanted until here, for it has an end of its own; None: until `after`"""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull brought; `cursor` is to be stored with the events it covers, never before them."""

    events: tuple[RemoteEvent, ...]
    """Their keys differ, also where a channel gives one UID to two stays"""
    cursor: dict[str, str]
    full: bool
    """The events are everything in the window: what is missing from them is gone."""
    unchanged: bool
    """The remote says what it said last time: `events` is empty and what is stored stays."""
    problems: tuple[str, ...] = ()
    title: str = ""
    source: str = ""
    """Slug of the channel that made the calendar, as far as it can be told"""
    returns_ours: bool = True
    """Whether the channel shows in its calendar what it imported from our feed"""
    whole_days: bool = False
    """Whether it closes a whole day for every hour that it read there"""
    payload: bytes | None = field(default=None, repr=False, compare=False)
    """What was read, as it was sent; None where it says what it said last time, or is not kept"""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """What an outbound feed says about one busy span of ours."""

    uid: str
    span: Nights | Hours
    summary: str
    modified_at: datetime
    sequence: int
    description: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    name: str
    entries: tuple[FeedEntry, ...]
    modified_at: datetime
    refresh: timedelta
    """How often a consumer is asked to come back."""


@runtime_checkable
class Connector(Protocol):
    """A channel's manifest. `secret_fields` names the settings that are encrypted and never shown."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def settings_model(self) -> type[BaseModel]: ...
    @property
    def secret_fields(self) -> frozenset[str]: ...

    def check(self, settings: BaseModel, network: Network) -> None:
        """Prove that the settings work, or raise a ConnectorError."""
        ...


@runtime_checkable
class PullsEvents(Protocol):
    def pull(
        self,
        settings: BaseModel,
        cursor: Mapping[str, str] | None,
        window: Window,
        zone: ZoneInfo,
        network: Network,
    ) -> Pulled:
        """The channel's events in the window; `zone` is the property's. Raises ConnectorError only.

        An outage is never an empty result: whatever is not a complete answer raises.
        """
        ...


@runtime_checkable
class RendersFeed(Protocol):
    def render(self, feed: Feed) -> bytes:
        """The bytes of our feed: equal feeds give equal bytes."""
        ...


@runtime_checkable
class ListsChanges(Protocol):
    """A calendar that tells what changed since it was last listed, event by event."""

    def calendar_key(self, settings: BaseModel) -> str:
        """Names the calendar itself: equal for two links of one calendar, whoever's account they use."""
        ...

    def changes(
        self,
        settings: BaseModel,
        cursor: Mapping[str, str] | None,
        page: str | None,
        network: Network,
    ) -> Page:
        """
        One page of what changed since the cursor, or of everything where there is none.

        `page` is the `next_page` of the page before, asked with the same cursor. Raises ConnectorError only:
        CursorExpired where all must be listed anew; NeedsReconnect where the account may not see the calendar
        any more; Rejected("calendar_gone") where there is none. An outage is never an empty page.
        """
        ...

    def look(self, settings: BaseModel, event_id: str, network: Network) -> CalendarEvent | None:
        """
        The event as it is now; a deleted one says so, None where the calendar does not know it (any more).

        None is said only where the calendar itself is known to be there at this moment.
        """
        ...


@runtime_checkable
class PushesEvents(ListsChanges, Protocol):
    """
    Every write names the event by an id of ours or by its version, so that repeating it does nothing twice.

    A Missed did nothing; Unavailable says that nobody knows whether anything was done.
    """

    def event_id(self, item: UUID, incarnation: int) -> str:
        """The id of our event: the same for the same item and incarnation, for ever."""
        ...

    def create(
        self, settings: BaseModel, event_id: str, draft: Draft, network: Network
    ) -> CalendarEvent | Missed: ...

    def replace(
        self, settings: BaseModel, event_id: str, draft: Draft, etag: str, network: Network
    ) -> CalendarEvent | Missed:
        """Only that version is replaced. What people added that a draft does not name stays."""
        ...

    def remove(self, settings: BaseModel, event_id: str, etag: str, network: Network) -> Missed | None:
        """Only that version is removed; one that is deleted already is GONE."""
        ...


@runtime_checkable
class ChecksWritable(Protocol):
    """A calendar that an account may see without being allowed to write to it."""

    def check_writable(self, settings: BaseModel, network: Network) -> None:
        """Rejected("read_only") where this account may only read it; else as `check`."""
        ...


@runtime_checkable
class WatchesChanges(Protocol):
    def watch(
        self, settings: BaseModel, watch_id: str, token: str, address: str, network: Network
    ) -> Watch | None:
        """Have the channel post to our `address` when something changes; None where it cannot be had."""
        ...

    def unwatch(self, settings: BaseModel, watch_id: str, resource: str, network: Network) -> None:
        """One that is closed already is no error."""
        ...

    def read_notice(self, headers: Mapping[str, str]) -> Notice | None:
        """What a POST to our address says, by its headers (lower-case names); None if it is none."""
        ...


@runtime_checkable
class ChecksBusy(Protocol):
    def busy(
        self, settings: BaseModel, starts_at: datetime, ends_at: datetime, network: Network
    ) -> tuple[Timed, ...]:
        """When the calendar is busy, by whomever; never empty where it could not be asked."""
        ...
