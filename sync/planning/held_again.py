"""What of a stretch of time can be held again: as much of it as lies ahead and nobody has. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from hub.domain.offers import Offer
from hub.domain.periods import (
    ONE_DAY,
    Hours,
    LetBy,
    Nights,
    Period,
    Span,
    difference,
    nights_touched,
    noon,
)


def free(offer: Offer, period: Period, busy: Iterable[Period], now: datetime) -> tuple[Span, ...]:
    """What of a period lies ahead and is free on a unit: whole nights, or hours, as it is let."""
    if offer.let_by == LetBy.NIGHT:
        first = noon(now.astimezone(offer.zone).date(), offer.zone)
        return tuple(_nights(_ahead(period, first), busy, offer))
    first = now.replace(second=0, microsecond=0)
    return tuple(Hours(one.starts_at, one.ends_at) for one in difference(_ahead(period, first), busy))


def _ahead(period: Period, first: datetime) -> tuple[Period, ...]:
    return (Period(max(period.starts_at, first), period.ends_at),) if period.ends_at > first else ()


def _nights(ahead: Iterable[Period], busy: Iterable[Period], offer: Offer) -> Iterator[Nights]:
    for piece in difference(ahead, busy):
        touched = nights_touched(piece, offer.zone)
        arrival, departure = touched.arrival, touched.departure
        arrival += ONE_DAY if noon(arrival, offer.zone) < piece.starts_at else timedelta()
        departure -= ONE_DAY if noon(departure, offer.zone) > piece.ends_at else timedelta()
        if arrival < departure:
            yield Nights(arrival, departure)
