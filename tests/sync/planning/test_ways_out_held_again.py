"""A blackout that undoing a sync made, and the event that its channel tells again: what is offered first."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from hub.domain.availability import Cause, Taken
from hub.domain.periods import LetBy, Nights, occupied
from sync.planning.stakes import Action, Closure, Facts, Kind
from sync.planning.ways_out import offered, told_again
from tests.sync.planning.test_ways_out import (
    EVENT,
    MADRID,
    ME,
    ROOMS,
    actions,
    an_event,
    facts,
    nights,
)

OTHER_LEAF = UUID(int=77)


def told(span: Nights, owner: UUID = EVENT, leaf: UUID = ROOMS[0].unit.id) -> Taken:
    return Taken(leaf, occupied(span, MADRID), Cause.EXTERNAL, owner, "Seaside")


def a_clash(*rows: Taken, held_again: bool = True, **more: object) -> Facts:
    """Of nights 1 to 3 that were held again, in a calendar of all rooms."""
    ours = Closure(ME, "closed", nights(1, 4), ROOMS[0], held_again)
    return facts(*rows, **{"kind": Kind.BLACKOUT, "closure": ours, "event": an_event(scope=ROOMS), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("takes", [nights(1, 4), nights(0, 6)], ids=["the same nights", "more nights"])
def test_where_the_event_takes_all_of_it_removing_the_blackout_comes_first(takes: Nights) -> None:
    first = offered(a_clash(told(takes)))[0]

    assert (first.action, first.parameters) == (Action.REMOVE_BLACKOUT, {})
    assert first.words == "remove the blackout of Room 1: the channel tells again what it holds"


def test_a_blackout_of_a_person_gives_way_as_ever() -> None:
    usual = offered(a_clash(told(nights(1, 4)), held_again=False))

    assert [way.action for way in usual] == sorted(
        (way.action for way in usual),
        key=[
            *(Action.MOVE_EVENT, Action.MOVE_BLACKOUT, Action.REMOVE_BLACKOUT),
            *(Action.IGNORE_EVENT, Action.ACCEPT, Action.IGNORE),
        ].index,
    )
    (removal,) = (way for way in usual if way.action is Action.REMOVE_BLACKOUT)
    assert removal.words == "remove the blackout of Room 1"


def test_all_else_is_offered_as_ever_after_it() -> None:
    again, usual = (actions(a_clash(told(nights(1, 4)), held_again=one)) for one in (True, False))

    assert again[1:] == [one for one in usual if one is not Action.REMOVE_BLACKOUT]


@pytest.mark.parametrize(
    "rows",
    [
        (told(nights(1, 3)),),
        (told(nights(2, 4)),),
        (told(nights(1, 2)), told(nights(3, 4))),
        (told(nights(1, 3)), told(nights(3, 4), UUID(int=98))),
        (),
    ],
    ids=["all but the last", "all but the first", "but one between", "the rest is another's", "nothing"],
)
def test_where_removing_it_would_free_a_night_it_does_not_come_first(rows: tuple[Taken, ...]) -> None:
    found = a_clash(*rows)

    assert not told_again(found)
    assert actions(found)[0] is Action.MOVE_EVENT


def test_an_event_that_only_waits_to_be_freed_does_not_hold_it() -> None:
    assert not told_again(a_clash(told(nights(1, 4)), event=an_event(scope=ROOMS, untold=True)))
    assert told_again(a_clash(told(nights(1, 4))))


def test_of_a_unit_of_several_parts_all_must_be_taken() -> None:
    whole = replace(ROOMS[0].unit, leaves=frozenset({ROOMS[0].unit.id, OTHER_LEAF}), let_by=LetBy.NIGHT)
    ours = Closure(ME, "closed", nights(1, 4), replace(ROOMS[0], unit=whole), True)

    assert not told_again(a_clash(told(nights(1, 4)), closure=ours))
    assert told_again(a_clash(told(nights(1, 4)), told(nights(1, 4), leaf=OTHER_LEAF), closure=ours))
