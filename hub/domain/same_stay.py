"""Whether a booking and a channel's event could be one stay: they begin or end together, and meet. PURE."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Nights, Period, Span, days_covered, nights_met, occupied


def told(first: date | None, after: date | None, hours: Period | None, offer: Offer) -> Period | None:
    """
    What an event, given in whole days or else as `hours`, takes on the terms of a unit; None where it meets
    none of its time.
    """
    try:
        if first is not None and after is not None:
            return _of_days(first, after, offer)
        if hours is None or offer.let_by == LetBy.HOUR:
            return hours
        met = nights_met(hours, offer.zone, offer.check_in, offer.check_out)
        return occupied(met, offer.zone) if met is not None else None
    except (ValueError, OverflowError):
        return None  # beyond the calendar, where nobody stays


def nearly(span: Span, zone: ZoneInfo, theirs: Period | None) -> bool:
    """Whether the time of a booking and that of an event begin or end together, and meet."""
    ours = occupied(span, zone)
    if theirs is None or not ours.overlaps(theirs):
        return False
    return ours.starts_at == theirs.starts_at or ours.ends_at == theirs.ends_at


def _of_days(first: date, after: date, offer: Offer) -> Period:
    if offer.let_by == LetBy.NIGHT:
        return occupied(Nights(first, after), offer.zone)
    return days_covered(first, after, offer.zone)
