"""Busy times: asked for in stretches, joined again, and never free by mistake."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay, Timed, Window
from connectors.errors import ConnectorError, NeedsReconnect, Rejected, Unavailable
from connectors.google_calendar import free_busy
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import CALENDAR, Answer, Asked, Scripted, settings

MADRID = ZoneInfo("Europe/Madrid")
START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = Window(date(2026, 1, 1), date(2026, 3, 1), date(2026, 7, 1))
LONGEST = timedelta(days=60)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def busy_at(*spans: tuple[float, float]) -> Any:
    """Answers as Google does: what meets the stretch that is asked for, cut at its edges."""

    def answer(asked: Asked) -> Answer:
        begins, ends = (datetime.fromisoformat(asked.json[name]) for name in ("timeMin", "timeMax"))
        met = [(max(at(one), begins), min(at(other), ends)) for one, other in spans]
        told = [{"start": one.isoformat(), "end": other.isoformat()} for one, other in met if one < other]
        return Answer(200, {"calendars": {CALENDAR: {"busy": told}}})

    return answer


@given(st.integers(0, 400), st.integers(0, 86_399))
def test_stretches_cover_all_of_the_time_and_are_short_enough(days: int, seconds: int) -> None:
    ends = START + timedelta(days=days, seconds=seconds)
    parts = list(free_busy.stretches(START, ends))

    assert all(one < other <= one + LONGEST for one, other in parts)
    assert [START, *(other for _, other in parts)] == [*(one for one, _ in parts), ends][: len(parts) + 1]


spans = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 100)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=8,
)


@given(spans)
def test_what_was_cut_at_a_seam_is_whole_again(pairs: list[tuple[int, int]]) -> None:
    parts = list(free_busy.stretches(START, at(400)))
    seams = [one for one, _ in parts]
    cut = [
        Timed(max(at(one), begins), min(at(other), ends))
        for begins, ends in parts
        for one, other in pairs
        if max(at(one), begins) < min(at(other), ends)
    ]

    joined = free_busy.joined(cut, seams)

    days = {day for one, other in pairs for day in range(one, other)}
    told = {day for one in joined for day in range((one.starts_at - START).days, (one.ends_at - START).days)}
    assert told == days
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(joined))


def test_two_stays_that_touch_stay_two() -> None:
    assert len(free_busy.joined([Timed(at(1), at(2)), Timed(at(2), at(3))], [at(0), at(60)])) == 2


def test_midnight_to_midnight_is_whole_days() -> None:
    day = timedelta(days=1)
    first = datetime(2026, 7, 1, tzinfo=MADRID).astimezone(UTC)
    night, hours = free_busy.events(
        [Timed(first, first + 3 * day), Timed(first + 5 * day, first + 5.5 * day)], MADRID
    )

    assert night.when == AllDay(date(2026, 7, 1), date(2026, 7, 4))
    assert hours.when == Timed(first + 5 * day, first + 5.5 * day)
    assert night.busy
    assert night.key != hours.key


def test_a_pull_asks_for_all_of_the_window_and_says_what_is_busy(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [busy_at((50, 70), (100.5, 100.75))]

    pulled = connector.pull(settings(access="free_busy"), None, WINDOW, ZoneInfo("UTC"), network)

    assert [event.when for event in pulled.events] == [
        AllDay(at(50).date(), at(70).date()),
        Timed(at(100.5), at(100.75)),
    ]
    assert (pulled.full, pulled.unchanged, pulled.returns_ours) == (True, False, False)
    asked = [call.json for call in google.calls]
    assert (asked[0]["timeMin"], asked[-1]["timeMax"]) == ("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z")
    assert {one["items"][0]["id"] for one in asked} == {CALENDAR}
    assert len(asked) == 4


def test_the_same_answer_again_is_unchanged_and_another_is_not(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    own = settings(access="free_busy")
    google.answers = [busy_at((5, 7))]
    first = connector.pull(own, None, WINDOW, MADRID, network)

    again = connector.pull(own, first.cursor, WINDOW, MADRID, network)
    google.answers = [busy_at((5, 8))]
    moved = connector.pull(own, first.cursor, WINDOW, MADRID, network)

    assert (again.unchanged, again.events, again.cursor) == (True, (), first.cursor)
    assert (moved.unchanged, len(moved.events)) == (False, 1)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({CALENDAR: {"errors": [{"reason": "notFound"}], "busy": []}}, Rejected),
        ({CALENDAR: {"errors": [{"reason": "internalError"}], "busy": []}}, Unavailable),
        ({CALENDAR: {"errors": [{"reason": "invented"}], "busy": []}}, Unavailable),
        ({CALENDAR: {"errors": "odd", "busy": []}}, Unavailable),
        ({CALENDAR: {"errors": [{"reason": "forbidden"}]}}, NeedsReconnect),
        ({CALENDAR: {}}, Unavailable),
        ({CALENDAR: {"busy": [{"start": "soon", "end": "2026-01-02T00:00:00Z"}]}}, Unavailable),
        ({CALENDAR: {"busy": ["always"]}}, Unavailable),
        ({"another": {"busy": []}}, Unavailable),
        ({}, Unavailable),
        ([], Unavailable),
    ],
)
def test_what_is_not_told_is_never_free(
    google: Scripted,
    network: Network,
    connector: GoogleCalendarConnector,
    body: Any,
    kind: type[ConnectorError],
) -> None:
    google.answers = [Answer(200, {"calendars": body})]

    with pytest.raises(kind):
        connector.busy(settings(), at(0), at(1), network)
    with pytest.raises(kind):
        connector.pull(settings(access="free_busy"), None, WINDOW, MADRID, network)


def test_one_stretch_that_fails_fails_all(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [busy_at((1, 2)), Answer(500, b"")]

    with pytest.raises(Unavailable):
        connector.busy(settings(), at(0), at(100), network)


def test_a_calendar_that_is_read_by_the_event_is_not_pulled(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    with pytest.raises(Rejected):
        connector.pull(settings(), None, WINDOW, MADRID, network)

    assert google.asked == []


def test_a_sign_in_for_our_own_calendars_cannot_ask_for_busy_times(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    with pytest.raises(Rejected, match="only calendars that we made"):
        connector.busy(settings(reach="created"), at(0), at(1), network)

    assert google.asked == []
