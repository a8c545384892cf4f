"""A calendar as a dry run has it: answers that were given before are read, and writes are only listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import cast

from connectors.calendars import CalendarEvent, Draft, Missed, Page
from connectors.contract import AllDay, When
from connectors.errors import CursorExpired
from hub import clock
from sync.calendars import LinkedCalendar

Key = tuple[str | None, ...]
Ask = Callable[[LinkedCalendar], object]
Shadow = Callable[[str], CalendarEvent | None]
"""What was last seen of an event, by its id"""


@dataclass(frozen=True, slots=True)
class Write:
    """One event that would be written there."""

    action: str
    """create, update or delete"""
    starts_at: str
    ends_at: str
    """Dates for all-day events, else instants in the property's zone; empty where nobody knows them"""
    summary: str


class Unasked(BaseException):
    """
    What the channel was not asked yet: a page, or one event. No error of the pass, which takes errors of one
    event for that event's alone.
    """

    def __init__(self, key: Key, ask: Ask) -> None:
        super().__init__(key)
        self.key = key
        self.ask = ask


@dataclass(frozen=True, slots=True)
class Known:
    """What the channel has answered so far."""

    answers: dict[Key, object] = field(default_factory=dict)

    def ask(self, calendar: LinkedCalendar, key: Key, ask: Ask) -> object:
        """That a cursor has run out is an answer; other errors go on."""
        try:
            self.answers[key] = ask(calendar)
        except CursorExpired as expired:
            self.answers[key] = expired
        return self.answers[key]

    def answer(self, key: Key, ask: Ask) -> object:
        if key not in self.answers:
            raise Unasked(key, ask)
        if isinstance(found := self.answers[key], CursorExpired):
            raise found
        return found


def page_of(cursor: Mapping[str, str] | None, page: str | None) -> tuple[Key, Ask]:
    key = ("page", json.dumps(cursor, sort_keys=True), page)
    return key, lambda calendar: calendar.changes(cursor, page)


def event_of(event_id: str) -> tuple[Key, Ask]:
    return ("event", event_id), lambda calendar: calendar.look(event_id)


@dataclass(frozen=True, slots=True)
class Rehearsed(LinkedCalendar):
    """Every write is taken as done, and seen as done from then on."""

    known: Known = field(kw_only=True)
    shadow: Shadow = field(kw_only=True)
    writes: list[Write] = field(kw_only=True)
    written: dict[str, CalendarEvent] = field(default_factory=dict, kw_only=True)

    @classmethod
    def of(cls, calendar: LinkedCalendar, known: Known, shadow: Shadow, writes: list[Write]) -> Rehearsed:
        said = {one.name: getattr(calendar, one.name) for one in fields(calendar)}
        return cls(**said, known=known, shadow=shadow, writes=writes)

    def changes(self, cursor: Mapping[str, str] | None, page: str | None) -> Page:
        return cast("Page", self.known.answer(*page_of(cursor, page)))

    def look(self, event_id: str) -> CalendarEvent | None:
        if event_id in self.written:
            return self.written[event_id]
        return cast("CalendarEvent | None", self.known.answer(*event_of(event_id)))

    def create(self, event_id: str, draft: Draft) -> CalendarEvent | Missed:
        return self._put("create", event_id, draft)

    def replace(self, event_id: str, draft: Draft, etag: str) -> CalendarEvent | Missed:  # noqa: ARG002
        return self._put("update", event_id, draft)

    def remove(self, event_id: str, etag: str) -> Missed | None:  # noqa: ARG002 -- as its base has it
        was = self.written.get(event_id) or self.shadow(event_id)
        self._list("delete", was.when if was else None, was.summary if was else "")
        self.written[event_id] = CalendarEvent(id=event_id, deleted=True, updated=clock.now())
        return None

    def _put(self, action: str, event_id: str, draft: Draft) -> CalendarEvent:
        self._list(action, draft.when, draft.summary)
        self.written[event_id] = CalendarEvent(
            id=event_id,
            etag=f"rehearsed-{len(self.writes)}",
            updated=clock.now(),
            when=draft.when,
            busy=draft.busy,
            summary=draft.summary,
            description=draft.description,
            marker=draft.marker,
        )
        return self.written[event_id]

    def _list(self, action: str, when: When | None, summary: str) -> None:
        edges = ("", "")
        if isinstance(when, AllDay):
            edges = (when.first.isoformat(), when.after.isoformat())
        elif when is not None:
            first, last = (edge.astimezone(self.zone) for edge in (when.starts_at, when.ends_at))
            edges = (first.isoformat(), last.isoformat())
        self.writes.append(Write(action, *edges, summary))
