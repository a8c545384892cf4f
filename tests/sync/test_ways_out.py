"""Each way out of a conflict, taken: inventory, feeds to other channels and the inbox agree after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.database import actor_of
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.models.bookings import Blackout
from hub.queries import changes as changes_query
from hub.services import rebooking
from hub.services.bookings import Booked
from hub.services.rebooking import MoveRequest
from sync.planning.stakes import Action
from sync.relay import relay
from tests import factories
from tests.sync.calendars import day, nights, noon
from tests.sync.importing import Importer
from tests.sync.standoffs import (
    a_stay,
    again,
    close,
    of,
    only,
    resolve,
    standing,
    status_of,
    told_elsewhere,
    unit_of,
    ways,
)

pytestmark = pytest.mark.usefixtures("morning")


def run(importer: Importer, work: Callable[[Session], Booked]) -> Booked:
    return importer.runtime.database.transact(importer.organization_id, work)


def exported(importer: Importer, unit: int) -> UUID:
    return importer.link(feed="/out.ics", direction="export", name="Elsewhere", unit_id=importer.units[unit])


def test_what_is_possible_is_offered_the_best_first(importer: Importer, booked: Booked) -> None:
    found = ways(importer, only(importer))

    reference = booked.booking.reference
    assert [(way.action, way.words) for way in found] == [
        (Action.MOVE_BOOKING, f"move {reference} to Room 2, which is free for all of it"),
        (Action.CANCEL_BOOKING, f"cancel {reference}"),
        (
            Action.IGNORE_EVENT,
            "leave the event at Seaside Rentals out: it takes nothing any more until it changes there",
        ),
        (Action.ACCEPT, "accept the overbooking, and live with it while it lasts"),
        (Action.IGNORE, "put it aside until one of the sides changes"),
    ]
    assert found[0].parameters == {"unit_id": str(importer.units[1])}


def test_a_booking_moves_to_a_free_unit(importer: Importer, booked: Booked) -> None:
    rooms = exported(importer, 0), exported(importer, 1)
    conflict = only(importer)

    settled = resolve(importer, conflict, Action.MOVE_BOOKING, unit_id=importer.units[1])

    assert (settled.state, settled.resolution) == (
        "closed",
        f"{booked.booking.reference} was moved to Room 2",
    )
    assert unit_of(importer, booked) == importer.units[1]
    told = [told_elsewhere(importer, link) for link in rooms]
    assert told == [[(day(20), day(23))], [(day(21), day(25))]]
    assert standing(importer) == []
    assert again(importer, conflict).resolution == settled.resolution, "and the relay leaves it so"


def test_a_booking_moves_to_another_type_where_its_own_is_full(importer: Importer, booked: Booked) -> None:
    def work(session: Session) -> UUID:
        kind = factories.a_unit_type(session, importer.property_id, name="Suite", capacity=4)
        return factories.a_unit(session, kind.id, "Suite 1").id

    suite = importer.do(work)
    importer.book(a_stay(), importer.units[1])

    (way,) = of(ways(importer, only(importer)), Action.MOVE_BOOKING)

    assert way.words.endswith("to Suite 1 (Suite), which is free for all of it")
    resolve(importer, only(importer), Action.MOVE_BOOKING, unit_id=suite)
    assert unit_of(importer, booked) == suite


def test_a_booking_is_cancelled(importer: Importer, booked: Booked) -> None:
    room = exported(importer, 0)

    settled = resolve(importer, only(importer), Action.CANCEL_BOOKING, reason="sold twice")

    assert settled.resolution == f"{booked.booking.reference} was cancelled"
    assert status_of(importer, booked) == Status.CANCELLED
    assert told_elsewhere(importer, room) == [(day(20), day(23))]
    assert standing(importer) == []


def test_the_change_log_says_who_took_which_way_out_and_nothing_of_the_reason(
    importer: Importer, booked: Booked
) -> None:
    conflict = only(importer)
    resolve(importer, conflict, Action.CANCEL_BOOKING, reason="Mrs Grünwald called")

    def work(session: Session) -> None:
        change = changes_query.last(session, "conflict", conflict.id, "resolved")
        assert change is not None
        assert change.after is not None
        assert change.after["action"] == "cancel_booking"
        assert change.actor_kind == actor_of(session).kind
        assert change.property_id == importer.property_id
        assert "Grünwald" not in str(change.after)

    importer.do(work)


def test_a_blackout_moves_to_the_nearest_span_that_is_free(importer: Importer) -> None:
    blackout = close(importer, Nights(day(20), day(22)), importer.units[0])
    importer.book(Nights(day(23), day(24)), importer.units[0])
    importer.says(nights("a", day(21), day(23)))
    importer.pull(importer.link())
    room = exported(importer, 0)
    conflict = only(importer)

    (way,) = of(ways(importer, conflict), Action.MOVE_BLACKOUT)
    assert way.parameters == {"arrival": str(day(19)), "departure": str(day(21))}, "a day earlier is free"
    there = Nights(day(19), day(21))
    settled = resolve(importer, conflict, Action.MOVE_BLACKOUT, span=there)

    assert settled.resolution == f"the blackout was moved to Room 1, {day(19)} to {day(21)}"
    key = (importer.organization_id, blackout.id)
    row = importer.do(lambda session: session.get_one(Blackout, key))
    assert (row.arrival, row.departure, row.note_sealed is None) == (day(19), day(21), False)
    assert told_elsewhere(importer, room) == [(day(19), day(21)), (day(21), day(23)), (day(23), day(24))]
    assert standing(importer) == []


def test_an_owners_stay_moves_to_another_unit_and_a_repair_does_not(importer: Importer) -> None:
    importer.says(nights("a", day(21), day(23)))
    close(importer, Nights(day(20), day(22)), importer.units[0], "owner_stay")
    importer.pull(importer.link())

    found = of(ways(importer, only(importer)), Action.MOVE_BLACKOUT)
    assert found[-1].parameters == {"unit_id": str(importer.units[1])}
    resolve(importer, only(importer), Action.MOVE_BLACKOUT, unit_id=importer.units[1])

    relay(importer.runtime)
    assert standing(importer) == []
    taken = importer.run_sql("SELECT unit_id FROM allocations").scalars().all()
    assert taken == [importer.units[1]]


def test_a_blackout_is_removed(importer: Importer) -> None:
    importer.says(nights("a", day(21), day(23)))
    close(importer, Nights(day(20), day(22)), importer.units[0])
    importer.pull(importer.link())

    settled = resolve(importer, only(importer), Action.REMOVE_BLACKOUT)

    assert settled.resolution == "the blackout of Room 1 was removed"
    assert importer.run_sql("SELECT count(*) FROM blackouts").scalar() == 0
    relay(importer.runtime)
    assert standing(importer) == []


def test_the_same_stay_is_counted_once_until_somebody_says_otherwise(importer: Importer) -> None:
    booked = importer.book(a_stay(), importer.units[0])
    importer.says(nights("a", day(21), day(24)))
    link = importer.link()
    importer.pull(link)
    conflict = only(importer)

    resolve(importer, conflict, Action.SAME_STAY)
    relay(importer.runtime)
    importer.pull(link)

    assert standing(importer) == []
    assert status_of(importer, booked) == Status.CONFIRMED
    assert importer.periods(link) == [(noon(21), noon(24))], "what the channel says still takes its nights"
    closed = again(importer, conflict)
    assert closed.state == "closed"
    assert [way.action for way in ways(importer, closed)] == [Action.SEPARATE]

    resolve(importer, closed, Action.SEPARATE)
    relay(importer.runtime)

    assert only(importer).id == conflict.id
    assert only(importer).state == "open"


def test_a_booking_that_is_the_same_stay_may_change_its_dates(importer: Importer) -> None:
    booked = importer.book(a_stay(), importer.units[0])
    importer.says(nights("a", day(21), day(24)))
    importer.pull(importer.link())
    longer = MoveRequest(booked.items[0].id, span=Nights(day(21), day(26)))
    move = partial(rebooking.move, booking_id=booked.booking.id, requests=[longer])
    with pytest.raises(Conflict, match="sold out"):
        run(importer, move)

    resolve(importer, only(importer), Action.SAME_STAY)
    assert run(importer, move).items[0].departure == day(26)
    relay(importer.runtime)
    assert standing(importer) == []

    other = importer.book(Nights(day(27), day(28)), importer.units[0])
    elsewhere = MoveRequest(other.items[0].id, span=Nights(day(23), day(24)))
    with pytest.raises(Conflict, match="sold out"):
        run(importer, partial(rebooking.move, booking_id=other.booking.id, requests=[elsewhere]))


def test_stays_that_only_overlap_are_not_offered_as_the_same(importer: Importer, booked: Booked) -> None:
    assert of(ways(importer, only(importer)), Action.SAME_STAY) == []
    with pytest.raises(Conflict, match="do not begin or end together"):
        resolve(importer, only(importer), Action.SAME_STAY)


def test_an_overbooking_is_accepted_and_closes_when_it_is_gone(importer: Importer, booked: Booked) -> None:
    conflict = only(importer)

    accepted = resolve(importer, conflict, Action.ACCEPT)
    relay(importer.runtime)

    assert (accepted.state, again(importer, conflict).state) == ("accepted", "accepted")
    assert of(ways(importer, accepted), Action.ACCEPT) == []
    assert of(ways(importer, accepted), Action.MOVE_BOOKING), "who changes their mind may"
    importer.cancel(booked)
    relay(importer.runtime)
    assert again(importer, conflict).state == "closed"


def test_what_is_put_aside_is_open_again_once_a_side_changes(importer: Importer) -> None:
    importer.book(a_stay(), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    conflict = only(importer)

    assert resolve(importer, conflict, Action.IGNORE).state == "ignored"
    importer.pull(link)
    assert again(importer, conflict).state == "ignored"

    importer.says(nights("a", day(20), day(24)))
    importer.pull(link)
    assert again(importer, conflict).state == "open"
    assert resolve(importer, conflict, Action.IGNORE).state == "ignored", "which is another word than before"


def test_an_event_of_a_type_is_counted_against_another_unit(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    (had,) = importer.blocks(link)
    other = next(unit for unit in importer.units if unit != had.unit_id)
    blackout = close(importer, Nights(day(20), day(22)), had.unit_id or other)
    relay(importer.runtime)
    conflict = only(importer)
    assert conflict.blackout_id == blackout.id

    assert ways(importer, conflict)[0].action is Action.MOVE_EVENT
    resolve(importer, conflict, Action.MOVE_EVENT, unit_id=other)
    relay(importer.runtime)

    assert [block.unit_id for block in importer.blocks(link)] == [other]
    assert standing(importer) == []
    importer.says(nights("a", day(20), day(23)), nights("b", day(40), day(42)))
    importer.pull(link)
    assert importer.blocks(link)[0].unit_id == other, "and there it stays"


def test_of_two_channels_the_one_that_speaks_of_a_type_gives_way(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    of_type = importer.link(unit_type_id=importer.unit_type_id, name="Agency")
    importer.pull(of_type)
    (had,) = importer.blocks(of_type)
    importer.says(nights("b", day(21), day(24)), feed="/b.ics")
    direct = importer.link(feed="/b.ics", unit_id=had.unit_id, name="Seaside Rentals")
    importer.pull(direct)
    conflict = only(importer)
    other = next(unit for unit in importer.units if unit != had.unit_id)

    (way,) = of(ways(importer, conflict), Action.MOVE_EVENT)
    resolve(importer, conflict, Action.MOVE_EVENT, unit_id=other, event_id=UUID(way.parameters["event_id"]))
    relay(importer.runtime)

    assert [block.unit_id for block in importer.blocks(of_type)] == [other]
    assert standing(importer) == []
