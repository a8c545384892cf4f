"""
What goes over the pipes between the process that waits for a feed and the one that reads it. Pure.

A frame is its length, four bytes, and that many bytes; a request is two frames, a header and the feed, and
an answer is one. Headers and answers are JSON: a reader that a feed has taken over can lie, and nothing else.
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
from connectors.ical.understand import Understood

LENGTH = struct.Struct(">I")
READY = b"ready"
"""What a reader says first"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FIELDS = tuple(field.name for field in fields(RemoteEvent))


@dataclass(frozen=True, slots=True)
class Request:
    """What to read a feed for; `options` are those of the link, as JSON."""

    window: Window
    zone: ZoneInfo
    host: str = ""
    sha256: str = ""
    """Of the feed, if it is known; equal feeds are then read once"""
    options: Mapping[str, Any] | None = None

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader made of a feed; `last` if it ends now and wants a successor."""

    result: Understood | Refusal
    last: bool = False

    def frame(self) -> bytes:
        result = self.result
        said = {field.name: getattr(result, field.name) for field in fields(result) if field.name != "events"}
        events = result.events if isinstance(result, Understood) else None
        columns = None if events is None else _columns(events)
        number = len(events or ())
        return _json({"said": said, "columns": columns, "number": number, "last": self.last})

    @classmethod
    def of(cls, frame: bytes | bytearray) -> Answer:
        """Raises ValueError, KeyError, IndexError or TypeError for what no reader answers."""
        answer = json.loads(frame)
        said, columns = answer["said"], answer["columns"]
        if columns is None:
            return cls(Refusal(**said), bool(answer["last"]))
        said["problems"] = tuple(said["problems"])
        events = tuple(_events(columns, answer["number"]))
        return cls(Understood(events=events, **said), bool(answer["last"]))


def _columns(events: Sequence[RemoteEvent]) -> dict[str, Any]:
    """Field by field: a list with a value for each event, or the one value that they all have."""
    return {
        name: _column(_WRITTEN.get(name, list)(map(attrgetter(name), events))) for name in _FIELDS if events
    }


def _column(values: list[Any]) -> Any:
    return values[0] if values.count(values[0]) == len(values) and not isinstance(values[0], list) else values


def _events(columns: Mapping[str, Any], number: int) -> Iterable[RemoteEvent]:
    if not number:
        return ()
    values = []
    for name in _FIELDS:
        column = columns[name]
        every: Iterable[Any] = column if isinstance(column, list) else repeat(column, number)
        values.append(_READ[name](every) if name in _READ else every)
    return map(RemoteEvent, *values)


def _written_when(whens: Iterable[When]) -> list[Any]:
    return [
        [when.first.toordinal(), when.after.toordinal()]
        if isinstance(when, AllDay)
        else [(when.starts_at - _EPOCH) // _SECOND, (when.ends_at - _EPOCH) // _SECOND, 0]
        for when in whens
    ]


def _read_when(written: Iterable[Any]) -> list[When]:
    days: dict[int, date] = {}
    found: list[When] = []
    for first, last, *timed in written:
        if timed:
            found.append(Timed(_EPOCH + first * _SECOND, _EPOCH + last * _SECOND))
            continue
        for day in (first, last):
            if day not in days:
                days[day] = date.fromordinal(day)
        found.append(AllDay(days[first], days[last]))
    return found


def _written_mark(marks: Iterable[Mark | None]) -> list[Any]:
    return [None if mark is None else {"origin": mark.origin, "via": mark.via} for mark in marks]


def _read_mark(written: Iterable[Any]) -> list[Mark | None]:
    return [None if said is None else Mark(said["origin"], tuple(said["via"])) for said in written]


_WRITTEN: dict[str, Callable[[Iterable[Any]], list[Any]]] = {"when": _written_when, "mark": _written_mark}
_READ: dict[str, Callable[[Iterable[Any]], Iterable[Any]]] = {
    "when": _read_when,
    "mark": _read_mark,
    "nature": lambda written: map(Nature, written),
}


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
