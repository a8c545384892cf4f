"""What is done about events of an undone sync, and laws of it: never twice, never over anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.availability import Cause, Taken
from hub.domain.offers import Offer
from hub.domain.periods import Nights, Period, occupied
from sync.planning import logged, undoing
from sync.planning.held_again import free
from sync.planning.undone import (
    Asks,
    Event,
    Hold,
    Ignore,
    Keep,
)
from tests.sync.planning.undone import (
    CAR,
    EVENT,
    HERE,
    MADRID,
    NOW,
    OTHER_RUN,
    ROOM,
    ROOMS,
    SECOND,
    SERIES,
    Changed,
    came,
    hours,
    moved,
    nights,
    said,
    taken,
    there,
    told,
    went,
)


def test_what_came_is_ignored_and_is_told_with_its_unit() -> None:
    (step,) = undoing.plan([came()], there(HERE)).steps

    assert (step.what, step.does) == ("came: 4-8 July, Room 1", "is ignored")
    assert (step.acts, step.asks) == ((Ignore(EVENT),), frozenset({Asks.IGNORE_EVENT}))


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (None, "gone"),
        (replace(HERE, run_id=OTHER_RUN), "changed_since"),
        (replace(HERE, run_id=None), "changed_since"),
        (replace(HERE, ahead=False), "nothing_ahead"),
        (replace(HERE, item_id=SERIES, with_others=True), "of_series"),
    ],
)
def test_what_came_and_is_not_as_the_sync_left_it_stays(event: Event | None, code: str) -> None:
    events = [event] if event else []

    assert told(came(), there=there(*events)) == [("", (), code)]


def test_a_series_is_ignored_once() -> None:
    both = [replace(HERE, item_id=SERIES), replace(HERE, id=SECOND, item_id=SERIES)]

    found = undoing.plan([came(1), came(2, SECOND)], there(*both))

    assert [step.does for step in found.steps] == ["is ignored", "is ignored with its series"]
    assert [step.acts for step in found.steps] == [(Ignore(EVENT),), ()]
    assert found.left == 0


def test_what_went_is_held_again_where_nothing_takes_it() -> None:
    by = taken(4, 5, UUID(int=77), "booking 7KQ2M9XA")

    assert told(went(), there=there(taken=(by,))) == [
        ("3 nights of Room 1 are held again", (Hold(ROOM, nights(3, 4)), Hold(ROOM, nights(5, 7))), None)
    ]


def test_what_went_and_is_taken_by_now_says_by_whom() -> None:
    by = taken(0, 9, UUID(int=77), "booking 7KQ2M9XA")
    (step,) = undoing.plan([went()], there(taken=(by,))).steps

    assert step.why is not None
    assert step.why.message == "taken already, by booking 7KQ2M9XA"


def test_what_is_over_is_not_held_again() -> None:
    assert told(went(1, -30, -20), there=there()) == [("", (), "nothing_ahead")]
    assert told(went(1, -13, -9), there=there()) == [
        ("2 nights of Room 1 are held again", (Hold(ROOM, nights(-11, -9)),), None)
    ], "tonight, the 20th of June, lies ahead"


def test_a_unit_that_is_not_there_any_more_holds_nothing() -> None:
    assert told(went(1, 3, 7, UUID(int=999)), there=there()) == [("", (), "nothing_ahead")]


def test_what_changed_is_ignored_and_held_as_it_was() -> None:
    assert told(moved(), there=there(HERE)) == [
        (
            "is ignored, and 4 nights of Room 1 are held again",
            (Ignore(EVENT), Hold(ROOM, nights(3, 7))),
            None,
        )
    ]


def test_what_an_event_had_until_it_found_a_unit_is_held_again_and_else_it_is_no_step() -> None:
    row = Changed(UUID(int=1), "external_event", EVENT, "placed", said(3, 7, ROOM), said(3, 7))
    by = taken(0, 9, UUID(int=77), "booking 7KQ2M9XA")

    assert [acts for _, acts, _ in told(row, there=there(HERE))] == [(Hold(ROOM, nights(3, 7)),)]
    assert undoing.plan([row], there(HERE, taken=(by,))) == undoing.Plan()


def test_what_an_event_left_behind_a_moment_ago_is_kept() -> None:
    rest = taken(3, 7, SECOND, "Seaside Rentals")

    assert told(moved(), there=there(HERE, taken=(rest,), waiting=frozenset({SECOND}))) == [
        ("is ignored, and what was left of it stays", (Ignore(EVENT), Keep(SECOND)), None)
    ]


def test_a_change_that_is_older_than_the_log_of_what_it_took_is_left() -> None:
    for row in (moved(), went()):
        before = {name: value for name, value in (row.before or {}).items() if name != logged.TAKES}
        assert told(replace(row, before=before), there=there(HERE)) == [("", (), "untold")]


def test_time_of_an_event_that_will_be_ignored_counts_as_free() -> None:
    """Whichever of the two is undone first."""
    by = taken(3, 7, EVENT, "Seaside Rentals")

    for rows in ([went(1), came(2)], [came(1), went(2)]):
        found = undoing.plan(rows, there(HERE, taken=(by,)))
        acts = [act for step in found.steps for act in step.acts]
        assert Hold(ROOM, nights(3, 7)) in acts
        assert Ignore(EVENT) in acts


def test_hours_are_held_from_now_on() -> None:
    whole = Period(NOW - timedelta(hours=3), NOW + timedelta(hours=3))
    busy = Period(NOW + timedelta(hours=1), NOW + timedelta(hours=2))

    assert free(CAR, whole, [busy], NOW) == (hours(0, 1), hours(2, 3))


SPANS = st.tuples(st.integers(-15, 20), st.integers(1, 8)).map(lambda one: (one[0], one[0] + one[1]))


WENT_ON = st.lists(st.tuples(SPANS, st.sampled_from(ROOMS)), max_size=6)


@given(went_on=WENT_ON, busy=st.lists(SPANS, max_size=5))
def test_nothing_is_held_twice_nor_over_anything_and_all_else_of_it_is(
    went_on: list[tuple[tuple[int, int], Offer]], busy: list[tuple[int, int]]
) -> None:
    rows = [went(n, *span, offer.unit.id) for n, (span, offer) in enumerate(went_on)]
    took = tuple(taken(*span, UUID(int=77), "booking 7KQ2M9XA") for span in busy)

    held = list(_held(undoing.plan(rows, there(taken=took))))

    sold = {night for span in busy for night in nights(*span)}
    today = NOW.astimezone(MADRID).date()
    wanted = {
        (offer.unit.id, night)
        for span, offer in went_on
        for night in nights(*span)
        if night >= today and not (offer.unit.id == ROOM and night in sold)
    }
    assert len(held) == len(set(held))
    assert set(held) == wanted


@given(went_on=WENT_ON)
def test_what_is_undone_once_has_nothing_left_to_undo(went_on: list[tuple[tuple[int, int], Offer]]) -> None:
    rows = [came(100), *(went(n, *span, offer.unit.id) for n, (span, offer) in enumerate(went_on))]
    first = undoing.plan(rows, there(HERE))
    holds = [act for step in first.steps for act in step.acts if isinstance(act, Hold)]
    ours = tuple(
        Taken(one.unit_id, occupied(one.span, MADRID), Cause.BLACKOUT, UUID(int=1000 + n), "a blackout")
        for n, one in enumerate(holds)
    )

    second = undoing.plan(rows, there(replace(HERE, ahead=False), taken=ours))

    assert [step.acts for step in second.steps] == [()] * len(second.steps)
    assert second.left == len(rows)


def _held(found: undoing.Plan) -> Iterator[tuple[UUID, date]]:
    for step in found.steps:
        for act in step.acts:
            assert isinstance(act, Hold)
            assert isinstance(act.span, Nights)
            yield from ((act.unit_id, night) for night in act.span)
