"""What a sync changed, told in words: spans and units, never a guest. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.offers import Offer
from sync.planning.imports import Blocked

MOST = 50
"""How many changes are told one by one"""


class Spanned(Protocol):
    """What has a span: an external event as it is stored."""

    @property
    def first(self) -> date | None: ...
    @property
    def after(self) -> date | None: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Told:
    """One event: the span it had, and the span it has now; None where there is none."""

    event_id: UUID
    before: str | None
    after: str | None

    @property
    def action(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


def span(event: Spanned, zone: ZoneInfo) -> str:
    """Dates from the first to the day that is free again, or times of the place's clocks."""
    if event.first is not None and event.after is not None:
        return f"{event.first} to {event.after}"
    first, last = event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {until}"


def summary(
    told: Sequence[Told], placed: Mapping[UUID, Sequence[Blocked]], offers: Sequence[Offer]
) -> tuple[str, ...]:
    """`+` came, `~` moved or reads otherwise, `-` went; the unit where one is known."""
    wholes_first = sorted(offers, key=lambda offer: not offer.composite)
    names = {leaf: offer.unit.name for offer in wholes_first for leaf in offer.unit.leaves}
    lines = [_line(one, placed.get(one.event_id, ()), names) for one in told[:MOST]]
    if len(told) > MOST:
        lines.append(f"and {len(told) - MOST} more")
    return tuple(lines)


def problems(number: int) -> tuple[str, ...]:
    """That something could not be read: a preview of the link shows what. Its text may name a guest."""
    if not number:
        return ()
    return (f"{number} thing{'s' if number > 1 else ''} in it could not be read; a preview says what",)


def _line(one: Told, blocks: Sequence[Blocked], names: Mapping[UUID, str]) -> str:
    units = ", ".join(
        sorted({names.get(block.unit_id, "a unit") if block.unit_id else "no unit" for block in blocks})
    )
    where = f" on {units}" if units else ""
    if one.before is None:
        return f"+ {one.after}{where}"
    if one.after is None:
        return f"- {one.before}"
    if one.before == one.after:
        return f"~ {one.after}{where}, its text"
    return f"~ {one.before} is now {one.after}{where}"
