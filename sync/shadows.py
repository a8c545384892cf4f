"""What was last seen of a channel's event, as it is stored."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Marker
from connectors.contract import AllDay, Timed, When
from hub import clock
from hub.database import vault_of
from hub.models.sync import SyncItem


def sealed(session: Session, event: CalendarEvent) -> bytes:
    return vault_of(session).seal(to_json(event))


def of_item(session: Session, item: SyncItem) -> CalendarEvent | None:
    """The shadow; None where the event was never seen."""
    if item.remote_sealed is None:
        return None
    return from_json(vault_of(session).open(item.remote_sealed))


def words_until(event: CalendarEvent) -> datetime | None:
    """From when on its words may be over; those of a series, once its first occurrence is."""
    if not (event.summary or event.description):
        return None
    if event.when is None:
        return clock.now()
    if isinstance(event.when, AllDay):
        return datetime.combine(event.when.after, time.min, UTC)
    return event.when.ends_at


def to_json(event: CalendarEvent) -> dict[str, Any]:
    """Without what says nothing."""
    original = event.original
    return {
        name: value
        for name, value in {
            "id": event.id,
            "deleted": event.deleted,
            "when": _when_to(event.when),
            "busy": event.busy,
            "why_free": event.why_free,
            "summary": event.summary,
            "description": event.description,
            "marker": asdict(event.marker) if event.marker else None,
            "recurrence": list(event.recurrence),
            "zone": event.zone,
            "series": event.series,
            "original": original.isoformat() if isinstance(original, datetime) else _when_to(original),
            "problem": event.problem,
        }.items()
        if value or name == "busy"
    }


def from_json(said: dict[str, Any]) -> CalendarEvent:
    original = said.get("original")
    return CalendarEvent(
        id=said["id"],
        deleted=said.get("deleted", False),
        when=_when_from(said.get("when")),
        busy=said["busy"],
        why_free=said.get("why_free", ""),
        summary=said.get("summary", ""),
        description=said.get("description", ""),
        marker=Marker(**said["marker"]) if "marker" in said else None,
        recurrence=tuple(said.get("recurrence", ())),
        zone=said.get("zone", ""),
        series=said.get("series", ""),
        original=datetime.fromisoformat(original) if isinstance(original, str) else _day(original),
        problem=said.get("problem"),
    )


def _when_to(when: When | None) -> list[str] | None:
    if when is None:
        return None
    if isinstance(when, AllDay):
        return ["day", when.first.isoformat(), when.after.isoformat()]
    return ["time", when.starts_at.isoformat(), when.ends_at.isoformat()]


def _when_from(said: list[str] | None) -> When | None:
    if said is None:
        return None
    kind, first, after = said
    if kind == "day":
        return AllDay(date.fromisoformat(first), date.fromisoformat(after))
    return Timed(datetime.fromisoformat(first), datetime.fromisoformat(after))


def _day(said: list[str] | None) -> AllDay | None:
    when = _when_from(said)
    return when if isinstance(when, AllDay) else None
