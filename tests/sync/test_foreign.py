"""What others write into a calendar of both directions takes units as what a feed tells does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hub.database import vault_of
from hub.domain.periods import Nights
from hub.errors import Conflict
from tests.conftest import FrozenClock
from tests.sync.calendars import MADRID, at, day, noon
from tests.sync.importing import Importer
from tests.sync.theirs import (
    family,
    gone,
    instead,
    item_of,
    once,
    stay,
    synced,
    tells,
    visit,
    weekly,
    written,
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


# Coming, changing, going


def test_an_event_of_theirs_takes_its_nights(importer: Importer, link: UUID) -> None:
    outcome = tells(importer, link, once("a", stay(day(20), day(23))))

    assert (outcome.counts["added"], outcome.summary) == (1, (f"+ {day(20)} to {day(23)} on Room 1",))
    assert importer.periods(link) == [(noon(20), noon(23))]
    (event,) = importer.events(link)
    assert (event.key, event.item_id, event.standing) == ("a", item_of(link, "a"), "external")
    with pytest.raises(Conflict, match="Shared calendar"):
        importer.book(Nights(day(22), day(24)), importer.units[0])


def test_its_texts_are_sealed(importer: Importer, link: UUID) -> None:
    tells(importer, link, once("a", stay(day(20), day(23)), description="with a dog"))

    (event,) = importer.events(link)
    assert b"What a is" not in event.sealed
    said = importer.do(lambda session: vault_of(session).open(event.sealed))
    assert (said["summary"], said["description"]) == ("What a is", "with a dog")


def test_what_came_moved_and_went_is_told_once_each(importer: Importer, link: UUID) -> None:
    def told() -> tuple[list[str], list[str]]:
        actions = "SELECT action FROM changes WHERE entity = 'external_event' ORDER BY id"
        causes = "SELECT payload->>'cause' FROM outbox ORDER BY id"
        return list(importer.run_sql(actions).scalars()), list(importer.run_sql(causes).scalars())

    tells(importer, link, once("a", stay(day(20), day(23))))
    moved = tells(importer, link, once("a", stay(day(30), day(33))))
    went = tells(importer, link, gone(link, "a"))

    assert moved.summary == (f"~ {day(20)} to {day(23)} is now {day(30)} to {day(33)} on Room 1",)
    assert (went.counts["removed"], went.summary) == (1, (f"- {day(30)} to {day(33)}",))
    assert (importer.events(link), importer.blocks(link)) == ((), [])
    actions, causes = told()
    assert actions == ["added", "changed", "removed"]
    assert causes[-3:] == ["link.pulled"] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"busy": False},
        {"deleted": True},
        {"when": stay(datetime(2099, 1, 1).date(), datetime(2099, 1, 2).date())},
    ],
)
def test_what_is_free_deleted_or_too_far_ahead_takes_nothing_any_more(
    importer: Importer, link: UUID, change: dict[str, object]
) -> None:
    event = once("a", stay(day(20), day(23)))
    tells(importer, link, event)

    tells(importer, link, replace(event, **change))  # type: ignore[arg-type]

    assert importer.events(link) == ()
    importer.book(Nights(day(20), day(23)), importer.units[0])


def test_what_a_person_ignores_takes_nothing_until_it_is_heard_again(importer: Importer, link: UUID) -> None:
    event = once("a", stay(day(20), day(23)))
    tells(importer, link, event)

    tells(importer, link, family(link, event, ignored=True))
    assert importer.blocks(link) == []

    tells(importer, link, event)
    assert importer.periods(link) == [(noon(20), noon(23))]


def test_families_that_are_not_named_stay(importer: Importer, link: UUID) -> None:
    tells(importer, link, once("a", stay(day(20), day(23))), once("b", stay(day(30), day(33))))

    tells(importer, link, gone(link, "a"))

    assert [event.key for event in importer.events(link)] == ["b"]


def test_a_visit_at_noon_takes_no_night(importer: Importer, link: UUID) -> None:
    tells(importer, link, once("a", visit(at(20, 12), at(20, 13))))

    assert len(importer.events(link)) == 1
    assert importer.blocks(link) == []


# Nothing written


def test_what_is_told_again_writes_nothing(importer: Importer, of_type: UUID) -> None:
    for unit in importer.units:
        importer.book(Nights(day(40), day(43)), unit)
    told = (
        once("a", stay(day(20), day(23))),
        once("without a unit", stay(day(40), day(43))),
        once("over", stay(day(-5), day(-3))),
        once("under way", stay(day(-2), day(3))),
        once("free", stay(day(20), day(23)), busy=False),
        once("at noon", visit(at(20, 12), at(20, 13))),
        family(
            of_type,
            weekly("s", stay(day(1), day(2))),
            instead("s", day(8), deleted=True),
            instead("s", day(15), stay(day(16), day(18))),
        ),
    )
    tells(importer, of_type, *told)
    before = written(importer, of_type)

    again = tells(importer, of_type, *told)

    assert not again.changed
    assert again.counts == {}
    assert written(importer, of_type) == before


def test_other_words_are_stored_and_told_to_nobody(importer: Importer, link: UUID) -> None:
    tells(importer, link, once("a", stay(day(20), day(23))))
    before = written(importer, link)

    outcome = tells(importer, link, once("a", stay(day(20), day(23)), description="late arrival"))

    assert (outcome.changed, outcome.counts["reworded"], outcome.summary) == (False, 1, ())
    assert written(importer, link)[-3:] == before[-3:]
    (event,) = importer.events(link)
    said = importer.do(lambda session: vault_of(session).open(event.sealed))
    assert said["description"] == "late arrival"


# The past


def test_of_an_event_under_way_that_is_deleted_the_past_stays(
    importer: Importer, link: UUID, morning: FrozenClock
) -> None:
    tells(importer, link, once("a", stay(day(0), day(5))))
    morning.advance(timedelta(days=2, hours=6))

    tells(importer, link, gone(link, "a"))

    assert importer.periods(link) == [(noon(-2), noon(0))]
    before = written(importer, link)
    tells(importer, link, gone(link, "a"))
    assert written(importer, link) == before


def test_what_is_over_stays_whatever_becomes_of_it(
    importer: Importer, link: UUID, morning: FrozenClock
) -> None:
    tells(importer, link, once("a", stay(day(1), day(3))), once("b", stay(day(1), day(3))))
    morning.advance(timedelta(days=10))
    before = written(importer, link)

    tells(importer, link, gone(link, "a"), once("b", stay(day(-9), day(-8))))
    assert written(importer, link) == before

    tells(importer, link, once("b", stay(day(20), day(22))))
    assert importer.periods(link) == [(noon(-9), noon(-7))] * 2 + [(noon(20), noon(22))]
    assert {event.item_id for event in importer.events(link)} == {item_of(link, "a"), item_of(link, "b")}


# Series


def test_a_series_takes_its_occurrences_with_its_exceptions(importer: Importer, link: UUID) -> None:
    tells(
        importer,
        link,
        family(
            link,
            weekly("s", stay(day(1), day(2)), "FREQ=WEEKLY;COUNT=4"),
            instead("s", day(8), deleted=True),
            instead("s", day(15), stay(day(16), day(18))),
        ),
    )

    assert importer.periods(link) == [(noon(1), noon(2)), (noon(16), noon(18)), (noon(22), noon(23))]
    keys = [event.key for event in importer.events(link)]
    assert keys == [f"s/{day(1)}", f"s/{day(15)}", f"s/{day(22)}"]
    assert {event.item_id for event in importer.events(link)} == {item_of(link, "s")}


def test_a_series_is_followed_as_far_as_the_horizon_and_further_as_days_pass(
    importer: Importer, link: UUID, morning: FrozenClock
) -> None:
    series = weekly("s", stay(day(1), day(2)))
    tells(importer, link, series)
    assert len(importer.events(link)) == 52

    morning.advance(timedelta(days=14))
    outcome = tells(importer, link, series)

    assert (outcome.counts["added"], outcome.counts["removed"]) == (2, 0)
    assert len(importer.events(link)) == 54, "what is over stays"


def test_an_event_that_becomes_a_series_keeps_its_row_and_its_name_in_our_feeds(
    importer: Importer, link: UUID
) -> None:
    tells(importer, link, once("s", stay(day(1), day(2))))
    (had,) = importer.events(link)

    tells(importer, link, weekly("s", stay(day(1), day(2)), "FREQ=WEEKLY;COUNT=2"))

    first, _ = importer.events(link)
    assert (first.id, first.uid_out, first.key) == (had.id, had.uid_out, f"s/{day(1)}")


def test_a_series_of_which_the_master_comes_later_is_one_family(importer: Importer, link: UUID) -> None:
    """The first item that was known of it was an exception's."""
    seen_first = instead("s", day(8), stay(day(9), day(10)))
    tells(importer, link, replace(family(link, seen_first), item_id=uuid4()))

    master = weekly("s", stay(day(1), day(2)), "FREQ=WEEKLY;COUNT=2")
    tells(importer, link, family(link, master, seen_first))
    assert {event.item_id for event in importer.events(link)} == {item_of(link, "s")}

    tells(importer, link, gone(link, "s"))
    assert importer.events(link) == ()


def test_a_rule_that_nobody_can_follow_is_busy_and_says_why(importer: Importer, link: UUID) -> None:
    tells(importer, link, weekly("s", stay(day(1), day(2)), "FREQ=SECONDLY"))

    (event,) = importer.events(link)
    assert event.problem == "it recurs too often to be followed"
    assert importer.periods(link) == [(noon(1), noon(2))]
