"""What people do in Google's own calendar, where the hub is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import RLock
from typing import Any, TypeAlias

from tests.fakes.google_calendar import content, events, recurring, times
from tests.fakes.google_calendar.watching import Watching
from tests.fakes.google_calendar.world import Calendar, Resource, World

Point: TypeAlias = "date | datetime"
"""A date for all-day events, else an aware instant"""


class Person:
    """Somebody with an account; the calendar is the person's primary one unless another is named.

    Nothing here is refused for want of rights: people only click on what is theirs.
    """

    def __init__(self, world: World, watching: Watching, lock: RLock, email: str) -> None:
        self._world = world
        self._watching = watching
        self._lock = lock
        self.email = email

    # Calendars

    def makes_calendar(self, summary: str, time_zone: str = "UTC") -> str:
        with self._at_once():
            return self._world.add_calendar(self.email, summary, time_zone).id

    def shares(self, calendar: str, account: str, role: str = "writer") -> None:
        with self._at_once():
            self._world.share(calendar, account, role)

    def unshares(self, calendar: str, account: str) -> None:
        with self._at_once():
            self._world.unshare(calendar, account)

    def deletes_calendar(self, calendar: str) -> None:
        with self._at_once():
            self._world.drop_calendar(calendar)

    # Events

    def creates(
        self,
        summary: str = "",
        start: Point = date(2026, 12, 1),
        end: Point | None = None,
        calendar: str | None = None,
        **more: Any,
    ) -> str:
        """The new event's id. Without an end it is a day, or an hour; `more` as the API names fields."""
        with self._at_once():
            where = self._calendar(calendar)
            body = {"summary": summary, **self._when(where, start, end), **more}
            return str(events.keep(self._world, where, self.email, self._world.new_id(), body)["id"])

    def moves(
        self, event_id: str, start: Point, end: Point | None = None, calendar: str | None = None
    ) -> Resource:
        """To another time; without an end it keeps its length."""
        with self._at_once():
            where = self._calendar(calendar)
            if end is None:
                event = events.get(self._world, where, event_id)
                begins, ends = times.span(event, where.zone)
                length = ends - begins
                if "date" in event["start"]:
                    after, first = date.fromisoformat(event["end"]["date"]), event["start"]["date"]
                    length = after - date.fromisoformat(first)
                end = start + length
            return self._change(where, event_id, {"start": None, "end": None}, self._when(where, start, end))

    def edits(self, event_id: str, calendar: str | None = None, **fields: Any) -> Resource:
        """Fields as the API names them: summary, description, location, recurrence, ...; None empties."""
        with self._at_once():
            return self._change(self._calendar(calendar), event_id, fields)

    def deletes(self, event_id: str, calendar: str | None = None) -> None:
        with self._at_once():
            where = self._calendar(calendar)
            events.cancel(self._world, where, events.get(self._world, where, event_id))

    def undeletes(self, event_id: str, calendar: str | None = None) -> Resource:
        """Takes it out of the bin."""
        with self._at_once():
            return events.undelete(self._world, self._calendar(calendar), event_id)

    def duplicates(self, event_id: str, calendar: str | None = None, into: str | None = None) -> str:
        """The copy's id; what programs wrote on the event, where nobody sees it, is copied too."""
        with self._at_once():
            where = self._calendar(calendar)
            event = events.get(self._world, where, event_id)
            body = {name: value for name, value in event.items() if name not in content.READ_ONLY}
            target = self._calendar(into) if into else where
            return str(events.keep(self._world, target, self.email, self._world.new_id(), body)["id"])

    def declines(self, event_id: str, calendar: str | None = None) -> Resource:
        return self.answers(event_id, "declined", calendar)

    def answers(self, event_id: str, response: str, calendar: str | None = None) -> Resource:
        """To an invitation: declined, accepted, tentative or needsAction."""
        with self._at_once():
            where = self._calendar(calendar)
            event = events.get(self._world, where, event_id)
            others = [each for each in event.get("attendees", []) if not each.get("self")]
            mine = {"email": where.id, "responseStatus": response}
            return self._change(where, event_id, {"attendees": [*others, mine]})

    def makes_transparent(self, event_id: str, calendar: str | None = None) -> Resource:
        return self.edits(event_id, calendar, transparency="transparent")

    def makes_opaque(self, event_id: str, calendar: str | None = None) -> Resource:
        return self.edits(event_id, calendar, transparency=None)

    def moves_to_calendar(self, event_id: str, into: str, calendar: str | None = None) -> Resource:
        with self._at_once():
            return events.move(self._world, self._calendar(calendar), self._calendar(into), event_id)

    def deletes_everything(self, calendar: str | None = None) -> int:
        with self._at_once():
            where = self._calendar(calendar)
            living = [event for event in self._world.live(where.id) if "recurringEventId" not in event]
            for event in living:
                events.cancel(self._world, where, event)
            return len(living)

    # Series

    def creates_series(self, rule: str, summary: str = "", calendar: str | None = None, **told: Any) -> str:
        """`rule` as RFC 5545 has it, without its name: `FREQ=WEEKLY;COUNT=5`."""
        return self.creates(summary, calendar=calendar, recurrence=[f"RRULE:{rule}"], **told)

    def occurrence(self, master: str, number: int, calendar: str | None = None) -> str:
        """The id of an occurrence, counted from 0 as the rule makes them."""
        where = self._calendar(calendar)
        event = events.get(self._world, where, master)
        return str(recurring.nth(event, number, where.time_zone)["id"])

    def moves_one(
        self,
        master: str,
        number: int,
        start: Point,
        end: Point | None = None,
        calendar: str | None = None,
    ) -> Resource:
        return self.moves(self.occurrence(master, number, calendar), start, end, calendar)

    def edits_one(self, master: str, number: int, calendar: str | None = None, **fields: Any) -> Resource:
        return self.edits(self.occurrence(master, number, calendar), calendar, **fields)

    def cancels_one(self, master: str, number: int, calendar: str | None = None) -> None:
        self.deletes(self.occurrence(master, number, calendar), calendar)

    def ends_before(self, master: str, number: int, calendar: str | None = None) -> Resource:
        """Deletes this occurrence and all that follow; what stood apart among them goes as well."""
        with self._at_once():
            where = self._calendar(calendar)
            event = events.get(self._world, where, master)
            cut = recurring.nth(event, number, where.time_zone)["originalStartTime"]
            limit = times.instant_of(cut, where.zone)
            for exception in where.exceptions(master):
                original = times.instant_of(exception["originalStartTime"], where.zone)
                if original >= limit and exception["status"] != "cancelled":
                    events.cancel(self._world, where, exception)
            return self._change(where, master, {"recurrence": recurring.ends_before(event, cut)})

    # What is there

    def sees(self, event_id: str, calendar: str | None = None) -> Resource:
        """As it is stored; a deleted one is cancelled."""
        return events.get(self._world, self._calendar(calendar), event_id)

    def snapshot(self, calendar: str | None = None) -> dict[str, Resource]:
        """What lives now by id: series, and exceptions as events of their own."""
        with self._lock:
            return {event["id"]: event for event in self._world.live(self._calendar(calendar).id)}

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """One action; whoever watches is told after it."""
        with self._lock:
            yield
        self._watching.flush()

    def _calendar(self, calendar: str | None) -> Calendar:
        return self._world.calendars[calendar or self.email]

    def _change(self, where: Calendar, event_id: str, *changes: Resource) -> Resource:
        body = events.get(self._world, where, event_id)
        assert body["status"] != "cancelled", f"{event_id} is deleted: nobody can click on it"
        for change in changes:
            body = content.merged(body, change)
        return events.update(self._world, where, event_id, body)

    def _when(self, where: Calendar, start: Point, end: Point | None) -> Resource:
        if isinstance(start, datetime):
            end = start + timedelta(hours=1) if end is None else end
            assert isinstance(end, datetime)
            return {"start": _timed(start, where.time_zone), "end": _timed(end, where.time_zone)}
        end = start + timedelta(days=1) if end is None else end
        return {"start": {"date": start.isoformat()}, "end": {"date": end.isoformat()}}


def _timed(when: datetime, zone_name: str) -> Resource:
    assert when.tzinfo is not None, "an instant without a zone is no instant"
    return {"dateTime": when.astimezone(UTC).isoformat(timespec="seconds"), "timeZone": zone_name}
