"""What an event takes, as the change log keeps it: written once, and read by who undoes the change. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from hub.domain.periods import Period, union

TAKES = "takes"
"""The field of a change that has it; changes that are older than it have none, or less of it"""
_EDGES = ("starts_at", "free_at")


class Takes(Protocol):
    """A block as it is stored."""

    @property
    def unit_id(self) -> UUID | None: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def free_at(self) -> datetime: ...


class Took(NamedTuple):
    """A leaf unit that was not for sale for a period, turnaround included."""

    unit_id: UUID
    period: Period


def values(taken: Iterable[Takes]) -> list[dict[str, str | None]]:
    """One for each stretch of a unit; the unit is null where the event found none."""
    return [
        {
            "unit_id": str(one.unit_id) if one.unit_id else None,
            "starts_at": one.starts_at.isoformat(),
            "ends_at": one.ends_at.isoformat(),
            "free_at": one.free_at.isoformat(),
        }
        for one in sorted(taken, key=lambda one: (one.starts_at, str(one.unit_id)))
    ]


def by_unit(taken: Iterable[Takes]) -> dict[UUID | None, tuple[Period, ...]]:
    """The same time of the same units, in however many pieces."""
    found: dict[UUID | None, list[Period]] = {}
    for one in taken:
        found.setdefault(one.unit_id, []).append(Period(one.starts_at, one.ends_at))
    return {unit_id: union(periods) for unit_id, periods in found.items()}


def read(side: Mapping[str, Any] | None) -> tuple[Took, ...] | None:
    """What it took of units; None where the log did not tell that yet."""
    if side is None or TAKES not in side:
        return None
    return tuple(
        Took(UUID(one["unit_id"]), Period(*(datetime.fromisoformat(one[edge]) for edge in _EDGES)))
        for one in side[TAKES]
        if one["unit_id"] is not None and _EDGES[0] in one
    )
