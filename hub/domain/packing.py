"""Fitting stays into units: re-assigning movable bookings for one stay, or seating several at once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from hub.domain.availability import SellableUnit, Taken, best_fit, free
from hub.domain.periods import Period, intersect

Key = TypeVar("Key", bound=Hashable)

FIXED = -1
"""What a stay that must not be moved is known by."""


@dataclass(frozen=True, slots=True)
class Movable:
    """An item that takes one leaf unit for a period and would do as well with another unit."""

    item_id: UUID
    unit_id: UUID
    period: Period


@dataclass(frozen=True, slots=True)
class Move:
    item_id: UUID
    from_unit: UUID
    to_unit: UUID


@dataclass(frozen=True, slots=True)
class Packing:
    """The unit that is free for the wanted period once all the moves are made together."""

    unit_id: UUID
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Want(Generic[Key]):
    """One item of a booking: its period (turnaround included) and the units that would do."""

    key: Key
    period: Period
    units: tuple[SellableUnit, ...]


class _Exhausted(Exception):
    """The effort is spent."""


def pack(
    wanted: Period,
    units: Sequence[UUID],
    fixed: Mapping[UUID, Sequence[Period]],
    movable: Sequence[Movable],
    *,
    max_moves: int = 4,
    effort: int = 20_000,
) -> Packing | None:
    """A unit for `wanted` at the price of the fewest moves; None if `max_moves` or `effort` do not do.

    Earlier units are preferred. Effort counts the placements tried: pure code never asks the time.
    What was moved overlaps nothing afterwards; what stays is left as it was found.
    """
    board = _Board(wanted, units, fixed, movable, effort)
    if board.full_at_some_time():
        return None
    try:
        for limit in range(min(max_moves, len(movable)) + 1):
            if found := board.search(limit):
                return found
    except _Exhausted:
        pass
    return None


class _Board:
    """The search for the fewest moves: what is displaced is seated elsewhere, displacing others in turn.

    Whoever is displaced is seated once and for all, so each path of the search is one final arrangement,
    and deepening by the number of displaced finds the one with the fewest. Stays are known by their
    place in `movable`, the wanted one by the place after the last.
    """

    def __init__(
        self,
        wanted: Period,
        units: Sequence[UUID],
        fixed: Mapping[UUID, Sequence[Period]],
        movable: Sequence[Movable],
        effort: int,
    ) -> None:
        self.units = units
        self.movable = movable
        self.effort = effort
        self.wanted = len(movable)
        self.periods = [*(item.period for item in movable), wanted]
        self.stays: dict[UUID, list[tuple[Period, int]]] = {
            unit: [(period, FIXED) for period in fixed.get(unit, ())] for unit in units
        }
        for index, item in enumerate(movable):
            if item.unit_id in self.stays:
                self.stays[item.unit_id].append((item.period, index))
        self.known: dict[tuple[UUID, int], frozenset[int] | None] = {}

    def full_at_some_time(self) -> bool:
        """No re-arrangement empties a moment at which every unit is taken: it keeps the number taken."""
        common: tuple[Period, ...] = (self.periods[self.wanted],)
        for unit in self.units:
            common = intersect(common, [period for period, _ in self.stays[unit]])
            if not common:
                return False
        return True

    def search(self, limit: int) -> Packing | None:
        """The first arrangement that displaces no more than `limit` items."""
        for unit in self.units:
            displaced = self.displaced_by(self.wanted, unit)
            if displaced is not None and len(displaced) <= limit:
                seats = self.seat(displaced, {self.wanted: unit}, limit)
                if seats is not None:
                    return Packing(unit, self.moves(seats))
        return None

    def seat(self, out: frozenset[int], seats: dict[int, UUID], limit: int) -> dict[int, UUID] | None:
        """Give every displaced item a seat; `out` holds all displaced, `seats` those seated so far."""
        index = min((index for index in out if index not in seats), default=None)
        if index is None:
            return seats
        item = self.movable[index]
        for unit in self.units:
            if unit == item.unit_id:
                continue  # it was displaced from there by something that stays
            self.effort -= 1
            if self.effort < 0:
                raise _Exhausted
            displaced = self.displaced_by(index, unit)
            if displaced is None or len(out | displaced) > limit:
                continue
            if any(
                there == unit and self.periods[other].overlaps(item.period) for other, there in seats.items()
            ):
                continue
            found = self.seat(out | displaced, {**seats, index: unit}, limit)
            if found is not None:
                return found
        return None

    def displaced_by(self, index: int, unit: UUID) -> frozenset[int] | None:
        """Whom this stay would displace from a unit; None where it meets something that stays there."""
        key = (unit, index)
        if key not in self.known:
            starts_at, ends_at = self.periods[index].starts_at, self.periods[index].ends_at
            met = frozenset(
                other
                for period, other in self.stays[unit]
                if period.starts_at < ends_at and starts_at < period.ends_at
            )
            self.known[key] = None if FIXED in met else met
        return self.known[key]

    def moves(self, seats: Mapping[int, UUID]) -> tuple[Move, ...]:
        items = ((self.movable[index], unit) for index, unit in sorted(seats.items()) if index != self.wanted)
        return tuple(Move(item.item_id, item.unit_id, unit) for item, unit in items)


def place(
    wants: Sequence[Want[Key]], taken: Iterable[Taken], *, effort: int = 20_000
) -> dict[Key, SellableUnit] | None:
    """A unit for every want, no leaf twice at one time, tightest gaps first; None if that is impossible.

    Also None when `effort` placements were tried in vain.
    """
    rows = list(taken)
    choices = [list(best_fit(free(want.units, rows, want.period), rows, want.period)) for want in wants]
    try:
        seats = _seat_all(wants, dict(enumerate(choices)), iter(range(effort)))
    except _Exhausted:
        return None
    return None if seats is None else {want.key: seats[n] for n, want in enumerate(wants)}


def _seat_all(
    wants: Sequence[Want[Key]], choices: dict[int, list[SellableUnit]], effort: Iterator[int]
) -> dict[int, SellableUnit] | None:
    """Seat the want with the fewest choices, take its unit out of the others' choices, and so on."""
    if not choices:
        return {}
    if _too_few(wants, choices):
        return None
    tightest = min(choices, key=lambda n: (len(choices[n]), n))
    period = wants[tightest].period
    for unit in choices[tightest]:
        if next(effort, None) is None:
            raise _Exhausted
        left = {
            n: [
                other
                for other in units
                if other.leaves.isdisjoint(unit.leaves) or not wants[n].period.overlaps(period)
            ]
            for n, units in choices.items()
            if n != tightest
        }
        seats = _seat_all(wants, left, effort)
        if seats is not None:
            return {**seats, tightest: unit}
    return None


def _too_few(wants: Sequence[Want[Key]], choices: Mapping[int, list[SellableUnit]]) -> bool:
    """Whether some wants for the same units at the same time outnumber these units (Hall's condition)."""
    alike: dict[tuple[Period, frozenset[UUID]], int] = {}
    for n, units in choices.items():
        group = (wants[n].period, frozenset(unit.id for unit in units))
        alike[group] = alike.get(group, 0) + 1
    return any(number > len(group[1]) for group, number in alike.items())
