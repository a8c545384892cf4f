"""What is done about events of an undone sync, and laws of it: never twice, never over anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.availability import Cause, Taken
from hub.domain.offers import Offer
from hub.domain.periods import Nights, Period, occupied
from hub.errors import Reason
from sync.planning import logged, undoing
from sync.planning.held_again import free
from sync.planning.undone import (
    Event,
    Hold,
    Ignore,
    Keep,
    Step,
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
    assert step.acts == (Ignore(EVENT),)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (None, "gone"),
        (replace(HERE, run_id=OTHER_RUN), "changed_since"),
        (replace(HERE, run_id=None), "changed_since"),
        (replace(HERE, ahead=False), "nothing_ahead"),
        (replace(HERE, ahead=False, ignored=True), "ignored"),
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


def test_one_change_of_a_series_takes_along_what_else_the_sync_changed_of_it() -> None:
    """All of the series is ignored, so what another event of it had before must be held again."""
    both = there(*(replace(HERE, id=one, item_id=SERIES) for one in (EVENT, SECOND)))
    rows = (moved(3, SECOND), came(2), went(1))

    meant = undoing.with_series(rows, both, {UUID(int=2)})

    assert meant == [rows[0], rows[1]]
    assert [step.does for step in undoing.plan(meant, both).steps] == [
        "is ignored, and 4 nights of Room 1 are held again",
        "is ignored with its series",
    ]
    assert undoing.with_series(rows, both, {UUID(int=1)}) == [rows[2]]


@pytest.mark.parametrize(
    "named",
    [
        HERE,
        replace(HERE, item_id=SERIES, ahead=False),
        replace(HERE, item_id=SERIES, with_others=True),
        replace(HERE, item_id=SERIES, run_id=OTHER_RUN),
    ],
    ids=["of none", "over", "with others", "changed since"],
)
def test_one_change_that_has_no_series_ignored_takes_nothing_along(named: Event) -> None:
    found = there(named, replace(HERE, id=SECOND, item_id=SERIES))
    rows = (came(2, SECOND), came(1))

    assert undoing.with_series(rows, found, {UUID(int=1)}) == [rows[1]]


def test_what_comes_after_a_refused_step_knows_what_was_done_and_what_was_not() -> None:
    """The series is ignored by then, and nights that are not held are free for another."""
    both = there(*(replace(HERE, id=one, item_id=SERIES) for one in (EVENT, SECOND)))
    rows = (came(4), went(3), went(2), came(1, SECOND))

    found = undoing.plan(rows, both, refusing(3))

    assert [step.does for step in found.steps] == [
        "is ignored",
        *["4 nights of Room 1 are held again"] * 2,
        "is ignored with its series",
    ]
    assert ({one.int for one in found.refused}, found.left) == ({3}, 1)


def test_an_event_that_could_not_be_ignored_takes_its_time_still() -> None:
    by = taken(3, 7, EVENT, "Seaside Rentals")
    rows = (came(2), went(1))

    found = undoing.plan(rows, there(HERE, taken=(by,)), refusing(2))

    assert [step.why.code if step.why else None for step in found.steps] == [None, "taken"]
    assert found.left == 2


def test_a_series_that_could_not_be_ignored_is_tried_with_its_next_event_and_takes_its_time_until_then() -> (
    None
):
    both = there(
        *(replace(HERE, id=one, item_id=SERIES) for one in (EVENT, SECOND)),
        taken=(taken(3, 7, SECOND, "Seaside Rentals"),),
    )

    found = undoing.plan((came(3), went(2), came(1, SECOND)), both, refusing(3))

    assert [step.acts for step in found.steps] == [(Ignore(EVENT),), (), (Ignore(SECOND),)]


def test_a_step_that_is_refused_takes_its_turn_like_one_that_is_done() -> None:
    """Or a sync of which everything is refused would be tried to its end under the locks of a property."""
    tried: list[int] = []

    def take(step: Step) -> Reason:
        tried.append(step.change_id.int)
        return Reason("no", "it cannot be")

    found = undoing.plan([went(n, 2 * n, 2 * n + 1) for n in range(7)], there(), take, most=3)

    assert tried == [0, 1, 2]
    assert (len(found.steps), found.left, found.more) == (3, 3, 4)


def refusing(number: int) -> Callable[[Step], Reason | None]:
    return lambda step: Reason("no", "it cannot be") if step.change_id.int == number else None


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
    assert told(went(1, 3, 7, UUID(int=999)), there=there()) == [("", (), "gone")]
    assert told(went(1, -30, -20, UUID(int=999)), there=there()) == [("", (), "nothing_ahead")]


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
