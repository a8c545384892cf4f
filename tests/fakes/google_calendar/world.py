"""The calendars of everybody, version by version: what the double knows, without the words of HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from hub import clock
from tests.fakes.google_calendar import errors

Resource: TypeAlias = dict[str, Any]
"""As JSON has it. What is stored is never changed in place: a change is another dict"""

MILLISECOND = timedelta(milliseconds=1)
ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


class Tombstones(StrEnum):
    """How much of a deleted event is told."""

    FULL = "full"
    ID_ONLY = "id only"
    """No more than Google promises"""


@dataclass(frozen=True, slots=True)
class Version:
    """An event as it was from one revision of its calendar on."""

    ordinal: int
    """Its place in every listing: the order in which events came into the calendar"""
    revision: int
    event: Resource
    vanished: bool = False
    """Its tombstone is forgotten; the id stays taken"""

    @property
    def cancelled(self) -> bool:
        return bool(self.event["status"] == "cancelled")


@dataclass
class Calendar:
    id: str
    summary: str
    time_zone: str
    owner: str
    description: str = ""
    acl: dict[str, str] = field(default_factory=dict)
    """Role by account"""
    made_by: str = ""
    """The application that created it; empty: a person"""
    events: dict[str, Version] = field(default_factory=dict)
    history: list[Version] = field(default_factory=list)
    revision: int = 0
    epoch: int = 0
    """Sync tokens of an earlier one have expired"""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def role(self, account: str) -> str:
        return self.acl.get(account, "none")

    def as_of(self, revision: int | None) -> Iterable[Version]:
        """Every event as it was then, in the order of listings; None is now."""
        if revision is None or revision >= self.revision:
            return self.events.values()
        then: dict[str, Version] = {}
        for version in self.history:
            if version.revision > revision:
                break
            then[version.event["id"]] = version
        return sorted(then.values(), key=lambda version: version.ordinal)

    def exceptions(self, master_id: str) -> list[Resource]:
        """What stands apart from a series, cancelled occurrences included."""
        return [
            version.event
            for version in self.events.values()
            if version.event.get("recurringEventId") == master_id and not version.vanished
        ]


class World:
    """`now` is asked at every change; `updated` follows it, and never repeats itself nor goes back."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: clock.now())  # a frozen clock replaces the function
        self._last = datetime(1970, 1, 1, tzinfo=UTC)
        self._made = 0
        self.calendars: dict[str, Calendar] = {}
        self.deleted_calendars: dict[str, Calendar] = {}
        self.accounts: set[str] = set()
        self.changed: list[Callable[[Calendar], None]] = []
        """Told of each change of a calendar"""
        self.tombstones = Tombstones.FULL
        self.page_size: int | None = None
        """At most so many events a page, whatever was asked for"""
        self.strangers_see = 403
        """What is answered about somebody else's calendar: 403 or 404"""
        self.token_life: timedelta | None = None
        """How long a sync token lives; None: until it is expired by order"""
        self.counts_idle_writes = False
        """Whether writing what stands there makes a new version all the same"""
        self.between_pages: Callable[[Calendar], object] | None = None
        """Called before each page but the first of a listing: what others do meanwhile"""

    # Time and names

    def now(self) -> datetime:
        return self._now()

    def stamp(self) -> datetime:
        present = self._now().astimezone(UTC)
        present = present.replace(microsecond=present.microsecond // 1000 * 1000)
        self._last = max(present, self._last + MILLISECOND)
        return self._last

    def new_id(self) -> str:
        self._made += 1
        digest = hashlib.sha256(f"made by Google {self._made}".encode()).digest()
        return base64.b32hexencode(digest).decode().lower()[:26]

    # Accounts and calendars

    def add_account(self, email: str, time_zone: str = "Europe/Berlin") -> Calendar:
        """Somebody with a Google account, and the primary calendar that comes with it."""
        self.accounts.add(email)
        return self._keep(Calendar(email, email, time_zone, email, acl={email: "owner"}))

    def add_calendar(self, owner: str, summary: str, time_zone: str = "UTC", made_by: str = "") -> Calendar:
        calendar_id = f"c_{self.new_id()}@group.calendar.google.com"
        return self._keep(
            Calendar(calendar_id, summary, time_zone, owner, acl={owner: "owner"}, made_by=made_by)
        )

    def _keep(self, calendar: Calendar) -> Calendar:
        self.calendars[calendar.id] = calendar
        return calendar

    def drop_calendar(self, calendar_id: str) -> None:
        self.deleted_calendars[calendar_id] = self.calendars.pop(calendar_id)

    def restore_calendar(self, calendar_id: str) -> None:
        self._keep(self.deleted_calendars.pop(calendar_id))

    def share(self, calendar_id: str, account: str, role: str = "writer") -> None:
        assert role in ROLES
        self.calendars[calendar_id].acl[account] = role

    def unshare(self, calendar_id: str, account: str) -> None:
        self.calendars[calendar_id].acl.pop(account, None)

    def seen_by(self, account: str, calendar_id: str, role: str = "reader") -> Calendar:
        """The calendar, if the account has this role there; `primary` is the account's own."""
        calendar = self.calendars.get(account if calendar_id == "primary" else calendar_id)
        if calendar is None:
            raise errors.not_found()
        has = calendar.role(account)
        if has == "none":
            raise errors.forbidden() if self.strangers_see == 403 else errors.not_found()
        if ROLES.index(has) < ROLES.index(role):
            raise errors.lacks_role(role)
        return calendar

    # Events

    def put(self, calendar: Calendar, event: Resource) -> Resource:
        """Store what an event is from now on; it gets a new etag and a later `updated`."""
        stamp = self.stamp()
        event = event | {"updated": instant(stamp), "etag": f'"{int(stamp.timestamp() * 1000) * 2}000"'}
        self._store(calendar, event)
        return event

    def _store(self, calendar: Calendar, event: Resource, vanished: bool = False) -> None:
        calendar.revision += 1
        before = calendar.events.get(event["id"])
        ordinal = before.ordinal if before else len(calendar.events)
        version = Version(ordinal, calendar.revision, event, vanished)
        calendar.events[event["id"]] = version
        calendar.history.append(version)
        if not vanished:
            for listener in self.changed:
                listener(calendar)

    def vanish(self, calendar_id: str, *event_ids: str) -> int:
        """Forget tombstones (all of them, unless named), as Google does in the end; how many."""
        calendar = self.calendars[calendar_id]
        dead = [version for version in calendar.events.values() if version.cancelled and not version.vanished]
        dead = [version for version in dead if not event_ids or version.event["id"] in event_ids]
        for version in dead:
            self._store(calendar, version.event, vanished=True)
        return len(dead)

    def expire_sync_tokens(self, calendar_id: str) -> None:
        """Every sync token of the calendar, and every page token of a listing of changes."""
        self.calendars[calendar_id].epoch += 1

    def live(self, calendar_id: str) -> Iterator[Resource]:
        """What people see in the calendar: series and exceptions as they are stored."""
        for version in self.calendars[calendar_id].events.values():
            if not version.cancelled:
                yield version.event

    def told(self, event: Resource) -> Resource:
        """An event as an answer has it: of a cancelled one only what the orders leave."""
        if event["status"] != "cancelled":
            return event
        if "recurringEventId" in event:
            kept: tuple[str, ...] = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
        elif self.tombstones is Tombstones.ID_ONLY:
            kept = ("id", "status")
        else:
            return event
        return {name: event[name] for name in kept}


def instant(moment: datetime) -> str:
    """As Google writes `updated`: UTC, milliseconds."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
