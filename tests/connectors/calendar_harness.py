"""What the contract suite of calendars needs of a connector and its remote."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from connectors.calendars import CalendarEvent, Draft, Marker, Page
from connectors.contract import AllDay, ChecksBusy, Connector, PushesEvents, Timed, WatchesChanges, When
from connectors.transport import Network
from tests.connectors.contract import Fault

ITEM = UUID("01939c2e-0000-7000-8000-000000000001")
OTHER_ITEM = UUID("01939c2e-0000-7000-8000-000000000002")
NIGHTS = AllDay(date(2027, 3, 1), date(2027, 3, 4))
LATER_NIGHTS = AllDay(date(2027, 3, 2), date(2027, 3, 6))
HOURS = Timed(datetime(2027, 3, 10, 9, tzinfo=UTC), datetime(2027, 3, 10, 11, 30, tzinfo=UTC))
WEEKLY = Timed(datetime(2027, 4, 5, 8, tzinfo=UTC), datetime(2027, 4, 5, 9, tzinfo=UTC))
WEEK = timedelta(days=7)


class TwoWay(Connector, PushesEvents, WatchesChanges, ChecksBusy, Protocol):
    """What the suite tests."""


class Call(StrEnum):
    """The calls of a connector that reach its remote."""

    CHECK = "check"
    CHANGES = "changes"
    LOOK = "look"
    CREATE = "create"
    REPLACE = "replace"
    REMOVE = "remove"
    BUSY = "busy"
    WATCH = "watch"


WITHOUT_END = frozenset({Fault.SILENT, Fault.ENDLESS})
PATIENT, HASTY = timedelta(seconds=10), timedelta(seconds=0.15)
WRITES = (Call.CREATE, Call.REPLACE, Call.REMOVE)


class Person(ABC):
    """Somebody who uses the channel itself; what an event holds besides a draft is in their hands."""

    @abstractmethod
    def add(self, when: When, summary: str = "", recurrence: Sequence[str] = (), zone: str = "") -> str:
        """A new event's id."""

    @abstractmethod
    def edit(self, event_id: str, summary: str) -> None: ...

    @abstractmethod
    def shift(self, event_id: str, when: When) -> None: ...

    @abstractmethod
    def show_as_free(self, event_id: str) -> None: ...

    @abstractmethod
    def delete(self, event_id: str) -> None: ...

    @abstractmethod
    def duplicate(self, event_id: str) -> str:
        """The copy's id; all that people do not see is copied with it."""

    @abstractmethod
    def annotate(self, event_id: str, place: str) -> None:
        """Add something that a draft does not name."""

    @abstractmethod
    def place(self, event_id: str) -> str: ...

    @abstractmethod
    def shift_occurrence(self, series: str, original: AllDay | datetime, when: When) -> None: ...

    @abstractmethod
    def skip_occurrence(self, series: str, original: AllDay | datetime) -> None: ...


class CalendarHarness(ABC):
    """A connector, and a remote that the test can break."""

    connector: TwoWay
    settings: BaseModel
    other: BaseModel
    """Another calendar of the same account"""
    twin: BaseModel
    """Another link of the first calendar, by another account"""
    network: Network
    """With a deadline of a second at most where nothing, or no end, is to be expected"""
    secrets: tuple[str, ...]
    """Texts that must appear in no message"""
    person: Person
    address: str
    """To which a watch may post"""
    readme: Path

    @abstractmethod
    def break_(self, fault: Fault) -> None:
        """From now on every call meets it."""

    @abstractmethod
    def heal(self) -> None: ...

    @abstractmethod
    def lose_the_answer(self) -> None:
        """From now on what is asked is done, and nobody learns of it."""

    @abstractmethod
    def requests(self) -> int:
        """How many have reached the calendar's remote, or would have."""

    @abstractmethod
    def pages_of(self, events: int) -> None:
        """A listing's pages have no more."""

    @abstractmethod
    def expire_cursors(self) -> None: ...

    @abstractmethod
    def delete_calendar(self) -> None: ...

    @abstractmethod
    def refuse(self) -> None:
        """The account's sign-in is not good any more."""

    @abstractmethod
    def notices(self, least: int) -> Sequence[Mapping[str, str]]:
        """Headers (lower-case names) of what was posted, as soon as there are so many."""

    # What tests say often

    def id(self, incarnation: int = 0, item: UUID = ITEM) -> str:
        return self.connector.event_id(item, incarnation)

    def create(self, incarnation: int = 0, wanted: Draft | None = None) -> CalendarEvent:
        made = self.connector.create(self.settings, self.id(incarnation), wanted or draft(), self.network)
        assert isinstance(made, CalendarEvent), made
        return made

    def look(self, event_id: str) -> CalendarEvent | None:
        return self.connector.look(self.settings, event_id, self.network)

    def seen(self, event_id: str) -> CalendarEvent:
        found = self.look(event_id)
        assert found is not None
        return found

    def pages(self, cursor: Mapping[str, str] | None = None) -> list[Page]:
        pages = [self.connector.changes(self.settings, cursor, None, self.network)]
        while pages[-1].next_page is not None:
            assert len(pages) < 100
            pages.append(self.connector.changes(self.settings, cursor, pages[-1].next_page, self.network))
        return pages

    def listing(
        self, cursor: Mapping[str, str] | None = None
    ) -> tuple[dict[str, CalendarEvent], Mapping[str, str]]:
        """The last word on each event, and the cursor."""
        pages = self.pages(cursor)
        ends = pages[-1].cursor
        assert ends is not None
        return {event.id: event for page in pages for event in page.events}, ends


def draft(
    when: When = NIGHTS,
    summary: str = "Booking Q7",
    description: str = "Two guests\nArrival after 18:00",
    *,
    busy: bool = True,
    marker: Marker | None = None,
) -> Draft:
    return Draft(when, summary, description, busy, marker or mark())


def mark(revision: int = 1) -> Marker:
    return Marker(str(ITEM), f"01939c2e-0000-7000-9000-{revision:012d}", "s1gnature")


def calls(harness: CalendarHarness) -> Mapping[Call, Callable[[], object]]:
    """Each call on an event that is there; what it needs is made now."""
    it, connector, settings = harness, harness.connector, harness.settings
    made = it.create()
    _, cursor = it.listing()
    new = it.id(1)
    return {
        Call.CHECK: lambda: connector.check(settings, it.network),
        Call.CHANGES: lambda: connector.changes(settings, cursor, None, it.network),
        Call.LOOK: lambda: connector.look(settings, made.id, it.network),
        Call.CREATE: lambda: connector.create(settings, new, draft(), it.network),
        Call.REPLACE: lambda: connector.replace(
            settings, made.id, draft(LATER_NIGHTS), made.etag, it.network
        ),
        Call.REMOVE: lambda: connector.remove(settings, made.id, made.etag, it.network),
        Call.BUSY: lambda: connector.busy(settings, HOURS.starts_at, HOURS.ends_at, it.network),
        Call.WATCH: lambda: connector.watch(settings, "watch-1", "t0ken", it.address, it.network),
    }
