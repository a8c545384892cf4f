"""A dry run shows what a pass over a calendar that is synced event by event would do, and does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay
from connectors.errors import Unavailable
from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from sync import dry_run, relay
from sync import pull as pulling
from sync.attempts import Outcome
from sync.dry_run import Plan, rehearse
from sync.runtime import Runtime
from tests import servers
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.rehearsed import MANY, done_by, promised, untouched

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = Nights(TODAY + timedelta(days=40), TODAY + timedelta(days=44))


def of_calendar(both: Synced) -> Plan:
    """Of what has been heard of here; nothing else is brought to the link."""
    relay.relay(both.runtime)
    return rehearse(both.runtime, both.organization_id, both.link_id).plan


def applied(both: Synced) -> Outcome:
    return pulling.pull(both.runtime, both.organization_id, both.link_id)


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


def test_the_plan_of_a_calendar_names_what_would_be_written_there_and_nothing_is(
    both: Synced, database: servers.Database
) -> None:
    moves, goes = both.book(STAY), both.book(LATER)
    both.rest()
    both.move(moves, Nights(STAY.arrival + timedelta(days=1), STAY.departure))
    both.cancel(goes)
    both.close(Nights(TODAY + timedelta(days=60), TODAY + timedelta(days=62)))
    both.there.person.add(AllDay(TODAY + timedelta(days=70), TODAY + timedelta(days=72)), "Painters")
    relay.relay(both.runtime)
    writes, shown = both.there.writes(), both.there.shown()

    with untouched(database):
        found = of_calendar(both)

    assert (both.there.writes(), both.there.shown()) == (writes, shown)
    told = {(one.action, one.starts_at) for one in found.writes}
    assert told == {
        ("create", str(TODAY + timedelta(days=60))),
        ("update", str(STAY.arrival + timedelta(days=1))),
        ("delete", str(LATER.arrival)),
    }
    assert found.headline == "+1 event, wrote 1 event, changed 1, removed 1 there"
    assert promised(found) == done_by(applied(both))


def test_several_moves_that_were_made_there_are_rehearsed_one_after_the_other(
    both: Synced, database: servers.Database
) -> None:
    """Each locks units of its own, and the rehearsal is one transaction."""
    both.book(STAY)
    both.book(LATER)
    both.rest()
    for span, ahead in ((STAY, 60), (LATER, 70)):
        first = TODAY + timedelta(days=ahead)
        event = both.there.beginning(str(span.arrival))
        both.there.person.shift(event, AllDay(first, first + timedelta(days=3)))

    with untouched(database):
        found = of_calendar(both)

    assert found.counts == {"accepted": 2}
    assert promised(found) == done_by(applied(both))


def test_a_calendar_whose_cursor_ran_out_is_rehearsed_as_a_whole(
    both: Synced, database: servers.Database
) -> None:
    event = both.there.person.add(AllDay(STAY.arrival, STAY.departure), "Painters")
    both.book(LATER)
    both.rest()
    both.there.person.delete(event)
    both.there.expires()

    with untouched(database):
        found = of_calendar(both)

    assert found.headline == "-1 freed 3 nights"
    assert promised(found) == done_by(applied(both))


steps = st.lists(
    st.sampled_from(
        (
            "book",
            "move here",
            "cancel",
            "close",
            "add",
            "move there",
            "edit",
            "delete",
            "copy",
            "expire",
            "sync",
        )
    ),
    min_size=2,
    max_size=8,
)


@MANY
@given(plays=steps, channel=st.sampled_from(sorted(CHANNELS)))
def test_law_what_is_said_of_a_calendar_is_what_applying_does_and_nothing_is_written(
    reaching: Runtime, database: servers.Database, plays: list[str], channel: str
) -> None:
    """Over changes on both sides, in any order, between the syncs."""
    with CHANNELS[channel]() as there:
        both = synced(reaching, there)
        booked = [both.book(STAY)]
        both.rest()
        for number, play in enumerate((*plays, "sync")):
            _play(both, booked, play, number)
            if play != "sync":
                continue
            relay.relay(both.runtime)
            writes = there.writes()
            with untouched(database):
                found = of_calendar(both)
            assert there.writes() == writes
            assert promised(found) == done_by(applied(both))


def _play(both: Synced, booked: list[Any], play: str, number: int) -> None:
    person, first = both.there.person, TODAY + timedelta(days=60 + 10 * number)
    lives = sorted(both.there.lives())
    alive = [one for one in booked if both.booking(one).status == Status.CONFIRMED]
    if play == "book":
        booked.append(both.book(Nights(first, first + timedelta(days=2))))
    elif play == "move here" and alive:
        both.move(alive[0], Nights(first, first + timedelta(days=3)))
    elif play == "cancel" and alive:
        both.cancel(alive[-1])
    elif play == "close":
        both.close(Nights(first, first + timedelta(days=1)))
    elif play == "add":
        person.add(AllDay(first, first + timedelta(days=2)), "Painters")
    elif play == "move there" and lives:
        person.shift(lives[0], AllDay(first, first + timedelta(days=3)))
    elif play == "edit" and lives:
        person.edit(lives[-1], f"Words {number}")
    elif play == "delete" and lives:
        person.delete(lives[0])
    elif play == "copy" and lives:
        person.duplicate(lives[0])
    elif play == "expire":
        both.there.expires()


def test_a_rehearsal_that_takes_too_long_is_given_up(
    both: Synced, database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question begins it again: somebody waits for the answer."""
    both.book(STAY)
    both.rest()
    event = both.there.beginning(str(STAY.arrival))
    both.there.person.shift(event, AllDay(LATER.arrival, LATER.departure))
    monkeypatch.setattr(dry_run, "ALTOGETHER", -1.0)

    with untouched(database), pytest.raises(Unavailable, match="sync it instead"):
        of_calendar(both)
