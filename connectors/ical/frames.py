"""
What goes over the pipes between the process that waits for a feed and the one that reads it. Pure.

A frame is its length, four bytes, and that many bytes. A request is two frames, a header and the feed; an
answer is two as well, whether it is the last one, and what was found. Headers and findings are JSON: a reader
that a feed has taken over can lie, and nothing else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Mark, Nature, RemoteEvent, Timed, When, Window
from connectors.ical import limits
from connectors.ical.understand import Understood

LENGTH = struct.Struct(">I")
READY = b"ready"
"""What a reader says first"""
MORE, LAST, AGAIN = b"more", b"last", b"again"
"""A reader will take another feed; it ends and wants a successor; and one that takes this feed as well"""

TOO_SLOW = "too_slow"
"""Code of a refusal between the two processes only: with more time the feed may be read"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FIELDS = tuple(field.name for field in fields(RemoteEvent))
_OTHERS = tuple(name for name in _FIELDS if name != "when")


@dataclass(frozen=True, slots=True)
class Request:
    """What to read a feed for; `options` are those of the link, as JSON."""

    window: Window
    zone: ZoneInfo
    host: str = ""
    sha256: str = ""
    """Of the feed, if it is known; equal feeds are then read once"""
    options: Mapping[str, Any] | None = None
    seconds: float = limits.WALL_SECONDS
    """That it may take"""

    def header(self) -> bytes:
        window = self.window
        days = (window.first, window.after, window.singles_after)
        return _json(
            {
                "days": [day and day.toordinal() for day in days],
                "zone": self.zone.key,
                "host": self.host,
                "sha256": self.sha256,
                "options": self.options,
                "seconds": self.seconds,
            }
        )

    @classmethod
    def of(cls, header: bytes) -> Request:
        said = json.loads(header)
        first, after, singles_after = (day and date.fromordinal(day) for day in said.pop("days"))
        return cls(Window(first, after, singles_after), ZoneInfo(said.pop("zone")), **said)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a feed cannot be read, as NotACalendar tells it."""

    code: str
    message: str


def written(result: Understood | Refusal) -> bytes:
    """What a reader answers."""
    said = {field.name: getattr(result, field.name) for field in fields(result) if field.name != "events"}
    if isinstance(result, Refusal):
        return _json({"said": said, "columns": None})
    return _json({"said": said, "columns": _columns(result.events), "number": len(result.events)})


def result_of(frame: bytes | bytearray) -> Understood | Refusal:
    """Of such an answer; raises whatever comes of it for what no reader says."""
    answer = json.loads(frame)
    said, columns = answer["said"], answer["columns"]
    if columns is None:
        return Refusal(**said)
    said["problems"] = tuple(said["problems"])
    return Understood(events=tuple(_events(columns, answer["number"])), **said)


def _columns(events: Sequence[RemoteEvent]) -> dict[str, Any]:
    """Field by field: a list with a value for each event, or the one value that they all have."""
    if not events:
        return {}
    columns = {name: _WRITTEN.get(name, list)(map(attrgetter(name), events)) for name in _OTHERS}
    whens = [event.when for event in events]
    columns["timed"] = [isinstance(when, Timed) for when in whens]
    return {name: _column(values) for name, values in columns.items()} | {"bounds": _bounds(whens)}


def _column(values: list[Any]) -> Any:
    return values[0] if values.count(values[0]) == len(values) else values


def _bounds(whens: Iterable[When]) -> list[int]:
    """Beginning and end of each in turn: days by their number, instants in seconds since 1970."""
    bounds: list[int] = []
    for when in whens:
        if isinstance(when, AllDay):
            bounds += when.first.toordinal(), when.after.toordinal()
        else:
            bounds += (when.starts_at - _EPOCH) // _SECOND, (when.ends_at - _EPOCH) // _SECOND
    return bounds


def _events(columns: Mapping[str, Any], number: int) -> Iterable[RemoteEvent]:
    if not number:
        return ()
    values = {name: _every(columns[name], number) for name in (*_OTHERS, "timed")}
    values |= {name: reading(values[name]) for name, reading in _READ.items()}
    values["when"] = _whens(columns["bounds"], values["timed"])
    return map(RemoteEvent, *(values[name] for name in _FIELDS))


def _every(column: Any, number: int) -> Iterable[Any]:
    return column if isinstance(column, list) else repeat(column, number)


def _whens(bounds: list[int], timed: Iterable[bool]) -> list[When]:
    """The same moment is the same object: feeds name few of them, and often."""
    days: dict[int, date] = {}
    instants: dict[int, datetime] = {}

    def day(number: int) -> date:
        if (found := days.get(number)) is None:
            found = days[number] = date.fromordinal(number)
        return found

    def instant(number: int) -> datetime:
        if (found := instants.get(number)) is None:
            found = instants[number] = _EPOCH + number * _SECOND
        return found

    pairs = iter(bounds)
    return [
        Timed(instant(begin), instant(end)) if is_timed else AllDay(day(begin), day(end))
        for begin, end, is_timed in zip(pairs, pairs, timed, strict=True)
    ]


def _written_mark(marks: Iterable[Mark | None]) -> list[Any]:
    return [None if mark is None else {"origin": mark.origin, "via": mark.via} for mark in marks]


def _read_mark(written: Iterable[Any]) -> list[Mark | None]:
    return [None if said is None else Mark(said["origin"], tuple(said["via"])) for said in written]


_NATURES = {nature.value: nature for nature in Nature}
_WRITTEN: dict[str, Callable[[Iterable[Any]], list[Any]]] = {"mark": _written_mark}
_READ: dict[str, Callable[[Iterable[Any]], list[Any]]] = {
    "mark": _read_mark,
    "nature": lambda written: [_NATURES[said] for said in written],
}


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
