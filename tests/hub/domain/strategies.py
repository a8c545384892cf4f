"""Strategies for the laws of the pure rooms: zones with awkward clocks, dates around their changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hub.domain.periods import Nights, Period

# Zone -> dates around which its clocks did something odd: skipped a day, repeated one, changed at
# midnight, by half an hour, by one minute past midnight, around a Ramadan, or went back over a noon.
ODD_DAYS = {
    "Pacific/Apia": ["2011-12-30", "2011-09-24"],
    "Pacific/Kiritimati": ["1994-12-31"],
    "Pacific/Kwajalein": ["1969-09-30", "1993-08-21"],
    "Africa/Casablanca": ["2026-02-15", "2026-03-22", "2018-10-28"],
    "Africa/Cairo": ["2024-04-26", "2024-10-31"],
    "Europe/Lisbon": ["2026-03-29", "2026-10-25", "1992-09-27"],
    "America/St_Johns": ["2006-10-29", "2007-03-11", "1988-04-03"],
    "America/Sao_Paulo": ["2018-11-04", "2018-02-18"],
    "America/Havana": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Asia/Gaza": ["2011-08-01", "2023-04-29", "2026-03-28"],
    "Asia/Kathmandu": ["1986-01-01"],
    "America/Juneau": ["1867-10-19", "2026-03-08"],
    "UTC": ["2026-06-01"],
}

zones = st.sampled_from(sorted(ODD_DAYS)).map(ZoneInfo)


@st.composite
def days_in(draw: st.DrawFn, zone: ZoneInfo) -> date:
    """A date in the zone, mostly within days of a change of its clocks."""
    odd = date.fromisoformat(draw(st.sampled_from(ODD_DAYS[zone.key])))
    reach = draw(st.sampled_from([4, 4, 4, 400]))
    return odd + timedelta(days=draw(st.integers(-reach, reach)))


@st.composite
def nights_in(draw: st.DrawFn, zone: ZoneInfo) -> Nights:
    arrival = draw(days_in(zone))
    return Nights(arrival, arrival + timedelta(days=draw(st.integers(1, 12))))


@st.composite
def periods_in(draw: st.DrawFn, zone: ZoneInfo) -> Period:
    """A period of minutes or days near a change of the zone's clocks."""
    day = draw(days_in(zone))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 2880)))
    length = draw(st.one_of(st.integers(1, 240), st.integers(1, 8000)))
    return Period(start, start + timedelta(minutes=length))


EPOCH = datetime(2026, 3, 28, tzinfo=UTC)


def hours(first: int, after: int) -> Period:
    """A period on a ruler of whole hours, for comparing with sets of integers."""
    return Period(EPOCH + timedelta(hours=first), EPOCH + timedelta(hours=after))


def ticks(periods: Iterable[Period]) -> set[int]:
    """The naive model: the hours that the periods cover, one by one."""
    return {
        hour
        for period in periods
        for hour in range(
            (period.starts_at - EPOCH) // timedelta(hours=1), (period.ends_at - EPOCH) // timedelta(hours=1)
        )
    }


@st.composite
def ruled_period(draw: st.DrawFn, last: int = 24) -> Period:
    first = draw(st.integers(0, last - 1))
    return hours(first, draw(st.integers(first + 1, last)))


ruled_periods = st.lists(ruled_period(), max_size=6)
