"""One line for what a sync changed: examples, and laws."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay, Nature, Timed
from hub.domain.periods import Period
from sync.planning import headline
from sync.planning.headline import NOTHING, Gist, line
from sync.planning.measure import Measure
from sync.planning.told import WORDS

MADRID = ZoneInfo("Europe/Madrid")
TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)
NIGHTLY = Measure(MADRID, nightly=True, once=True)
HOURLY = Measure(MADRID, nightly=False, once=True)


def days(first: int, after: int, month: int = 7, year: int = 2026) -> AllDay:
    return AllDay(date(year, month, first), date(year, month, after))


def noon(day: int, month: int = 7) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=MADRID).astimezone(UTC)


def test_what_came_moved_and_went_is_told_in_one_line() -> None:
    gist = headline.total(
        (
            headline.came([Nature.STAY, Nature.STAY]),
            headline.changed(days(3, 7), days(4, 8), MADRID),
            headline.went((Period(noon(10), noon(12)),), NIGHTLY, NOW),
        )
    )

    assert line(gist, {}, TODAY) == "+2 stays, ~1 moved from 3-7 to 4-8 July, -1 freed 2 nights"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (days(3, 7), days(4, 8), "from 3-7 to 4-8 July"),
        (days(3, 7, 6), days(4, 8), "from 3-7 June to 4-8 July"),
        (AllDay(date(2026, 6, 28), date(2026, 7, 2)), days(4, 8), "from 28 June-2 July to 4-8 July"),
        (days(3, 7, 1, 2027), days(4, 8, 1, 2027), "from 3-7 to 4-8 January 2027"),
        (days(3, 7, 12), days(2, 4, 1, 2027), "from 3-7 December to 2-4 January 2027"),
    ],
)
def test_a_move_says_once_what_both_times_have_in_common(before: AllDay, after: AllDay, words: str) -> None:
    assert line(headline.changed(before, after, MADRID), {}, TODAY) == f"~1 moved {words}"


def test_times_are_those_of_the_clocks_of_the_place() -> None:
    before = Timed(datetime(2026, 7, 3, 8, tzinfo=UTC), datetime(2026, 7, 3, 10, tzinfo=UTC))
    after = Timed(datetime(2026, 7, 3, 9, tzinfo=UTC), datetime(2026, 7, 4, 10, tzinfo=UTC))

    assert line(headline.changed(before, after, MADRID), {}, TODAY) == (
        "~1 moved from 3 July 10:00-12:00 to 3 July 11:00-4 July 12:00"
    )


def test_only_what_lies_ahead_is_freed() -> None:
    gone = headline.went((Period(noon(30, 5), noon(3, 6)),), NIGHTLY, NOW)
    past = headline.went((Period(noon(1, 5), noon(3, 5)),), NIGHTLY, NOW)

    assert line(gone, {}, TODAY) == "-1 freed 2 nights"
    assert line(past, {}, TODAY) == "-1 that held nothing ahead"


def test_what_is_let_by_the_hour_is_freed_in_hours() -> None:
    span = Period(NOW + timedelta(hours=1), NOW + timedelta(hours=3, minutes=30))

    assert line(headline.went((span,), HOURLY, NOW), {}, TODAY) == "-1 freed 3 hours"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"created": 3, "updated": 1, "deleted": 1}, "wrote 3 events, changed 1, removed 1 there"),
        ({"created": 1}, "wrote 1 event there"),
        ({"updated": 2}, "changed 2 events there"),
        ({"accepted": 1, "refused": 2}, "took over 1 change made there, 2 events refused there"),
        ({"conflicts_opened": 1, "conflicts_closed": 2}, "1 conflict opened, 2 conflicts closed"),
        ({"problems": 1, "reworded": 9}, "1 thing could not be read"),
        ({}, NOTHING),
    ],
)
def test_both_directions_are_told(counts: dict[str, int], words: str) -> None:
    assert line(Gist(), counts, TODAY) == words


def test_a_failure_says_what_was_done_before() -> None:
    assert (
        line(Gist(), {"created": 2}, TODAY, "x answered 503\n")
        == "wrote 2 events there; failed: x answered 503"
    )
    assert line(Gist(), {}, TODAY, "no answer") == "failed: no answer"


@pytest.mark.parametrize(
    ("before", "said", "words"),
    [
        ({}, NOTHING, NOTHING),
        ({}, "+1 stay", "+1 stay"),
        ({"added": 2}, NOTHING, "+2 events"),
        (
            {"added": 1, "removed": 2, "created": 1},
            "+1 stay",
            "+1 event, -2 events, wrote 1 event there, +1 stay",
        ),
        ({"changed": 3}, "failed: no answer", "~3 events; failed: no answer"),
    ],
)
def test_what_was_done_before_a_worker_was_lost_is_told_first(
    before: dict[str, int], said: str, words: str
) -> None:
    assert headline.going_on(before, said) == words


def test_everything_that_a_pass_does_there_is_told() -> None:
    for name in WORDS:
        assert line(Gist(), {name: 1}, TODAY) != NOTHING, name


numbers = st.integers(0, 40_000)
spans = st.builds(
    lambda first, length: AllDay(first, first + timedelta(days=length)),
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.integers(1, 60),
)
gists = st.builds(
    Gist,
    came=numbers,
    moved=numbers,
    turned=numbers,
    went=numbers,
    nights=numbers,
    missing=numbers,
    back=numbers,
    windows=numbers,
    moves=st.lists(st.tuples(spans, spans), max_size=1).map(tuple),
)
counted = st.dictionaries(st.sampled_from([*WORDS, *headline.QUIET, "added", "conflicts_opened"]), numbers)


@given(gist=gists, counts=counted, error=st.none() | st.text(max_size=2_000))
def test_law_it_is_one_line_that_says_something(
    gist: Gist, counts: dict[str, int], error: str | None
) -> None:
    said = line(gist, counts, TODAY, error)

    assert said
    assert len(said.splitlines()) == 1
    assert len(said) <= 600


@given(parts=st.lists(gists, max_size=5), cut=st.integers(0, 5))
def test_law_it_does_not_matter_in_which_portions_it_came(parts: list[Gist], cut: int) -> None:
    in_two = headline.total((headline.total(parts[:cut]), headline.total(parts[cut:])))

    assert in_two == headline.total(parts)
    assert line(in_two, {}, TODAY) == line(headline.total(parts), {}, TODAY)


@given(counts=counted)
def test_law_what_is_only_stored_is_no_change(counts: dict[str, int]) -> None:
    loud = {name: number for name, number in counts.items() if name not in headline.QUIET}

    assert headline.has_changed(counts) == any(loud.values())
