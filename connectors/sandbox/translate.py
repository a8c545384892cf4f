"""Entries of the sandbox's calendar service <-> our words. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from connectors.calendars import Calendar, CalendarEvent, Draft, Marker
from connectors.contract import AllDay, Timed, When

ABSENT_TIME = "its time cannot be read"


def event_id(item: UUID, incarnation: int) -> str:
    """Letters, digits and a hyphen, as the service wants names."""
    return "hub-" + hashlib.sha256(f"{item}/{incarnation}".encode()).hexdigest()[:40]


def entry(draft: Draft) -> dict[str, Any]:
    """What is not named stays as it was: the place and the people that somebody added, and the colour."""
    marker = draft.marker
    said = {
        "span": _span(draft.when),
        "title": draft.summary,
        "notes": draft.description,
        "shown_as": "busy" if draft.busy else "free",
        "stamp": {"item": marker.item, "revision": marker.revision, "signature": marker.signature},
    }
    return said | ({"colour": draft.colour} if draft.colour else {})


def event(told: Mapping[str, Any]) -> CalendarEvent:
    """KeyError, TypeError or ValueError only where it is not told which entry this is, in what version."""
    name, version = told["name"], told["version"]
    if not (isinstance(name, str) and name and type(version) is int):
        raise ValueError("an entry without a name or a version")
    removed = told["removed"] is True
    series, original = _part_of(told.get("part_of"))
    when = None if removed else _when(told.get("span"))
    free = told.get("shown_as") == "free"
    repeats = told.get("repeats") or ()
    return CalendarEvent(
        id=name,
        etag=str(version),
        updated=_instant(told["edited"]),
        deleted=removed,
        when=when,
        busy=not free and not removed,
        why_free="shown as free" if free else "",
        summary=str(told.get("title") or ""),
        description=str(told.get("notes") or ""),
        marker=_marker(told.get("stamp")),
        recurrence=tuple(map(str, repeats)),
        zone=str(told.get("zone") or ""),
        series=series,
        original=original,
        problem=None if removed or when is not None else ABSENT_TIME,
    )


def calendar(told: Mapping[str, Any]) -> Calendar:
    """KeyError or TypeError for what is none."""
    return Calendar(str(told["name"]), str(told["title"]), str(told["zone"]), told["may_write"] is True)


def busy(told: Mapping[str, Any]) -> tuple[Timed, ...]:
    """KeyError, TypeError or ValueError for whatever is not a list of periods."""
    return tuple(Timed(_instant(start), _instant(end)) for start, end in told["busy"])


def _span(when: When) -> dict[str, list[str]]:
    if isinstance(when, AllDay):
        return {"days": [when.first.isoformat(), when.after.isoformat()]}
    return {"instants": [when.starts_at.isoformat(), when.ends_at.isoformat()]}


def _when(span: Any) -> When | None:
    try:
        if set(span) == {"days"}:
            first, after = (date.fromisoformat(day) for day in span["days"])
            return AllDay(first, after)
        starts_at, ends_at = (_instant(text) for text in span["instants"])
        return Timed(starts_at, ends_at)
    except (KeyError, TypeError, ValueError):
        return None


def _part_of(told: Any) -> tuple[str, AllDay | datetime | None]:
    """The series, and the occurrence in whose place an exception is."""
    if not isinstance(told, Mapping) or not isinstance(told.get("series"), str):
        return "", None
    try:
        text = told["instead_of"]
        if "T" in text:
            return told["series"], _instant(text)
        day = date.fromisoformat(text)
        return told["series"], AllDay(day, date.fromordinal(day.toordinal() + 1))
    except (KeyError, TypeError, ValueError):
        return told["series"], None


def _marker(told: Any) -> Marker | None:
    try:
        return Marker(told["item"], told["revision"], told["signature"])
    except (KeyError, TypeError):
        return None


def _instant(text: Any) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset")
    return instant.astimezone(UTC)
