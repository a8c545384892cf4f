"""What is done about bookings and blackouts of an undone sync, and how all of it is told."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hub.domain.availability import Cause
from sync.planning import undoing
from sync.planning import undoing_words as words
from sync.planning.undone import (
    Act,
    ChangeBack,
    CloseAgain,
    Closure,
    Hold,
    Ignore,
    Keep,
    MoveBack,
    Place,
    Stay,
)
from tests.sync.planning.undone import (
    BLACKOUT,
    BOOKING,
    CAR,
    EVENT,
    HERE,
    ITEM,
    OTHER,
    ROOM,
    SECOND,
    Changed,
    at_item,
    booking_moved,
    came,
    closed,
    hours,
    nights,
    taken,
    there,
    told,
    went,
)


def test_a_booking_goes_back_step_by_step_the_latest_first() -> None:
    first = booking_moved(1, (ROOM, 3, 7), (OTHER, 3, 7))
    second = booking_moved(2, (OTHER, 3, 7), (OTHER, 13, 17))
    now = Stay("7KQ2M9XA", (Place(ITEM, OTHER, nights(13, 17)),))

    found = undoing.plan([second, first], there(stays={BOOKING: now}))

    assert [step.acts for step in found.steps] == [
        (MoveBack(BOOKING, (Place(ITEM, OTHER, nights(3, 7)),)),),
        (MoveBack(BOOKING, (Place(ITEM, ROOM, nights(3, 7)),), frozenset({ITEM})),),
    ]
    assert found.steps[0].what == "7KQ2M9XA moved: 4-8 July, Room 2, now 14-18 July, Room 2"
    assert found.steps[1].does == "goes back to 4-8 July, Room 1"


def test_a_booking_that_any_unit_of_its_type_would_do_for_goes_back_unpinned() -> None:
    now = {BOOKING: Stay("7KQ2M9XA", (Place(ITEM, OTHER, nights(3, 7)),))}
    moved = booking_moved(1, (ROOM, 3, 7), (OTHER, 3, 7))
    shifted = booking_moved(1, (OTHER, 1, 5), (OTHER, 3, 7))
    before = moved.before or {}
    pinned = replace(moved, before=before | {"items": [before["items"][0] | {"pinned": True}]})

    back = [told(row, there=there(stays=now))[0][1][0] for row in (moved, shifted, pinned)]

    assert [one.loose for one in back if isinstance(one, MoveBack)] == [{ITEM}, set(), set()], (
        "where it stays in its unit nothing is said of that"
    )


def test_a_booking_that_is_elsewhere_by_now_stays() -> None:
    row = booking_moved(1, (ROOM, 3, 7), (OTHER, 3, 7))
    elsewhere = Stay("7KQ2M9XA", (Place(ITEM, OTHER, nights(3, 8)),))

    for stays in ({BOOKING: elsewhere}, {}):
        assert [code for _, _, code in told(row, there=there(stays=stays))] == ["changed_since"]


def test_a_booking_that_is_where_it_was_is_told_to_be_back_already() -> None:
    row = booking_moved(1, (ROOM, 3, 7), (ROOM, 5, 9))
    back = Stay("7KQ2M9XA", (Place(ITEM, ROOM, nights(3, 7)),))

    assert [code for _, _, code in told(row, there=there(stays={BOOKING: back}))] == ["back"]


def test_a_booking_whose_nights_were_sold_since_stays_but_not_for_its_own_sake() -> None:
    back = booking_moved(1, (ROOM, 3, 7), (ROOM, 5, 9))
    now = {BOOKING: Stay("7KQ2M9XA", (Place(ITEM, ROOM, nights(5, 9)),))}
    own = replace(taken(5, 9, ITEM, "booking 7KQ2M9XA"), cause=Cause.BOOKING)
    sold = replace(taken(3, 4, SECOND, "booking 2222AAAA"), cause=Cause.BOOKING)

    alone = told(back, there=there(stays=now, taken=(own,)))
    against = told(back, there=there(stays=now, taken=(own, sold)))

    assert [code for _, _, code in (*alone, *against)] == [None, "taken"]


def test_nights_to_which_a_booking_goes_back_are_not_held_as_well() -> None:
    back = booking_moved(2, (ROOM, 3, 5), (OTHER, 3, 5))
    now = Stay("7KQ2M9XA", (Place(ITEM, OTHER, nights(3, 5)),))

    _, (_, acts, _) = told(back, went(1), there=there(stays={BOOKING: now}))

    assert acts == (Hold(ROOM, nights(5, 7)),)


def test_a_hold_that_was_given_up_says_what_to_do() -> None:
    row = Changed(UUID(int=1), "booking", BOOKING, "cancelled", at_item(ROOM, 3, 7), at_item(ROOM, 3, 7))
    (step,) = undoing.plan([row], there()).steps

    assert step.what == "7KQ2M9XA cancelled: 4-8 July, Room 1"
    assert step.why is not None
    assert "book it anew" in step.why.message


def test_a_blackout_goes_back_or_is_there_again() -> None:
    changed = Changed(UUID(int=1), "blackout", BLACKOUT, "changed", closed(3, 7), closed(13, 17))
    removed = Changed(UUID(int=2), "blackout", BLACKOUT, "removed", closed(3, 7))
    now = {BLACKOUT: Closure(ROOM, nights(13, 17), "maintenance")}
    before = Closure(ROOM, nights(3, 7), "maintenance")

    assert [acts for _, acts, _ in told(changed, there=there(closures=now))] == [
        (ChangeBack(BLACKOUT, before),)
    ]
    assert [acts for _, acts, _ in told(removed, there=there())] == [(CloseAgain(before),)]
    assert [code for _, _, code in told(changed, there=there())] == ["changed_since"]


def test_a_blackout_comes_back_over_what_a_channel_says_and_never_over_what_we_sold() -> None:
    removed = Changed(UUID(int=2), "blackout", BLACKOUT, "removed", closed(3, 7))
    by = taken(4, 5, UUID(int=77), "Seaside Rentals")

    assert [code for _, _, code in told(removed, there=there(taken=(by,)))] == [None]
    sold = replace(by, cause=Cause.BOOKING)
    assert [code for _, _, code in told(removed, there=there(taken=(sold,)))] == ["taken"]


def test_what_has_nothing_to_undo_by_itself_is_no_step() -> None:
    for entity, action in (("external_event", "slid"), ("external_event", "missing"), ("conflict", "opened")):
        assert undoing.plan([Changed(UUID(int=1), entity, EVENT, action)], there(HERE)) == undoing.Plan()


def test_so_many_steps_are_taken_at_a_time_and_the_rest_is_counted() -> None:
    rows = [went(n, 2 * n, 2 * n + 1) for n in range(7)]

    found = undoing.plan(rows, there(), most=5)

    assert (len(found.steps), found.more, found.left) == (5, 2, 0)
    assert words.headline([act for step in found.steps for act in step.acts], 0, found.more) == (
        "5 nights held again, 2 more: undo again"
    )


def test_changes_of_which_nothing_can_be_undone_are_told_so_far_and_counted_all() -> None:
    found = undoing.plan([came(n) for n in range(9)], there(), most=5)

    assert (len(found.steps), found.left, found.more) == (5, 9, 0)


def test_the_headline_says_all_of_it_in_one_line() -> None:
    acts: list[Act] = [
        *(
            Ignore(EVENT),
            Ignore(SECOND),
            Keep(SECOND),
            Hold(ROOM, nights(3, 6)),
            Hold(CAR.unit.id, hours(1, 3)),
        ),
        *(MoveBack(BOOKING, ()), CloseAgain(Closure(ROOM, nights(3, 6), "closed"))),
    ]

    assert words.headline(acts, 1, 0) == (
        "2 events ignored, 3 nights held again, 2 hours held again, 1 booking moved back,"
        " 1 blackout put back, 1 kept, 1 left"
    )
    assert words.headline([], 0, 0) == "nothing to undo"
