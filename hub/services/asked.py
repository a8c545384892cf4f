"""One item that is asked for: when, and on which units it could be."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.availability import SellableUnit
from hub.domain.offers import Offer
from hub.domain.periods import Period, Span, occupied


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of a booking: a span on any of these units (on just one, if asked for by unit)."""

    span: Span
    offers: tuple[Offer, ...]
    by_type: bool
    field: str
    turnaround: int | None = None
    """None: the unit type's own"""

    @property
    def period(self) -> Period:
        """What a unit gives up for it, turnaround included; the units of one type give up the same."""
        offer = self.offers[0]
        turnaround = offer.turnaround if self.turnaround is None else self.turnaround
        return occupied(self.span, offer.zone, turnaround)

    @property
    def units(self) -> tuple[SellableUnit, ...]:
        return tuple(offer.unit for offer in self.offers)
