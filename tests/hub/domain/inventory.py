"""Units and what takes them, for tests: plain factories with honest defaults."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import Cause, SellableUnit, Taken, TakenSpan
from hub.domain.periods import LetBy, Nights, Period, occupied

LISBON = ZoneInfo("Europe/Lisbon")
TYPE = UUID(int=1)
JULY = date(2026, 7, 1)


def uid(number: int) -> UUID:
    return UUID(int=1000 + number)


def leaf(number: int, name: str | None = None, let_by: LetBy = LetBy.NIGHT) -> SellableUnit:
    return SellableUnit(uid(number), name or f"Bed {number}", TYPE, frozenset([uid(number)]), let_by)


def whole(number: int, *parts: SellableUnit, name: str = "House") -> SellableUnit:
    return SellableUnit(uid(number), name, TYPE, frozenset(part.id for part in parts))


def stay(first: int, after: int) -> Nights:
    """Nights of July 2026 by their days; day 0 is 30 June."""
    return Nights(JULY + timedelta(days=first - 1), JULY + timedelta(days=after - 1))


def july(first: int, after: int) -> Period:
    return occupied(stay(first, after), LISBON)


def taken(
    unit: SellableUnit,
    period: Period,
    cause: Cause = Cause.BOOKING,
    label: str = "booked",
    reference: UUID | None = None,
) -> Taken:
    (only,) = unit.leaves
    return Taken(only, period, cause, reference, label)


def spans(rows: Iterable[Taken]) -> list[TakenSpan]:
    """The same in the plain form that a calendar takes."""
    return [
        (
            row.unit_id,
            row.period.starts_at,
            row.period.ends_at,
            row.cause,
            str(row.reference) if row.reference else None,
        )
        for row in rows
    ]
