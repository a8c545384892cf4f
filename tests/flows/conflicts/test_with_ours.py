"""A channel's event against a booking or a blackout of ours."""

from __future__ import annotations

import pytest

from hub.errors import Conflict
from sync import ignoring
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.flows.conflicts.playing import (
    CLOSURE,
    STAY,
    UNTOLD,
    closes,
    logged,
    opens,
    span,
    whole,
)
from tests.sync.calendars import day, nights
from tests.sync.channels import Synced
from tests.sync.importing import Importer, Meanwhile

# A booking


@pytest.mark.parametrize("words", [STAY, CLOSURE, UNTOLD])
def test_a_booking_that_a_feed_then_contradicts(importer: Importer, clock: FrozenClock, words: str) -> None:
    """Whatever the channel calls it: we promised these nights."""
    booked = importer.book(span(21, 25), importer.units[0])
    importer.says(nights("a", day(20), day(23), words))
    link = importer.link(name="Seaside")

    importer.pull(link)

    (conflict,) = importer.conflicts()
    (event,) = importer.events(link)
    assert conflict.type == "EXTERNAL_OVERLAP"
    assert (conflict.event_id, conflict.item_id) == (event.id, booked.items[0].id)
    assert conflict.local == {
        "source": "direct",
        "reference": booked.booking.reference,
        "status": "confirmed",
        "from": day(21).isoformat(),
        "to": day(25).isoformat(),
    }
    assert (conflict.remote["source"], conflict.remote["from"]) == ("Seaside", day(20).isoformat())
    assert conflict.remote["last_seen_at"]
    importer.says()
    importer.pull_until_agreed(link, clock)
    assert importer.conflicts() == []


def test_a_booking_that_slips_in_while_the_feed_is_on_its_way(importer: Importer) -> None:
    """The channel had sold it already; we had not heard."""
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    importer.pull(link, Meanwhile(lambda: importer.book(span(21, 25), importer.units[0])))

    (conflict,) = importer.conflicts()
    assert conflict.item_id is not None
    booked = importer.run_sql("SELECT id FROM bookings").scalar()
    assert conflict.booking_id == booked


def test_an_event_that_is_known_keeps_bookings_out(importer: Importer) -> None:
    """The control of the one before."""
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())

    with pytest.raises(Conflict):
        importer.book(span(21, 25), importer.units[0])

    assert importer.conflicts() == []


def test_a_booking_against_what_somebody_writes_in_a_calendar_of_both_directions(both: Synced) -> None:
    booked = both.book(span(31, 34))
    both.rest()

    event = both.there.person.add(whole(30, 32), "Ada's friends")
    both.rest()

    (conflict,) = both.conflicts()
    assert (conflict.type, conflict.item_id) == ("EXTERNAL_OVERLAP", booked.items[0].id)
    both.there.person.delete(event)
    both.rest()
    assert both.conflicts() == []
    assert logged(both) == ["opened", "closed"]


def test_a_booking_on_an_event_that_did_not_count_and_counts_again(both: Synced) -> None:
    """The event was there first."""
    both.there.person.add(whole(30, 32), "Ada's friends")
    both.rest()
    (event,) = both.events()
    both.do(lambda session: ignoring.ignore(session, both.link_id, event.id))
    both.rest()
    booked = both.book(span(31, 34))
    both.rest()
    assert both.conflicts() == []

    both.do(lambda session: ignoring.ignore(session, both.link_id, event.item_id or event.id, ignored=False))
    both.rest()

    (conflict,) = both.conflicts()
    assert conflict.item_id == booked.items[0].id
    both.cancel(booked)
    both.rest()
    assert both.conflicts() == []


# A blackout


@pytest.mark.parametrize("words", [STAY, UNTOLD])
def test_a_blackout_that_a_feed_then_contradicts(importer: Importer, clock: FrozenClock, words: str) -> None:
    blackout_id = closes(importer, span(21, 25))
    importer.says(nights("a", day(20), day(23), words))
    link = importer.link()

    importer.pull(link)

    (conflict,) = importer.conflicts()
    assert (conflict.type, conflict.blackout_id) == ("EXTERNAL_OVERLAP", blackout_id)
    assert (conflict.item_id, conflict.booking_id, conflict.other_event_id) == (None, None, None)
    assert conflict.local == {
        "source": "blackout",
        "kind": "maintenance",
        "from": day(21).isoformat(),
        "to": day(25).isoformat(),
    }
    importer.says()
    importer.pull_until_agreed(link, clock)
    assert importer.conflicts() == []


def test_a_blackout_over_a_guest_of_a_feed(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())

    blackout_id = closes(importer, span(21, 25))
    relay(importer.runtime)

    (conflict,) = importer.conflicts()
    assert conflict.blackout_id == blackout_id
    opens(importer, blackout_id)
    relay(importer.runtime)
    assert importer.conflicts() == []
    assert logged(importer) == ["opened", "closed"]


def test_a_blackout_and_a_closure_say_the_same(importer: Importer) -> None:
    blackout_id = closes(importer, span(21, 25))
    importer.says(nights("a", day(20), day(23), CLOSURE))
    importer.pull(importer.link())
    assert importer.conflicts() == []

    opens(importer, blackout_id)
    closes(importer, span(20, 22))
    relay(importer.runtime)

    assert importer.conflicts() == []


def test_a_closure_in_a_blackout_that_becomes_a_stay(importer: Importer) -> None:
    """It takes what it took, and is something else."""
    closes(importer, span(20, 23))
    importer.says(nights("a", day(20), day(23), CLOSURE))
    link = importer.link()
    importer.pull(link)
    assert importer.conflicts() == []

    importer.says(nights("a", day(20), day(23), STAY))
    importer.pull(link)
    assert len(importer.conflicts()) == 1

    importer.says(nights("a", day(20), day(23), CLOSURE))
    importer.pull(link)
    assert importer.conflicts() == []


def test_a_blackout_against_a_calendar_of_both_directions(both: Synced) -> None:
    closed = both.close(span(31, 34))
    both.rest()

    event = both.there.person.add(whole(30, 32), "Ada's friends")
    both.rest()

    (conflict,) = both.conflicts()
    assert conflict.blackout_id == closed.id
    both.there.person.delete(event)
    both.rest()
    assert both.conflicts() == []


def test_a_blackout_over_what_stands_in_a_calendar_of_both_directions(both: Synced) -> None:
    event = both.there.person.add(whole(30, 32), "Ada's friends")
    both.rest()

    closed = both.close(span(31, 34))
    both.rest()

    (conflict,) = both.conflicts()
    assert conflict.blackout_id == closed.id
    both.there.person.shift(event, whole(40, 42))
    both.rest()
    assert both.conflicts() == []
