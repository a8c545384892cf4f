"""What a calendar says, as events, blocks and conflicts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.database import vault_of
from hub.domain.periods import Hours, Nights
from hub.errors import Conflict
from tests import factories
from tests.conftest import FrozenClock
from tests.sync.calendars import at, day, hours, nights, noon
from tests.sync.importing import Importer


@pytest.fixture(autouse=True)
def _noon(clock: FrozenClock) -> None:
    """Hours pass in these tests, and never into another day."""
    clock.at(at(0, 12))


def test_whole_days_take_the_nights_between_them_of_a_room(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    importer.pull(link)

    assert importer.periods(link) == [(noon(20), noon(23))]
    (event,) = importer.events(link)
    assert (event.all_day, event.first, event.after) == (True, day(20), day(23))


def test_hours_take_the_nights_of_a_room_that_they_meet(importer: Importer) -> None:
    """From the afternoon of one day to the morning of another; a visit at noon takes no night."""
    importer.says(hours("stay", at(20, 16), at(22, 10)), hours("visit", at(25, 12), at(25, 13)))
    link = importer.link()

    importer.pull(link)

    assert importer.periods(link) == [(noon(20), noon(22))]
    assert len(importer.events(link)) == 2


def test_hours_take_just_these_hours_of_a_car_and_then_its_turnaround(importer: Importer) -> None:
    car = importer.add_car()
    importer.says(hours("a", at(20, 10), at(20, 14)))
    link = importer.link(unit_id=car)

    importer.pull(link)

    (block,) = importer.blocks(link)
    assert (block.starts_at, block.ends_at, block.free_at) == (at(20, 10), at(20, 14), at(20, 16))
    with pytest.raises(Conflict, match="sold out"):
        importer.book(Hours(at(20, 15), at(20, 18)), car)
    importer.book(Hours(at(20, 16), at(20, 18)), car)


def test_whole_days_take_a_car_from_midnight_to_midnight(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(21)))
    link = importer.link(unit_id=importer.add_car())

    importer.pull(link)

    assert importer.periods(link) == [(at(20, 0), at(21, 0))]


def test_the_text_of_an_event_is_sealed(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23), summary="Wilhelmina Grünwald"))
    link = importer.link()

    importer.pull(link)

    (event,) = importer.events(link)
    assert b"Wilhelmina" not in bytes(event.sealed)
    text = importer.do(lambda session: vault_of(session).open(event.sealed))
    assert text["summary"] == "Wilhelmina Grünwald"


def test_a_calendar_of_a_composite_takes_all_of_its_parts(importer: Importer) -> None:
    def make(session: Any) -> UUID:
        villa = factories.a_unit_type(session, importer.property_id, name="Villa", category="home")
        return factories.a_unit(session, villa.id, "Villa", parts=importer.units).id

    whole = importer.do(make)
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_id=whole)

    importer.pull(link)

    assert importer.names(link) == ["Room 1", "Room 2"]
    with pytest.raises(Conflict, match=f"{day(21)}"):
        importer.book(Nights(day(21), day(22)), importer.units[1])


# What changes


def test_an_event_that_moved_takes_its_new_nights_at_once_and_gives_up_the_others_when_readings_agree(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    (before,) = importer.events(link)

    importer.says(nights("a", day(21), day(24)))
    outcome = importer.pull(link)

    assert outcome.counts["changed"] == 1
    assert outcome.summary == (
        f"~ {day(20)} to {day(23)} is now {day(21)} to {day(24)} on Room 1",
        f"waits: {day(20)} to {day(21)} is not told any more",
    )
    assert importer.periods(link) == [(noon(20), noon(21)), (noon(21), noon(24))]
    clock.advance(timedelta(minutes=15))
    importer.pull(link)
    assert importer.periods(link) == [(noon(21), noon(24))]
    (after,) = importer.events(link)
    assert (after.id, after.uid_out) == (before.id, before.uid_out), "it is the same event"


def test_an_event_that_is_gone_frees_its_nights_with_the_second_reading(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    link = importer.link()
    importer.pull(link)

    importer.says(nights("b", day(30), day(31)))
    first = importer.pull(link)
    with pytest.raises(Conflict, match="Seaside"):
        importer.book(Nights(day(20), day(22)), importer.units[0])
    clock.advance(timedelta(minutes=15))
    second = importer.pull(link)

    assert (first.counts["removed"], first.counts["missing"]) == (0, 1)
    assert first.summary == (f"waits: {day(20)} to {day(23)} is not told any more",)
    assert (second.counts["removed"], second.summary) == (1, (f"- {day(20)} to {day(23)}",))
    assert importer.periods(link) == [(noon(30), noon(31))]
    importer.book(Nights(day(20), day(22)), importer.units[0])


def test_a_stay_that_is_over_stays_when_the_channel_forgets_it(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("past", day(-10), day(-7)), nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)

    importer.says()
    outcome = importer.pull_until_agreed(link, clock)

    assert outcome.counts["removed"] == 1
    assert importer.periods(link) == [(noon(-10), noon(-7))]


def test_what_is_cancelled_at_the_channel_is_free(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)

    importer.says(nights("a", day(20), day(23)).replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY"))
    importer.pull_until_agreed(link, clock)

    assert importer.blocks(link) == []


def test_a_change_of_the_text_alone_is_stored_and_is_no_news(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23), summary="Wilhelmina"))
    link = importer.link()
    importer.pull(link)

    importer.says(nights("a", day(20), day(23), summary="Wilhelmina Grünwald"))
    outcome = importer.pull(link)

    assert (outcome.state, outcome.summary, outcome.counts["reworded"]) == ("unchanged", (), 1)
    (event,) = importer.events(link)
    text = importer.do(lambda session: vault_of(session).open(event.sealed))
    assert text["summary"] == "Wilhelmina Grünwald"


def test_a_new_name_for_the_same_stay_is_remembered_and_is_no_news(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    (before,) = importer.events(link)

    importer.says(nights("b", day(20), day(23)))
    outcome = importer.pull(link)

    (after,) = importer.events(link)
    assert (outcome.state, outcome.summary, outcome.counts["renamed"]) == ("unchanged", (), 1)
    assert (after.id, after.uid_out) == (before.id, before.uid_out)
    assert [former["key"] for former in after.called] == [before.key]
    assert importer.periods(link) == [(noon(20), noon(23))]


def test_two_stays_that_change_names_with_each_other_stay_what_they_are(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    link = importer.link()
    importer.pull(link)
    before = {event.first: event.id for event in importer.events(link)}

    importer.says(nights("b", day(20), day(23)), nights("a", day(30), day(31)))
    outcome = importer.pull(link)

    assert (outcome.summary, outcome.counts["renamed"]) == ((), 2)
    assert {event.first: event.id for event in importer.events(link)} == before
    assert [event.key[0] for event in importer.events(link)] == ["b", "a"]


@pytest.mark.parametrize(("first", "after"), [(day(700), day(703)), (day(20), date.max)])
def test_what_is_far_ahead_or_for_ever_cannot_be_sold_either(
    importer: Importer, first: date, after: date
) -> None:
    importer.says(nights("a", first, after), nights("b", day(5), day(6)))
    link = importer.link()

    importer.pull(link)

    assert len(importer.events(link)) == 2
    with pytest.raises(Conflict):
        importer.book(Nights(day(700), day(703)), importer.units[0])
