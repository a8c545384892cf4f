"""Whose changes are news: not what is ours, what a policy closes, nor what only part is told of."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Nature, RemoteEvent
from hub.domain.periods import Period
from sync.planning.notices import Notices
from tests.sync.planning.holding import DAY, NOW, QUARTER, ROOM, Holding, days

BLOCK, STAY = Nature.BLOCK, Nature.STAY
OTHER = days(60, 64, "other")


def nights(first: int, after: int) -> Period:
    (found,) = ROOM.pieces(days(first, after).when)
    return found


def told(notices: Notices) -> list[tuple[str | None, str | None]]:
    return [(one.before, one.after) for one in notices.told]


def test_of_what_is_partly_ours_the_channel_s_own_is_told() -> None:
    found = Holding().reads([days(10, 20, "x", BLOCK), OTHER], NOW, ours={"x": (nights(10, 15),)}).notices

    assert told(found) == [(None, "2026-06-16 to 2026-06-21"), (None, "2026-07-31 to 2026-08-04")]


def test_a_closure_that_only_grows_by_our_word_is_no_news() -> None:
    holding = Holding()
    holding.reads([days(10, 15, "x", BLOCK), OTHER], NOW)

    found = holding.reads([days(10, 20, "x", BLOCK), OTHER], NOW + DAY, ours={"x": (nights(15, 20),)})

    assert found.quiet


def test_where_nothing_of_its_own_is_left_only_that_is_told_which_waits() -> None:
    holding = Holding()
    holding.reads([days(10, 20, "x", BLOCK), OTHER], NOW, ours={"x": (nights(15, 20),)})

    found = holding.reads([days(15, 20, "y", BLOCK), OTHER], NOW + DAY, ours={"y": (nights(15, 20),)})

    assert found.notices == Notices(waits=("2026-06-11 to 2026-06-16",))


def test_what_was_ours_and_is_the_channel_s_now_has_come() -> None:
    holding = Holding()
    holding.reads([days(10, 15, "x", BLOCK), OTHER], NOW, ours={"x": (nights(10, 15),)})

    found = holding.reads([days(12, 18, "x", BLOCK), OTHER], NOW + DAY).notices

    assert told(found) == [(None, "2026-06-13 to 2026-06-19")]


def test_a_closure_that_the_lead_time_has_reached_is_one_line_with_it() -> None:
    holding = Holding()
    holding.reads([days(1, 6, "x", BLOCK), OTHER], NOW)
    holding.reads([days(2, 6, "x", BLOCK), OTHER], NOW)

    found = holding.reads([days(0, 6, "y", BLOCK), OTHER], NOW + QUARTER).notices

    assert told(found) == []
    assert found.more == ("its booking window moved on: open from 2026-06-07",)


def a_part(first: int, after: int, key: str) -> RemoteEvent:
    return replace(days(first, after, key, STAY), part=True)


def test_who_only_arrives_or_departs_stays_as_long_as_was_known() -> None:
    for part in (a_part(10, 11, "in"), a_part(14, 16, "out")):
        holding = Holding()
        holding.reads([days(10, 15, "x", STAY), OTHER], NOW)
        held = holding.held()

        found = holding.reads([part, OTHER], NOW + QUARTER)
        again = holding.reads([days(10, 15, "x", STAY), OTHER], NOW + 2 * QUARTER)

        assert found.quiet
        assert again.quiet
        assert holding.held() == held


def test_a_part_of_a_stay_that_is_not_known_takes_its_night_and_is_told_with_the_stay() -> None:
    holding = Holding()
    holding.reads([OTHER], NOW)

    first = holding.reads([a_part(10, 11, "in"), OTHER], NOW + QUARTER)
    held = holding.held()
    second = holding.reads([days(10, 15, "x", STAY), OTHER], NOW + 2 * QUARTER)

    assert first.quiet
    assert nights(10, 11) in held
    assert told(second.notices) == [("2026-06-11 to 2026-06-12", "2026-06-11 to 2026-06-16")]
