"""Nights or hours as clients write them, and as we write them."""

from __future__ import annotations

from typing import Protocol

from pydantic import Field

from api.schemas.common import Day, In, Instant, Out, UtcInstant
from hub.domain.periods import Span
from hub.domain.rules import read_hours, read_nights
from hub.errors import Reason, Refused
from hub.models.bookings import Blackout, BookingItem


class Dated(Protocol):
    """Whatever says when: by arrival and departure, or by two instants."""

    @property
    def arrival(self) -> Day | None: ...
    @property
    def departure(self) -> Day | None: ...
    @property
    def starts_at(self) -> Instant | None: ...
    @property
    def ends_at(self) -> Instant | None: ...


class SpanIn(In):
    """Nights (arrival, departure) or hours (starts_at, ends_at)."""

    arrival: Day | None = Field(None, description="First night; for what is let by the night")
    departure: Day | None = Field(None, description="The day after the last night")
    starts_at: Instant | None = Field(None, description="With an offset; for what is let by the hour")
    ends_at: Instant | None = None


class SpanOut(Out):
    """Nights as dates, or hours as instants; the other two are null."""

    arrival: Day | None
    departure: Day | None
    starts_at: UtcInstant | None
    ends_at: UtcInstant | None


def span_out(row: BookingItem | Blackout) -> dict[str, object]:
    """The four fields of SpanOut: the truth of the row, not the instants that follow from dates."""
    nightly = row.arrival is not None
    return {
        "arrival": row.arrival,
        "departure": row.departure,
        "starts_at": None if nightly else row.starts_at,
        "ends_at": None if nightly else row.ends_at,
    }


def span_given(said: Dated) -> bool:
    """Whether anything is said about when."""
    return any(value is not None for value in (said.arrival, said.departure, said.starts_at, said.ends_at))


def span_in(said: Dated, within: str | None = None) -> Span:
    """What was said, as nights or hours; Refused, naming the field in `within`, where it is neither."""
    found = _read(said)
    if isinstance(found, Reason):
        field = ".".join(part for part in (within, found.field) if part)
        raise Refused(Reason(found.code, found.message, field or None, found.facts))
    return found


def _read(said: Dated) -> Span | Reason:
    nights, hours = (said.arrival, said.departure), (said.starts_at, said.ends_at)
    if any(value is not None for value in nights) and any(value is not None for value in hours):
        message = "give arrival and departure, or starts_at and ends_at, not of both"
        return Reason("nights_or_hours", message, "starts_at")
    if said.starts_at is not None and said.ends_at is not None:
        return read_hours(said.starts_at, said.ends_at)
    if said.arrival is not None and said.departure is not None:
        return read_nights(said.arrival, said.departure)
    pairs = {"starts_at": "ends_at", "ends_at": "starts_at", "departure": "arrival", "arrival": "departure"}
    for given, missing in pairs.items():
        if getattr(said, given) is not None:
            return Reason("required", f"{missing} is missing beside {given}", missing)
    return Reason("required", "give arrival and departure, or starts_at and ends_at", "arrival")
