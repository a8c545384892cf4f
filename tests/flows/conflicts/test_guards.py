"""A calendar that lost too much at once: opened with its guard, closed with it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock as hub_clock
from sync import conflicts, guarding, linking
from sync.guarding import Action
from sync.planning import guard
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.flows.conflicts.playing import logged, whole
from tests.sync.calendars import at, day, hours, nights
from tests.sync.channels import Synced
from tests.sync.importing import Importer

STAYS = 5


def all_of_them() -> list[str]:
    return [nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in range(STAYS)]


@pytest.fixture
def guarded(importer: Importer, clock: FrozenClock) -> UUID:
    importer.says(*all_of_them())
    link = importer.link(name="Seaside")
    importer.pull(link)
    assert importer.alarms() == []
    clock.advance(guard.APART)
    importer.says()
    importer.pull(link)
    assert importer.state(link).state == "guarded"
    return link


def test_it_says_what_would_be_freed(importer: Importer, guarded: UUID) -> None:
    (conflict,) = importer.alarms()

    assert (conflict.type, conflict.link_id, conflict.state) == ("GUARD_TRIPPED", guarded, "open")
    assert (conflict.event_id, conflict.sync_item_id, conflict.local) == (None, None, {})
    would_free = conflict.remote["would_free"]
    assert would_free[0] == {"from": day(20).isoformat(), "to": day(23).isoformat()}
    assert len(would_free) == STAYS
    assert conflict.remote["source"] == "Seaside"
    assert conflict.starts_at < conflict.ends_at


def test_it_is_told_once_while_readings_go_on(importer: Importer, guarded: UUID, clock: FrozenClock) -> None:
    (before,) = importer.alarms()
    clock.advance(guard.APART)
    importer.pull(guarded)

    (after,) = importer.alarms()
    assert (after.id, after.fingerprint) == (before.id, before.fingerprint)
    assert after.remote["readings"] < before.remote["readings"]
    assert logged(importer) == ["opened"]


def test_it_closes_when_enough_readings_agree(importer: Importer, guarded: UUID, clock: FrozenClock) -> None:
    importer.pull_until_agreed(guarded, clock)

    assert importer.alarms() == []
    assert importer.blocks(guarded) == []
    assert logged(importer) == ["opened", "closed"]


def test_it_closes_when_the_channel_tells_all_again(
    importer: Importer, guarded: UUID, clock: FrozenClock
) -> None:
    clock.advance(guard.APART)
    importer.says(*all_of_them())
    importer.pull(guarded)

    assert importer.alarms() == []
    assert len(importer.blocks(guarded)) == STAYS


@pytest.mark.parametrize("action", list(Action))
def test_it_closes_with_a_persons_word(importer: Importer, guarded: UUID, action: Action) -> None:
    importer.do(lambda session: guarding.decide(session, guarded, action))

    assert importer.alarms() == []
    assert importer.state(guarded).state == "active"


def test_a_word_on_some_of_it_leaves_the_rest(importer: Importer, guarded: UUID) -> None:
    some = [event.id for event in importer.events(guarded)[:2]]
    importer.do(lambda session: guarding.decide(session, guarded, Action.RELEASE, some))

    (conflict,) = importer.alarms()
    assert len(conflict.remote["would_free"]) == STAYS - 2


def test_a_word_on_some_of_it_leaves_the_rest_of_what_is_let_by_the_hour(
    importer: Importer, clock: FrozenClock
) -> None:
    clock.at(at(0, 12))
    importer.says(*(hours(f"d{n}", at(20 + n, 10), at(20 + n, 12)) for n in range(STAYS)))
    link = importer.link(unit_id=importer.add_car())
    importer.pull(link)
    clock.advance(guard.APART)
    importer.says()
    importer.pull(link)
    (before,) = importer.alarms()

    first = importer.events(link)[0].id
    importer.do(lambda session: guarding.decide(session, link, Action.RELEASE, [first]))

    (after,) = importer.alarms()
    assert after.remote["would_free"] == before.remote["would_free"][1:]
    assert (after.starts_at, after.ends_at) == (at(21, 10), at(24, 12))


def test_it_stays_while_the_link_is_paused(importer: Importer, guarded: UUID) -> None:
    importer.do(lambda session: linking.pause(session, guarded))
    assert len(importer.alarms()) == 1

    importer.do(lambda session: linking.resume(session, guarded))
    assert len(importer.alarms()) == 1


def test_it_stays_while_the_channel_answers_nothing(
    importer: Importer, guarded: UUID, clock: FrozenClock
) -> None:
    importer.answers(Answer(status=500))
    clock.advance(guard.APART)
    importer.pull(guarded)

    assert len(importer.alarms()) == 1


def test_it_does_not_end_because_the_nights_are_over(
    importer: Importer, guarded: UUID, clock: FrozenClock
) -> None:
    clock.advance(timedelta(days=100))

    assert importer.do(lambda session: conflicts.close_past(session, 100)) == 0
    assert len(importer.alarms()) == 1


def test_what_merely_waits_is_no_alarm(importer: Importer, clock: FrozenClock) -> None:
    """The control: one of five is gone."""
    importer.says(*all_of_them())
    link = importer.link()
    importer.pull(link)
    importer.says(*all_of_them()[1:])
    clock.advance(guard.APART)
    importer.pull(link)

    assert importer.state(link).guard is not None
    assert importer.alarms() == []


# A calendar of both directions


def test_much_that_is_deleted_in_a_calendar_of_both_directions(both: Synced, clock: FrozenClock) -> None:
    clock.at(hub_clock.now())
    events = [both.there.person.add(whole(30 + 3 * n, 32 + 3 * n), f"Visit {n}") for n in range(8)]
    both.rest()
    assert both.alarms() == []

    for event in events[:6]:
        both.there.person.delete(event)
    both.rest()

    (conflict,) = both.alarms()
    assert (conflict.link_id, both.link().state) == (both.link_id, "guarded")
    assert len(conflict.remote["would_free"]) == 6
    both.do(lambda session: guarding.decide(session, both.link_id, Action.RELEASE))
    assert both.alarms() == []
    both.rest()
    assert len(both.blocks()) == 2


def test_a_later_look_at_a_calendar_of_both_directions_bears_it_out(both: Synced, clock: FrozenClock) -> None:
    clock.at(hub_clock.now())
    events = [both.there.person.add(whole(30 + 3 * n, 32 + 3 * n), f"Visit {n}") for n in range(8)]
    both.rest()
    for event in events[:6]:
        both.there.person.delete(event)
    both.rest()
    assert len(both.alarms()) == 1

    clock.advance(guard.APART * 2)
    both.rest()

    assert both.alarms() == []
    assert logged(both) == ["opened", "closed"]
