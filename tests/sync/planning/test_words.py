"""What people are told of a sync, and what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from connectors.contract import Nature
from hub.domain.periods import Period
from sync.planning import words
from sync.planning.placing import Blocked
from sync.planning.words import MOST, Told
from tests.hub.domain.inventory import LISBON, leaf
from tests.sync.planning.holding import DAY, NOW, QUARTER, Holding, days, hours
from tests.sync.planning.test_placing import an_offer

ROOM_1 = leaf(1, "Room 1")
OFFERS = [an_offer(ROOM_1)]
ID = UUID(int=1)
BLOCK = Blocked(ROOM_1.id, Period(NOW, NOW + DAY), NOW + DAY)


def test_what_came_moved_and_went_is_told_with_its_unit() -> None:
    told = [
        Told(ID, None, "A"),
        Told(ID, "A", "B"),
        Told(ID, "B", "B", "a guest's stay now"),
        Told(ID, "B", None),
    ]

    assert words.summary(told, {ID: [BLOCK]}, OFFERS) == (
        "+ A on Room 1",
        "~ A is now B on Room 1",
        "~ B on Room 1, a guest's stay now",
        "- B",
    )


def test_what_only_reads_otherwise_is_not_told() -> None:
    assert words.summary([Told(ID, "A", "A")], {ID: [BLOCK]}, OFFERS) == ()


def test_what_waits_is_told_after_what_changed_and_whole_lines_come_last() -> None:
    found = words.summary([Told(ID, "B", None)], {}, OFFERS, waits=["C"], more=["a line"])

    assert found == ("- B", "waits: C is not told any more", "a line")


def test_of_hundreds_the_first_are_told_and_how_many_more_there_are() -> None:
    told = [Told(UUID(int=number), None, f"A{number}") for number in range(MOST - 1)]

    found = words.summary(told, {}, OFFERS, waits=["B", "C", "D"], more=["a line"])

    assert len(found) == MOST + 2
    assert found[-3:] == ("waits: B is not told any more", "and 2 more", "a line")


def test_spans_are_dates_or_times_of_the_place() -> None:
    assert words.stretch(days(0, 2).when, LISBON) == "2026-06-01 to 2026-06-03"
    assert words.stretch(hours(0, 8, 20).when, LISBON) == "2026-06-01 08:00 to 20:00"


def test_a_first_reading_tells_each_stay_and_the_window_in_a_line() -> None:
    holding = Holding()
    calendar = [days(0, 2, "near", Nature.BLOCK), days(5, 9), days(180, 365, "far", Nature.BLOCK)]

    found = holding.reads(calendar, NOW).notices

    assert [(one.before, one.after) for one in found.told] == [(None, "2026-06-06 to 2026-06-10")]
    assert found.more == ("its booking window moved on: open from 2026-06-03 until 2026-11-28",)


def test_other_names_and_other_words_are_told_to_nobody() -> None:
    holding = Holding()
    holding.reads([days(5, 9, summary="Ana")], NOW)

    assert holding.reads([days(5, 9, "x", summary="Ana B.", code="HM1")], NOW + QUARTER).quiet


def test_a_window_that_goes_is_not_told() -> None:
    holding = Holding()
    calendar = [days(0, 5, "near", Nature.BLOCK), days(20, 22), days(30, 33, "b"), days(40, 41, "c")]
    holding.reads(calendar, NOW)

    readings = [holding.reads(calendar[1:], NOW + number * QUARTER) for number in range(1, 4)]

    assert all(reading.quiet for reading in readings)
    assert len(holding.rows) == 3


def test_a_stay_that_moves_by_a_day_is_told_once() -> None:
    holding = Holding()
    event = days(20, 23)
    holding.reads([event, days(40, 44, "b")], NOW)
    moved = replace(event, when=days(21, 24).when)

    first = holding.reads([moved, days(40, 44, "b")], NOW + DAY).notices
    second = holding.reads([moved, days(40, 44, "b")], NOW + DAY + timedelta(hours=1)).notices

    assert [one.action for one in first.told] == ["changed"]
    assert first.waits == ("2026-06-21 to 2026-06-22",)
    assert [(one.before, one.after) for one in second.told] == [("2026-06-21 to 2026-06-22", None)]
