"""Periods, nights and hours: examples of what people ask, and the edges of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from hub.domain.periods import (
    Hours,
    Nights,
    Period,
    at,
    days_covered,
    gaps,
    nights_met,
    nights_touched,
    noon,
    occupied,
)
from tests.hub.domain.strategies import ODD_DAYS, hours

LISBON = ZoneInfo("Europe/Lisbon")
APIA = ZoneInfo("Pacific/Apia")
GAZA = ZoneInfo("Asia/Gaza")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def nights(arrival: str, departure: str) -> Nights:
    return Nights(day(arrival), day(departure))


def test_a_guest_may_arrive_on_the_day_another_departs() -> None:
    first = occupied(nights("2026-07-01", "2026-07-04"), LISBON)
    second = occupied(nights("2026-07-04", "2026-07-06"), LISBON)

    assert not first.overlaps(second)
    assert first.ends_at == second.starts_at == utc("2026-07-04T11:00")


def test_a_turnaround_night_keeps_the_next_guest_away_for_a_night() -> None:
    stay = occupied(nights("2026-07-01", "2026-07-04"), LISBON, turnaround=1)

    assert stay.overlaps(occupied(nights("2026-07-04", "2026-07-05"), LISBON))
    assert not stay.overlaps(occupied(nights("2026-07-05", "2026-07-06"), LISBON))


def test_turnaround_of_hours_follows_the_rental() -> None:
    rental = Hours(utc("2026-07-01T10:00"), utc("2026-07-01T12:00"))

    assert occupied(rental, LISBON, turnaround=4) == Period(rental.starts_at, utc("2026-07-01T16:00"))


def test_a_negative_turnaround_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        occupied(nights("2026-07-01", "2026-07-02"), LISBON, turnaround=-1)


def test_the_night_of_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    spring = occupied(nights("2026-03-28", "2026-03-29"), LISBON)
    autumn = occupied(nights("2026-10-24", "2026-10-25"), LISBON)

    assert spring.ends_at - spring.starts_at == timedelta(hours=23)
    assert autumn.ends_at - autumn.starts_at == timedelta(hours=25)


def test_the_day_that_samoa_left_out_takes_no_time() -> None:
    before = occupied(nights("2011-12-29", "2011-12-30"), APIA)
    across = occupied(nights("2011-12-29", "2011-12-31"), APIA)

    assert before == across
    assert across.ends_at == occupied(nights("2011-12-31", "2012-01-01"), APIA).starts_at
    with pytest.raises(ValueError, match="must be after the start"):
        occupied(nights("2011-12-30", "2011-12-31"), APIA)


def test_a_time_that_does_not_exist_resolves_forward() -> None:
    # Gaza's clocks jumped from 02:00 to 03:00 on 2023-04-29, Sao Paulo's from midnight on 2018-11-04.
    assert at(day("2023-04-29"), time(2, 30), GAZA) == utc("2023-04-29T00:30")
    assert days_covered(day("2018-11-04"), day("2018-11-05"), ZoneInfo("America/Sao_Paulo")) == Period(
        utc("2018-11-04T03:00"), utc("2018-11-05T02:00")
    )


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert at(day("2026-10-25"), time(1, 30), LISBON) == utc("2026-10-25T00:30")


def test_a_day_lived_twice_is_one_long_night() -> None:
    # Alaska, become American, went back from the afternoon of 19 October 1867 to that of the 18th.
    juneau = ZoneInfo("America/Juneau")
    noon_of_the_first = noon(day("1867-10-19"), juneau)
    period = Period(noon_of_the_first + timedelta(hours=5), noon_of_the_first + timedelta(hours=6))

    assert period.starts_at.astimezone(juneau).date() == day("1867-10-18")
    assert nights_touched(period, juneau) == nights("1867-10-19", "1867-10-20")
    assert noon(day("1867-10-20"), juneau) - noon_of_the_first > timedelta(hours=47)


def test_an_evening_lived_twice_meets_the_night_that_has_begun() -> None:
    # St John's went back from 00:01 to 23:01: the day had begun before its eve was over.
    period = Period(utc("2006-10-29T03:00"), utc("2006-10-29T03:10"))
    midnight = time(0)

    met = nights_met(period, ZoneInfo("America/St_Johns"), check_in=midnight, check_out=midnight)

    assert met == nights("2006-10-29", "2006-10-30")


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ODD_DAYS], ids=str)
def test_noons_never_run_backwards_over_sixty_years(zone: ZoneInfo) -> None:
    # Kwajalein repeated 30 September 1969: with the day left out in Samoa, the longest jumps there are.
    first = day("1968-01-01")
    noons = [noon(first + timedelta(days=n), zone) for n in range(60 * 366)]

    steps = {after - before for before, after in pairwise(noons)}
    assert min(steps) >= timedelta(0)
    assert max(steps) < timedelta(hours=48)
    assert timedelta(0) not in steps or zone.key.startswith("Pacific/")


@pytest.mark.parametrize("ends_at", ["2026-07-01T10:00", "2026-07-01T09:59"])
def test_an_empty_or_reversed_period_is_refused(ends_at: str) -> None:
    for kind in (Period, Hours):
        with pytest.raises(ValueError, match="must be after the start"):
            kind(utc("2026-07-01T10:00"), utc(ends_at))


def test_a_period_that_only_looks_empty_on_the_wall_is_kept() -> None:
    # 01:30 comes twice on that night: the second one is an hour after the first, on one and the same clock.
    first = datetime(2026, 10, 25, 1, 30, tzinfo=LISBON)

    period = Period(first, first.replace(fold=1))

    assert period == Period(utc("2026-10-25T00:30"), utc("2026-10-25T01:30"))


def test_instants_are_kept_in_utc_whatever_they_were_written_in() -> None:
    plus_two = timezone(timedelta(hours=2))
    period = Period(datetime(2026, 7, 1, 12, tzinfo=plus_two), datetime(2026, 7, 1, 13, tzinfo=LISBON))

    assert period == Period(utc("2026-07-01T10:00"), utc("2026-07-01T12:00"))
    assert period.starts_at.tzinfo is UTC
    assert len({period, Period(utc("2026-07-01T10:00"), utc("2026-07-01T12:00"))}) == 1


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        Period(datetime(2026, 7, 1), utc("2026-07-02T00:00"))
    with pytest.raises(ValueError, match="has no time zone"):
        Hours(utc("2026-07-01T00:00"), datetime(2026, 7, 2))


@pytest.mark.parametrize("departure", ["2026-07-01", "2026-06-30"])
def test_a_stay_without_a_night_is_refused(departure: str) -> None:
    with pytest.raises(ValueError, match="must be after arrival"):
        nights("2026-07-01", departure)


def test_the_ends_of_the_calendar_are_refused_rather_than_overflowing() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        Nights(day("9998-12-31"), date.max)
    with pytest.raises(ValueError, match="beyond the calendar"):
        Nights(date.min, day("0002-02-01"))
    with pytest.raises(ValueError, match="beyond the calendar"):
        Period(datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), utc("2026-01-01"))
    with pytest.raises(ValueError, match="beyond the calendar"):
        occupied(nights("9998-12-30", "9998-12-31"), LISBON, turnaround=10_000_000)
    with pytest.raises(ValueError, match="beyond the calendar"):
        days_covered(day("9998-12-31"), date.max, APIA)


def test_a_very_long_period_is_measured_without_walking_through_it() -> None:
    ages = Period(utc("0002-03-01"), utc("9998-03-01"))

    touched = nights_touched(ages, APIA)
    met = nights_met(ages, APIA, time(15), time(11))

    assert met is not None
    assert touched.arrival <= met.arrival <= touched.arrival + timedelta(days=1)
    assert len(touched) > 3_000_000


def test_nights_iterate_their_dates() -> None:
    assert [str(night) for night in nights("2026-02-27", "2026-03-02")] == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
    ]
    assert len(nights("2026-02-27", "2026-03-02")) == 3


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "met"),
    [
        ("2026-07-01T11:00", "2026-07-01T15:00", None),  # between two stays: the cleaning
        ("2026-07-01T11:00", "2026-07-01T15:01", ("2026-07-01", "2026-07-02")),
        ("2026-07-01T10:59", "2026-07-01T11:30", ("2026-06-30", "2026-07-01")),
        ("2026-07-01T10:00", "2026-07-01T16:00", ("2026-06-30", "2026-07-02")),
        ("2026-07-01T15:00", "2026-07-04T11:00", ("2026-07-01", "2026-07-04")),
        ("2026-07-01T12:00", "2026-07-04T12:00", ("2026-07-01", "2026-07-04")),
        ("2026-07-02T01:00", "2026-07-02T02:00", ("2026-07-01", "2026-07-02")),
    ],
)
def test_a_timed_event_takes_the_nights_whose_stay_it_meets(
    starts_at: str, ends_at: str, met: tuple[str, str] | None
) -> None:
    event = Period(utc(starts_at), utc(ends_at))

    found = nights_met(event, ZoneInfo("UTC"), check_in=time(15), check_out=time(11))

    assert found == (nights(*met) if met else None)


def test_a_period_knows_what_lies_within_it() -> None:
    period = hours(2, 6)

    assert period.contains(period)
    assert period.contains(hours(3, 4))
    assert not period.contains(hours(3, 7))
    assert period.contains(period.starts_at)
    assert not period.contains(period.ends_at)


def test_neighbours_neither_overlap_nor_intersect() -> None:
    assert not hours(2, 4).overlaps(hours(4, 6))
    assert hours(2, 4).intersection(hours(4, 6)) is None
    assert hours(2, 5).intersection(hours(4, 6)) == hours(4, 5)


def test_what_others_leave_of_a_period_is_in_order() -> None:
    assert hours(0, 10).minus([hours(7, 8), hours(2, 4), hours(3, 5)]) == (
        hours(0, 2),
        hours(5, 7),
        hours(8, 10),
    )
    assert hours(0, 10).minus([hours(0, 10)]) == ()
    assert gaps([hours(-5, 1), hours(9, 12)], hours(0, 10)) == (hours(1, 9),)
