"""What becomes of a person's word on a conflict: put aside until a side changes, or lived with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.errors import NotFound
from hub.ids import new_id
from hub.models.external import ConflictRecord
from hub.queries import conflicts as query
from hub.queries import inbox
from hub.queries.inbox import Wanted
from hub.services import blackouts
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import Booked
from sync import conflicts, resolving, sides
from sync.case import Said
from sync.planning.stakes import Action
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.flows.conflicts.playing import logged, looks_again
from tests.sync.calendars import day, nights
from tests.sync.importing import DOMAIN, Importer
from tests.sync.test_unchanged import statements

FAR = nights("x", day(60), day(61))
STATES = ("ignored", "accepted")
STANDING = Wanted(states=("open", *STATES))


@pytest.fixture
def booked(importer: Importer) -> Booked:
    return importer.book(Nights(day(21), day(25)), importer.units[0])


@pytest.fixture
def link(importer: Importer, booked: Booked) -> UUID:
    importer.says(nights("a", day(20), day(23)), FAR)
    link = importer.link(name="Seaside")
    importer.pull(link)
    return link


def put(importer: Importer, state: str) -> ConflictRecord:
    """A person's word on the one that is open."""
    (conflict,) = importer.conflicts()
    importer.run_sql("UPDATE conflicts SET state = :state WHERE id = :id", state=state, id=conflict.id)
    return conflict


def standing(importer: Importer) -> ConflictRecord:
    found = importer.do(lambda session: inbox.page(session, STANDING, limit=10))
    (conflict,) = found
    return conflict


@pytest.mark.parametrize("state", STATES)
def test_as_long_as_nothing_changes_it_stays_so(importer: Importer, link: UUID, state: str) -> None:
    put(importer, state)

    importer.pull(link)
    looks_again(importer)
    relay(importer.runtime)

    assert standing(importer).state == state
    assert importer.conflicts() == []


@pytest.mark.parametrize(("state", "after"), [("ignored", "open"), ("accepted", "accepted")])
def test_the_channel_changes_its_side(importer: Importer, link: UUID, state: str, after: str) -> None:
    before = put(importer, state)

    importer.says(nights("a", day(20), day(24)), FAR)
    importer.pull(link)

    conflict = standing(importer)
    assert (conflict.id, conflict.state) == (before.id, after)
    assert conflict.remote["to"] == day(24).isoformat()
    assert conflict.fingerprint != before.fingerprint
    assert ("reopened" in logged(importer)) is (after == "open")


def test_what_is_open_again_does_not_say_that_it_was_put_aside(importer: Importer, link: UUID) -> None:
    (conflict,) = importer.conflicts()
    importer.do(lambda session: resolving.resolve(session, conflict.id, Said(Action.IGNORE)))
    assert standing(importer).resolution

    importer.says(nights("a", day(20), day(24)), FAR)
    importer.pull(link)

    assert (standing(importer).state, standing(importer).resolution) == ("open", None)


def test_a_reading_that_brings_nothing_is_when_its_channel_was_last_seen(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    def seen_at() -> datetime:
        row = standing(importer)
        both = importer.do(lambda session: sides.now(session, [row])[row.id])
        assert "last_seen_at" not in both.local
        return datetime.fromisoformat(both.remote["last_seen_at"])

    before = seen_at()
    clock.advance(timedelta(hours=5))
    importer.pull(link)

    assert seen_at() - before >= timedelta(hours=5)


@pytest.mark.parametrize(("state", "after"), [("ignored", "open"), ("accepted", "accepted")])
def test_we_change_our_side(importer: Importer, state: str, after: str) -> None:
    def asks(after: int) -> BlackoutRequest:
        return BlackoutRequest(importer.units[0], Nights(day(21), day(after)), "maintenance")

    closed = importer.do(lambda session: blackouts.add(session, asks(25), DOMAIN).id)
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())
    before = put(importer, state)

    importer.do(lambda session: blackouts.change(session, closed, asks(24)))
    relay(importer.runtime)

    conflict = standing(importer)
    assert (conflict.id, conflict.state, conflict.local["to"]) == (before.id, after, day(24).isoformat())


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize("state", STATES)
def test_it_closes_when_its_cause_goes(importer: Importer, booked: Booked, state: str) -> None:
    put(importer, state)

    importer.cancel(booked)
    relay(importer.runtime)

    assert importer.conflicts(state) == []
    (closed,) = importer.conflicts("closed")
    assert closed.resolution == "its cause is gone"


@pytest.mark.usefixtures("link")
@pytest.mark.parametrize("state", STATES)
def test_it_closes_when_it_is_over(importer: Importer, clock: FrozenClock, state: str) -> None:
    put(importer, state)
    clock.advance(timedelta(days=30))

    assert importer.do(lambda session: conflicts.close_past(session, 10)) == 1

    assert importer.conflicts(state) == []


def test_words_and_readings_are_no_change(importer: Importer, link: UUID, clock: FrozenClock) -> None:
    """The event is called otherwise, and seen again later."""
    before = put(importer, "ignored")
    clock.advance(timedelta(hours=1))

    importer.says(nights("a", day(20), day(23), "Reserved - Ada"), FAR)
    importer.pull(link)
    looks_again(importer)

    after = standing(importer)
    assert (after.state, after.fingerprint) == ("ignored", before.fingerprint)
    assert after.remote["last_seen_at"] > before.remote["last_seen_at"]


def test_another_event_is_another_conflict(importer: Importer, link: UUID) -> None:
    """What was said of one is not said of another."""
    put(importer, "ignored")

    importer.says(nights("a", day(20), day(23)), nights("b", day(24), day(26)), FAR)
    importer.pull(link)

    assert len(importer.conflicts()) == 1
    assert len(importer.conflicts("ignored")) == 1


def test_a_reading_that_brings_nothing_asks_nothing_of_conflicts(importer: Importer, link: UUID) -> None:
    importer.says(nights("a", day(20), day(23)), FAR, nights("c", day(70), day(71)))
    importer.pull(link)
    with statements(importer) as seen:
        importer.pull(link)

    assert not [one for one in seen if "conflicts" in one]


@pytest.mark.usefixtures("link")
def test_conflicts_are_found_by_state_type_and_link(importer: Importer) -> None:
    def page(**wanted: Any) -> int:
        return len(importer.do(lambda session: inbox.page(session, Wanted(**wanted), limit=10)))

    (conflict,) = importer.conflicts()
    assert page(states=["open"]) == page() == page(types=["EXTERNAL_OVERLAP"]) == 1
    assert page(link_id=conflict.link_id) == page(property_id=importer.property_id) == 1
    assert page(states=["accepted"]) == page(types=["UNPLACED"]) == page(link_id=new_id()) == 0


def test_who_locks_one_that_is_not_there_is_told(importer: Importer) -> None:
    def lock(session: Session) -> None:
        query.locked(session, new_id())

    with pytest.raises(NotFound):
        importer.do(lock)
