"""Overlaps with what we sold: refused where we are asked, a conflict where we are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.services import rebooking
from hub.services.rebooking import MoveRequest
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights, noon
from tests.sync.importing import Importer


def test_a_booking_that_collides_is_refused_and_told_with_which_channel(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link(name="Seaside Rentals"))

    with pytest.raises(Conflict) as refused:
        importer.book(Nights(day(22), day(24)), importer.units[0])

    told = " ".join(reason.message for reason in refused.value.reasons)
    assert f"Room 1: Seaside Rentals, {day(20)} to {day(23)}" in told
    importer.book(Nights(day(23), day(24)), importer.units[0])


def test_an_overlap_opens_a_conflict_that_names_both_sides(importer: Importer) -> None:
    booked = importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(name="Seaside Rentals")

    outcome = importer.pull(link)

    assert outcome.counts["conflicts_opened"] == 1
    (conflict,) = importer.conflicts()
    assert (conflict.type, conflict.link_id, conflict.unit_id) == (
        "EXTERNAL_OVERLAP",
        link,
        importer.units[0],
    )
    assert (conflict.booking_id, conflict.item_id) == (booked.booking.id, booked.items[0].id)
    assert (conflict.starts_at, conflict.ends_at) == (noon(21), noon(23)), "where the two overlap"
    assert conflict.remote["channel"] == "Seaside Rentals"
    assert conflict.local["reference"] == booked.booking.reference


def test_both_sides_of_a_conflict_stay(importer: Importer) -> None:
    booked = importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    importer.pull(link)

    assert importer.periods(link) == [(noon(20), noon(23))]
    assert booked.booking.status == Status.CONFIRMED
    assert importer.run_sql("SELECT count(*) FROM allocations").scalar() == 1


def test_a_conflict_closes_when_the_event_goes(importer: Importer, clock: FrozenClock) -> None:
    importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)

    importer.says()
    outcome = importer.pull_until_agreed(link, clock)

    assert outcome.counts["conflicts_closed"] == 1
    assert importer.conflicts() == []
    (closed,) = importer.conflicts("closed")
    assert (closed.resolution, closed.closed_at is None) == ("its cause is gone", False)


def test_a_conflict_closes_when_the_event_moves_away_and_follows_when_it_does_not(
    importer: Importer,
) -> None:
    importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    (opened,) = importer.conflicts()

    importer.says(nights("a", day(20), day(22)))
    importer.pull(link)
    (still,) = importer.conflicts()
    assert (still.id, still.ends_at) == (opened.id, noon(22))

    importer.says(nights("a", day(18), day(21)))
    importer.pull(link)
    assert importer.conflicts() == []


def test_a_conflict_closes_when_the_booking_is_cancelled(importer: Importer) -> None:
    booked = importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())

    importer.cancel(booked)
    relay(importer.runtime)

    assert importer.conflicts() == []


def test_a_conflict_closes_when_the_booking_is_moved_to_another_room(importer: Importer) -> None:
    booked = importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())

    to_room_2 = MoveRequest(booked.items[0].id, unit_id=importer.units[1])
    importer.do(lambda session: rebooking.move(session, booked.booking.id, [to_room_2]))
    relay(importer.runtime)

    assert importer.conflicts() == []


def test_a_hold_that_lapsed_is_in_nobodys_way(importer: Importer, clock: FrozenClock) -> None:
    stay = Nights(day(21), day(25))
    importer.book(stay, importer.units[0], Status.HELD)
    importer.says(nights("a", day(20), day(23)))
    clock.advance(timedelta(minutes=16))

    outcome = importer.pull(importer.link())

    assert outcome.counts["conflicts_opened"] == 0
    assert importer.conflicts() == []
