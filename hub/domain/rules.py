"""What may be asked for: the rules of a booking, one list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.domain.periods import Hours, LetBy, Nights, Span
from hub.errors import Reason

LONGEST_NIGHTS = 365
LONGEST_HOURS = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants: when, and for how many guests together."""

    span: Span
    guests: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds at the place: its date, the instant, and the chosen units' letting and joint capacity."""

    today: date
    now: datetime
    let_by: LetBy
    capacity: int
    horizon_days: int = 730


Rule = Callable[[Ask, Terms], Reason | None]


def fits_letting(ask: Ask, terms: Terms) -> Reason | None:
    """Nights for what is let by the night, hours for what is let by the hour."""
    if isinstance(ask.span, Nights) and terms.let_by == LetBy.HOUR:
        return Reason("let_by_hour", "this is let by the hour: give starts_at and ends_at", "arrival")
    if isinstance(ask.span, Hours) and terms.let_by == LetBy.NIGHT:
        return Reason("let_by_night", "this is let by the night: give arrival and departure", "starts_at")
    return None


def not_in_the_past(ask: Ask, terms: Terms) -> Reason | None:
    if isinstance(ask.span, Nights) and ask.span.arrival < terms.today:
        message = f"arrival on {ask.span.arrival} is in the past: today is {terms.today} at the property"
        return Reason("in_the_past", message, "arrival")
    if isinstance(ask.span, Hours) and ask.span.starts_at < terms.now:
        return Reason("in_the_past", f"the start {_instant(ask.span.starts_at)} is in the past", "starts_at")
    return None


def within_horizon(ask: Ask, terms: Terms) -> Reason | None:
    """Nobody arrives further ahead than the horizon; a stay may end beyond it."""
    ahead = timedelta(days=terms.horizon_days)
    if isinstance(ask.span, Nights) and ask.span.arrival - terms.today > ahead:
        message = (
            f"arrival on {ask.span.arrival} is too far ahead: the last possible is {terms.today + ahead}"
        )
        return Reason("too_far_ahead", message, "arrival")
    if isinstance(ask.span, Hours) and ask.span.starts_at - terms.now > ahead:
        message = f"the start {_instant(ask.span.starts_at)} is more than {terms.horizon_days} days ahead"
        return Reason("too_far_ahead", message, "starts_at")
    return None


def not_too_long(ask: Ask, terms: Terms) -> Reason | None:  # noqa: ARG001 - every rule has one signature
    if isinstance(ask.span, Nights):
        if len(ask.span) > LONGEST_NIGHTS:
            message = f"{len(ask.span)} nights are too long: at most {LONGEST_NIGHTS}"
            return Reason("too_long", message, "departure")
    elif ask.span.ends_at - ask.span.starts_at > LONGEST_HOURS:
        return Reason("too_long", f"this is longer than {LONGEST_HOURS.days} days", "ends_at")
    return None


def at_least_one_guest(ask: Ask, terms: Terms) -> Reason | None:  # noqa: ARG001 - every rule has one signature
    if ask.guests < 1:
        return Reason("no_guests", "at least one guest must come", "guests")
    return None


def within_capacity(ask: Ask, terms: Terms) -> Reason | None:
    if ask.guests > terms.capacity:
        message = f"{ask.guests} guests are too many: there is room for {terms.capacity}"
        return Reason("over_capacity", message, "guests", {"capacity": terms.capacity})
    return None


BOOKING_RULES: tuple[Rule, ...] = (
    fits_letting,
    not_in_the_past,
    within_horizon,
    not_too_long,
    at_least_one_guest,
    within_capacity,
)


def refusals(ask: Ask, terms: Terms) -> tuple[Reason, ...]:
    """Every reason against it, each with its field, in the order of the rules; empty if it may be."""
    return tuple(reason for rule in BOOKING_RULES if (reason := rule(ask, terms)))


def read_nights(arrival: date, departure: date) -> Nights | Reason:
    """At least one night, or the reason that it is none."""
    if departure <= arrival:
        message = f"departure {departure} must be after arrival {arrival}: a stay has at least one night"
        return Reason("no_nights", message, "departure")
    try:
        return Nights(arrival, departure)
    except ValueError as error:
        return Reason("beyond_calendar", str(error), "arrival")


def read_hours(starts_at: datetime, ends_at: datetime) -> Hours | Reason:
    """Some time between two instants, or the reason that it is none."""
    for field, instant in (("starts_at", starts_at), ("ends_at", ends_at)):
        if instant.utcoffset() is None:
            message = f"{instant.isoformat()} needs an offset, such as {instant.isoformat()}Z"
            return Reason("no_offset", message, field)
    if ends_at <= starts_at:
        message = f"the end {_instant(ends_at)} must be after the start {_instant(starts_at)}"
        return Reason("no_hours", message, "ends_at")
    try:
        return Hours(starts_at, ends_at)
    except ValueError as error:
        return Reason("beyond_calendar", str(error), "starts_at")


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="minutes").replace("+00:00", "Z")
