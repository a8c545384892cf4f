"""Which units events of others get, what they clash with, and when the units are locked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from hub.domain.periods import Nights
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.calendars import MADRID, at, day, noon
from tests.sync.importing import Importer
from tests.sync.theirs import (
    gone,
    once,
    stay,
    synced,
    tells,
    visit,
)


@pytest.fixture(autouse=True)
def morning(clock: FrozenClock) -> FrozenClock:
    """A day on which no clock changes within the next weeks, at ten."""
    clock.at(datetime(2026, 6, 1, 10, tzinfo=MADRID))
    return clock


@pytest.fixture
def link(importer: Importer) -> UUID:
    return synced(importer)


@pytest.fixture
def of_type(importer: Importer) -> UUID:
    return synced(importer, unit_type_id=importer.unit_type_id)


def test_events_at_one_time_take_a_unit_each(importer: Importer, of_type: UUID) -> None:
    tells(importer, of_type, once("a", stay(day(20), day(23))), once("b", stay(day(21), day(24))))

    assert sorted(map(str, importer.names(of_type))) == ["Room 1", "Room 2"]


def test_an_event_keeps_its_unit_while_that_is_free_for_it(importer: Importer, of_type: UUID) -> None:
    booked = importer.book(Nights(day(20), day(23)), importer.units[0])
    tells(importer, of_type, once("a", stay(day(20), day(23))))
    importer.cancel(booked)

    tells(importer, of_type, once("a", stay(day(20), day(24))))

    assert importer.names(of_type) == ["Room 2"]


def test_an_event_that_grows_into_a_booking_takes_another_unit(importer: Importer, of_type: UUID) -> None:
    tells(importer, of_type, once("a", stay(day(20), day(22))))
    (had,) = importer.blocks(of_type)
    assert had.unit_id is not None
    importer.book(Nights(day(22), day(24)), had.unit_id)

    tells(importer, of_type, once("a", stay(day(20), day(23))))

    (has,) = importer.blocks(of_type)
    assert has.unit_id not in (None, had.unit_id)
    assert importer.conflicts() == []


def test_an_event_without_a_free_unit_opens_a_conflict_and_is_placed_once_one_is_free(
    importer: Importer, of_type: UUID
) -> None:
    booked = [importer.book(Nights(day(20), day(23)), unit) for unit in importer.units]

    outcome = tells(importer, of_type, once("a", stay(day(20), day(23))))

    assert outcome.counts["conflicts_opened"] == 1
    assert importer.names(of_type) == [None]
    assert [conflict.type for conflict in importer.conflicts()] == ["UNPLACED"]
    importer.cancel(booked[1])
    relay(importer.runtime)
    assert importer.names(of_type) == ["Room 2"]
    assert importer.conflicts() == []


def test_an_overlap_with_what_we_sold_opens_a_conflict_that_goes_with_its_cause(
    importer: Importer, link: UUID
) -> None:
    booked = importer.book(Nights(day(21), day(25)), importer.units[0])
    tells(importer, link, once("a", stay(day(20), day(23))))

    (conflict,) = importer.conflicts()
    assert (conflict.type, conflict.booking_id) == ("EXTERNAL_OVERLAP", booked.booking.id)
    assert importer.periods(link) == [(noon(20), noon(23))]

    outcome = tells(importer, link, gone(link, "a"))
    assert outcome.counts["conflicts_closed"] == 1
    assert importer.conflicts() == []


def test_hours_are_blocked_as_hours_where_units_are_let_by_the_hour(importer: Importer) -> None:
    car = importer.add_car()
    link = synced(importer, unit_id=car)

    tells(importer, link, once("a", visit(at(20, 9), at(20, 11))))

    (block,) = importer.blocks(link)
    assert (block.starts_at, block.ends_at, block.free_at) == (at(20, 9), at(20, 11), at(20, 13))


def test_only_what_takes_other_time_waits_for_the_units(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells(importer, link, once("a", stay(day(20), day(23))))

    def never(*_: object) -> None:
        raise AssertionError("it locks units")

    with monkeypatch.context() as patch:
        patch.setattr("sync.blocks.lock", never)
        tells(importer, link, once("a", stay(day(20), day(23))))
        tells(importer, link, once("a", stay(day(20), day(23)), description="late arrival"))
        tells(importer, link, once("free", stay(day(20), day(23)), busy=False))
        with pytest.raises(AssertionError, match="it locks units"):
            tells(importer, link, once("a", stay(day(20), day(24))))
