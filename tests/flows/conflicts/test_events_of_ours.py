"""An event of ours that people change in its calendar while we change it here: whoever began."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.periods import Nights
from hub.models.external import ConflictRecord
from tests.flows.conflicts.playing import span, whole
from tests.sync.channels import Synced

HERE, THERE = span(30, 33), span(40, 44)


def settled(both: Synced) -> list[ConflictRecord]:
    return [one for one in both.conflicts("closed") if one.sync_item_id is not None]


def kinds(rows: list[ConflictRecord]) -> list[str]:
    return [row.type for row in rows]


def shown(both: Synced) -> list[Any]:
    return [(start, end) for start, end, _ in both.there.shown()]


def days(nights: Nights) -> tuple[str, str]:
    return nights.arrival.isoformat(), nights.departure.isoformat()


@pytest.mark.parametrize("sold", ["before it is moved there", "after it was moved there"])
def test_a_move_onto_nights_that_are_sold(both: Synced, sold: str) -> None:
    """REMOTE_MOVE_REJECTED: put back, and told."""
    booked = both.book(HERE)
    both.rest()
    event = both.there.only()
    if sold == "before it is moved there":
        both.book(THERE)
        both.there.person.shift(event, whole(40, 44))
    else:
        both.there.person.shift(event, whole(40, 44))
        both.book(THERE)
    both.rest()

    assert kinds(settled(both)) == ["REMOTE_MOVE_REJECTED"]
    assert both.conflicts() == [], "it is settled already"
    assert both.nights(booked) == [(HERE.arrival, HERE.departure)]
    assert shown(both) == [days(HERE), days(THERE)]


@pytest.mark.parametrize("first", ["here", "there"])
def test_both_sides_move_it(both: Synced, first: str) -> None:
    """BOTH_CHANGED: ours is kept, and theirs can be read."""
    booked = both.book(HERE)
    both.rest()
    event = both.there.only()
    if first == "here":
        both.move(booked, THERE)
        both.there.person.shift(event, whole(50, 53))
    else:
        both.there.person.shift(event, whole(50, 53))
        both.move(booked, THERE)
    both.rest()

    (conflict,) = settled(both)
    assert conflict.type == "BOTH_CHANGED"
    assert conflict.local["source"] == "hub"
    assert conflict.remote["source"] == conflict.remote["channel"]
    assert shown(both) == [days(THERE)]


def test_it_is_deleted_there_and_moved_here(both: Synced) -> None:
    """DELETE_VS_EDIT: created again as it is here."""
    booked = both.book(HERE)
    both.rest()
    both.there.person.delete(both.there.only())
    both.move(booked, THERE)
    both.rest()

    assert "DELETE_VS_EDIT" in kinds(settled(both))
    assert shown(both) == [days(THERE)]


def test_it_is_cancelled_here_and_moved_there(both: Synced) -> None:
    """DELETE_VS_EDIT, the other way: deleted, as it is gone here."""
    booked = both.book(HERE)
    both.rest()
    both.there.person.shift(both.there.only(), whole(50, 53))
    both.cancel(booked)
    both.rest()

    assert kinds(settled(both)) == ["DELETE_VS_EDIT"]
    assert shown(both) == []


def test_it_is_deleted_there_and_stands_here(both: Synced) -> None:
    """MIRROR_DELETED: put back; open until a person has looked, or the booking goes."""
    booked = both.book(HERE)
    both.rest()
    both.there.person.delete(both.there.only())
    both.rest()

    (conflict,) = both.conflicts()
    assert (conflict.type, conflict.booking_id) == ("MIRROR_DELETED", booked.booking.id)
    assert shown(both) == [days(HERE)]

    both.cancel(booked)
    both.rest()
    assert both.conflicts() == []


@pytest.mark.parametrize("state", ["ignored", "accepted"])
def test_what_a_person_put_aside_is_open_again_when_it_is_deleted_again(both: Synced, state: str) -> None:
    both.book(HERE)
    both.rest()
    both.there.person.delete(both.there.only())
    both.rest()
    (conflict,) = both.conflicts()
    both.do(lambda session: _sets(session, conflict, state))

    both.there.person.delete(both.there.only())
    both.rest()

    (again,) = both.conflicts()
    assert (again.id, again.state) == (conflict.id, "open")


@pytest.mark.parametrize("state", ["ignored", "accepted"])
def test_what_a_person_put_aside_closes_when_its_cause_goes(both: Synced, state: str) -> None:
    booked = both.book(HERE)
    both.rest()
    both.there.person.delete(both.there.only())
    both.rest()
    (conflict,) = both.conflicts()
    both.do(lambda session: _sets(session, conflict, state))

    both.cancel(booked)
    both.rest()

    assert both.conflicts(state) == []
    assert kinds(both.conflicts("closed")) == ["MIRROR_DELETED"]


def _sets(session: Any, conflict: ConflictRecord, state: str) -> None:
    row = session.get_one(ConflictRecord, (conflict.organization_id, conflict.id))
    row.state = state
