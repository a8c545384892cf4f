"""An event that is the very stay of a booking, as a person said: until one of them changes alone."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.models.external import ConflictRecord
from hub.models.records import Change
from hub.services import rebooking
from hub.services.bookings import Booked
from hub.services.rebooking import MoveRequest
from sync.planning.stakes import Action
from sync.relay import relay
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.standoffs import a_stay, again, of, only, resolve, standing, ways

pytestmark = pytest.mark.usefixtures("morning")


@pytest.fixture
def stay(importer: Importer) -> Booked:
    """Days 21 to 25, and at the channel 21 to 24."""
    return importer.book(a_stay(), importer.units[0])


@pytest.fixture
def link(importer: Importer, stay: Booked) -> UUID:
    importer.says(nights("a", day(21), day(24)))
    link = importer.link()
    importer.pull(link)
    return link


@pytest.fixture
def same(importer: Importer, link: UUID) -> ConflictRecord:
    settled = resolve(importer, only(importer), Action.SAME_STAY)
    relay(importer.runtime)
    return settled


def said(importer: Importer) -> list[UUID | None]:
    return list(importer.run_sql("SELECT same_item_id FROM external_events WHERE NOT remainder").scalars())


def parted(importer: Importer) -> int:
    """How often the change log says so."""
    statement = select(Change.id).where(Change.entity == "external_event", Change.action == "separated")
    return len(importer.do(lambda session: session.scalars(statement).all()))


def moves(importer: Importer, stay: Booked, first: int, after: int, unit: UUID | None = None) -> None:
    request = MoveRequest(stay.items[0].id, unit_id=unit, span=Nights(day(first), day(after)))
    move = partial(rebooking.move, booking_id=stay.booking.id, requests=[request])
    importer.runtime.database.transact(importer.organization_id, move)


@pytest.mark.parametrize(("first", "after"), [(21, 27), (19, 25), (21, 25)])
def test_the_channel_may_change_one_end_of_it(
    importer: Importer, stay: Booked, link: UUID, same: ConflictRecord, first: int, after: int
) -> None:
    importer.says(nights("a", day(first), day(after)))
    importer.pull(link)
    relay(importer.runtime)

    assert said(importer) == [stay.items[0].id]
    assert (standing(importer), parted(importer)) == ([], 0)


@pytest.mark.parametrize(("first", "after"), [(22, 24), (23, 30), (20, 26)])
def test_a_change_at_the_channel_that_parts_the_two_is_told(
    importer: Importer, stay: Booked, link: UUID, same: ConflictRecord, first: int, after: int
) -> None:
    """Within the pull that reads it."""
    importer.says(nights("a", day(first), day(after)))
    outcome = importer.pull(link)

    assert outcome.counts["conflicts_opened"] == 1
    found = only(importer)
    assert (found.state, found.item_id) == ("open", stay.items[0].id)
    assert found.id != same.id, "what was settled stays so, and says how"
    closed = again(importer, same)
    assert (closed.state, closed.resolution) == ("closed", same.resolution)
    assert ways(importer, closed) == (), "and there is nothing to be taken back"
    assert (said(importer), parted(importer)) == ([None], 1)
    assert of(ways(importer, found), Action.SAME_STAY) == []


def test_an_event_that_goes_elsewhere_leaves_the_booking_alone(
    importer: Importer, link: UUID, same: ConflictRecord
) -> None:
    importer.says(nights("a", day(40), day(43)))
    importer.pull(link)

    assert (said(importer), parted(importer), standing(importer)) == ([None], 1, [])


@pytest.mark.parametrize(("first", "after"), [(21, 27), (21, 22), (18, 24)])
def test_a_booking_may_change_one_end_of_it(
    importer: Importer, stay: Booked, same: ConflictRecord, first: int, after: int
) -> None:
    moves(importer, stay, first, after)
    relay(importer.runtime)

    assert said(importer) == [stay.items[0].id]
    assert (standing(importer), parted(importer)) == ([], 0)


def test_a_booking_that_moves_away_from_it_is_another_stay_from_that_moment_on(
    importer: Importer, stay: Booked, same: ConflictRecord
) -> None:
    moves(importer, stay, 22, 26)
    assert (said(importer), parted(importer)) == ([None], 1), "before anything else has happened"

    relay(importer.runtime)
    found = only(importer)
    assert (found.state, found.item_id) == ("open", stay.items[0].id)
    assert found.id != same.id


def test_a_move_that_is_not_possible_parts_nothing(
    importer: Importer, stay: Booked, same: ConflictRecord
) -> None:
    importer.book(Nights(day(25), day(27)), importer.units[0])
    with pytest.raises(Exception, match="sold out"):
        moves(importer, stay, 22, 26)

    assert (said(importer), parted(importer)) == ([stay.items[0].id], 0)


def test_a_booking_that_moves_to_another_unit_and_back_is_the_same_stay(
    importer: Importer, stay: Booked, same: ConflictRecord
) -> None:
    for unit in (importer.units[1], importer.units[0]):
        moves(importer, stay, 21, 25, unit)
        relay(importer.runtime)

    assert (said(importer), standing(importer)) == ([stay.items[0].id], [])


def test_what_was_parted_may_be_said_again(
    importer: Importer, stay: Booked, link: UUID, same: ConflictRecord
) -> None:
    importer.says(nights("a", day(22), day(24)))
    importer.pull(link)
    importer.says(nights("a", day(22), day(25)))
    importer.pull(link)
    assert said(importer) == [None], "that they end together again is for a person to say"

    resolve(importer, only(importer), Action.SAME_STAY)
    assert (said(importer), standing(importer)) == ([stay.items[0].id], [])


def test_a_pull_of_other_events_asks_nothing_of_it(
    importer: Importer, stay: Booked, link: UUID, same: ConflictRecord
) -> None:
    importer.says(nights("a", day(21), day(24)), nights("b", day(40), day(42)))
    importer.pull(link)

    def versions(session: Session) -> int:
        return len(session.scalars(select(ConflictRecord.id)).all())

    assert (said(importer).count(stay.items[0].id), importer.do(versions)) == (1, 1)
