"""How often two guests would be sold the same nights: the formula, its bounds and its words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.gaps import NEWEST, mean_gap
from sync.planning import exposure
from sync.planning.exposure import Exposure

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGO = NOW - timedelta(minutes=5)
YEARS_AGO = NOW - timedelta(days=900)


def expected(**known: object) -> Exposure:
    usual: dict[str, object] = {
        "measured_seconds": 720.0,
        "interval_seconds": 900,
        "verified_at": AGO,
        "linked_at": YEARS_AGO,
        "sold_here": 72,
        "came_there": 45,
        "now": NOW,
    }
    return exposure.expected(**(usual | known))  # type: ignore[arg-type]


def test_it_is_the_gap_times_both_rates() -> None:
    found = expected()

    assert (found.here_per_day, found.there_per_day, found.unknown_seconds) == (0.8, 0.5, 720)
    assert found.double_sales_per_day == pytest.approx(0.8 * 0.5 * 720 / 86_400)
    assert found.days_between == pytest.approx(300)
    assert exposure.told(found) == (
        "on average 12 min unknown; 0.8 a day here and 0.5 there: about 1 double sale in 300 days would slip "
        "in between if nothing were checked"
    )


def test_a_gap_that_is_open_for_longer_than_usual_counts_instead() -> None:
    assert expected(verified_at=NOW - timedelta(hours=26)).unknown_seconds == 26 * 3600


def test_before_the_second_answer_the_interval_counts() -> None:
    assert expected(measured_seconds=None).unknown_seconds == 900
    assert expected(measured_seconds=None, verified_at=None).unknown_seconds == 900


def test_stays_of_a_young_link_are_shared_out_over_its_own_days_and_a_day_at_least() -> None:
    assert expected(linked_at=NOW - timedelta(days=10), came_there=5).there_per_day == 0.5
    assert expected(linked_at=NOW - timedelta(hours=2), came_there=5).there_per_day == 5


@pytest.mark.parametrize("rates", [{"sold_here": 0}, {"came_there": 0}])
def test_where_one_side_sells_nothing_no_double_sale_is_to_be_expected(rates: dict[str, int]) -> None:
    found = expected(**rates)

    assert found.days_between is None
    assert "no double sale to be expected" in exposure.told(found)


@pytest.mark.parametrize(
    ("here", "words"),
    [(2.0, "about 1 double sale in 2 days"), (40.0, "about 10 double sales a day"), (0.001, "11 years")],
)
def test_it_is_told_in_the_measure_that_fits(here: float, words: str) -> None:
    assert words in exposure.told(Exposure(43_200, here, 0.5))


@given(st.floats(0, 1e7), st.floats(0, 100), st.floats(0, 100), st.floats(0, 1e7), st.floats(0, 100))
def test_more_of_anything_is_never_less_exposure(
    gap: float, here: float, there: float, more_gap: float, more_here: float
) -> None:
    less = Exposure(gap, here, there)

    assert Exposure(gap + more_gap, here + more_here, there).double_sales_per_day >= less.double_sales_per_day
    assert exposure.told(less)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=26), "26 h"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_a_length_is_told_in_whole_ones_of_one_unit(length: timedelta, words: str) -> None:
    assert exposure.span(length) == words


def test_the_first_answer_leaves_no_gap_and_the_second_leaves_its_own() -> None:
    assert mean_gap(None, None, NOW) is None
    assert mean_gap(None, NOW - timedelta(seconds=600), NOW) == 600


def test_each_gap_moves_the_mean_by_a_fifth_of_its_distance() -> None:
    assert mean_gap(600.0, NOW - timedelta(seconds=1100), NOW) == pytest.approx(600 + NEWEST * 500)


def test_a_clock_that_went_back_leaves_no_negative_gap() -> None:
    assert mean_gap(None, NOW + timedelta(seconds=5), NOW) == 0


@given(st.floats(0, 1e6), st.lists(st.floats(0, 1e6), max_size=50))
def test_the_mean_never_leaves_the_range_of_the_gaps(first: float, gaps: list[float]) -> None:
    mean: float | None = first
    for gap in gaps:
        mean = mean_gap(mean, NOW - timedelta(seconds=gap), NOW)
    assert mean is not None
    assert min([first, *gaps]) - 1 <= mean <= max([first, *gaps]) + 1
