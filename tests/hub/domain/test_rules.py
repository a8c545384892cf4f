"""What may be asked for, and the field that each refusal names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hub.domain.periods import Hours, LetBy, Nights
from hub.domain.rules import BOOKING_RULES, Ask, Terms, read_hours, read_nights, refusals
from hub.errors import Reason

TODAY = date(2026, 7, 10)
NOW = datetime(2026, 7, 10, 9, tzinfo=UTC)
BY_NIGHT = Terms(today=TODAY, now=NOW, let_by=LetBy.NIGHT, capacity=4)
BY_HOUR = replace(BY_NIGHT, let_by=LetBy.HOUR)


def nights(arrival: int, departure: int) -> Nights:
    """Days counted from today."""
    return Nights(TODAY + timedelta(days=arrival), TODAY + timedelta(days=departure))


def hours(starts: float, ends: float) -> Hours:
    """Hours counted from now."""
    return Hours(NOW + timedelta(hours=starts), NOW + timedelta(hours=ends))


def against(ask: Ask, terms: Terms) -> list[tuple[str, str | None]]:
    return [(reason.code, reason.field) for reason in refusals(ask, terms)]


def test_a_guest_may_arrive_today() -> None:
    assert against(Ask(nights(0, 1), 2), BY_NIGHT) == []
    assert against(Ask(hours(0, 1), 2), BY_HOUR) == []


@pytest.mark.parametrize(
    ("ask", "terms", "reason"),
    [
        (Ask(nights(-1, 2), 2), BY_NIGHT, ("in_the_past", "arrival")),
        (Ask(hours(-0.1, 2), 2), BY_HOUR, ("in_the_past", "starts_at")),
        (Ask(nights(731, 732), 2), BY_NIGHT, ("too_far_ahead", "arrival")),
        (Ask(hours(730 * 24 + 1, 730 * 24 + 2), 2), BY_HOUR, ("too_far_ahead", "starts_at")),
        (Ask(nights(0, 366), 2), BY_NIGHT, ("too_long", "departure")),
        (Ask(hours(0, 366 * 24 + 0.1), 2), BY_HOUR, ("too_long", "ends_at")),
        (Ask(nights(0, 1), 0), BY_NIGHT, ("no_guests", "guests")),
        (Ask(nights(0, 1), 5), BY_NIGHT, ("over_capacity", "guests")),
        (Ask(nights(0, 1), 2), BY_HOUR, ("let_by_hour", "arrival")),
        (Ask(hours(0, 1), 2), BY_NIGHT, ("let_by_night", "starts_at")),
    ],
)
def test_each_rule_refuses_alone_and_names_its_field(ask: Ask, terms: Terms, reason: tuple[str, str]) -> None:
    assert against(ask, terms) == [reason]


@pytest.mark.parametrize(
    ("ask", "terms"),
    [
        (Ask(nights(730, 1095), 4), BY_NIGHT),
        (Ask(hours(730 * 24, 1096 * 24), 4), BY_HOUR),
        (Ask(nights(0, 1), 1), BY_NIGHT),
    ],
)
def test_the_last_possible_request_is_still_possible(ask: Ask, terms: Terms) -> None:
    assert against(ask, terms) == []


def test_every_reason_is_told_at_once() -> None:
    reasons = refusals(Ask(nights(-3, 400), 9), BY_NIGHT)

    assert [reason.field for reason in reasons] == ["arrival", "departure", "guests"]
    assert reasons[0].message == ("arrival on 2026-07-07 is in the past: today is 2026-07-10 at the property")
    assert reasons[2].facts == {"capacity": 4}


def test_every_rule_refuses_something() -> None:
    asks = [Ask(nights(-1, 400), 0), Ask(nights(800, 801), 9), Ask(hours(0, 1), 1)]

    silent = [rule for rule in BOOKING_RULES if not any(rule(ask, BY_NIGHT) for ask in asks)]

    assert silent == []


def test_nights_are_read_or_refused() -> None:
    assert read_nights(TODAY, TODAY + timedelta(days=2)) == nights(0, 2)

    refused = read_nights(TODAY, TODAY)
    assert isinstance(refused, Reason)
    assert (refused.code, refused.field) == ("no_nights", "departure")
    assert "at least one night" in refused.message

    endless = read_nights(TODAY, date.max)
    assert isinstance(endless, Reason)
    assert endless.code == "beyond_calendar"
    assert endless.message.endswith("beyond the calendar, which goes from 0002-01-01 to 9998-12-31")


def test_hours_are_read_or_refused() -> None:
    plus_two = timezone(timedelta(hours=2))
    assert read_hours(NOW, NOW + timedelta(hours=1)) == hours(0, 1)
    # Noon at +02:00 is ten o'clock UTC: later than nine although both clocks are compared as instants.
    assert read_hours(NOW, datetime(2026, 7, 10, 12, tzinfo=plus_two)) == hours(0, 1)

    for starts_at, ends_at, code, field in (
        (datetime(2026, 7, 10, 9), NOW, "no_offset", "starts_at"),
        (NOW, datetime(2026, 7, 10, 9), "no_offset", "ends_at"),
        (NOW, NOW, "no_hours", "ends_at"),
        (NOW, datetime(9999, 12, 31, tzinfo=UTC), "beyond_calendar", "starts_at"),
    ):
        refused = read_hours(starts_at, ends_at)
        assert isinstance(refused, Reason)
        assert (refused.code, refused.field) == (code, field)
