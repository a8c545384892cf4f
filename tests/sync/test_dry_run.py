"""A dry run shows what a sync would do, and does nothing: two laws, over feeds and over calendars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from connectors.contract import AllDay
from connectors.errors import Unavailable
from hub import clock as hub_clock
from hub.database import SYSTEM
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from sync import dry_run, relay
from sync import pull as pulling
from sync.attempts import Outcome
from sync.dry_run import DryRun, Plan, rehearse
from sync.planning.headline import NOTHING, has_changed
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import day, nights
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.everything import digests
from tests.sync.importing import FEED, Importer

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = Nights(TODAY + timedelta(days=40), TODAY + timedelta(days=44))
MANY = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def of_feed(importer: Importer, link: Any) -> DryRun:
    return rehearse(importer.runtime, importer.organization_id, link)


def of_calendar(both: Synced) -> Plan:
    """Of what has been heard of here; nothing else is brought to the link."""
    relay.relay(both.runtime)
    return rehearse(both.runtime, both.organization_id, both.link_id).plan


def applied(both: Synced) -> Outcome:
    return pulling.pull(both.runtime, both.organization_id, both.link_id)


def same(plan: Plan, outcome: Outcome) -> None:
    told = (plan.headline, plan.counts, plan.summary, plan.changed)
    done = (outcome.headline or NOTHING, outcome.counts, outcome.summary, has_changed(outcome.counts))
    assert told == done


@contextmanager
def untouched(database: servers.Database) -> Iterator[None]:
    before = digests(database)
    yield
    after = digests(database)
    assert {name for name in before if before[name] != after[name]} == set()


def test_the_plan_of_a_feed_is_what_its_pull_does_then(
    importer: Importer, database: servers.Database
) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("a", day(21), day(24)), nights("c", day(50), day(52)), nights("d", day(60), day(61)))

    with untouched(database):
        found = of_feed(importer, link).plan

    assert found.changed
    assert found.headline.startswith("+2 ")
    assert "~1 moved from " in found.headline
    same(found, importer.pull(link))


def test_without_the_end_that_undoes_it_rows_would_change(
    importer: Importer, database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    transact = importer.runtime.database.transact

    def keeping(organization_id: Any, work: Any, actor: Any = SYSTEM) -> Any:
        def kept(session: Session) -> Any:
            with suppress(dry_run._Undone):
                return work(session)
            return dry_run._Undone

        if (found := transact(organization_id, kept, actor)) is dry_run._Undone:
            raise dry_run._Undone
        return found

    before = digests(database)
    monkeypatch.setattr(importer.runtime.database, "transact", keeping)
    of_feed(importer, link)

    after = digests(database)
    assert {"links", "external_events", "external_blocks"} <= {t for t in after if after[t] != before[t]}


def test_a_plan_that_changes_nothing_says_so(importer: Importer, database: servers.Database) -> None:
    importer.answers(Answer(body=b"", status=500))
    link = importer.link()
    with pytest.raises(Unavailable), untouched(database):
        of_feed(importer, link)
    importer.says(nights("a", day(20), day(23)))
    importer.pull(link)

    with untouched(database):
        found = of_feed(importer, link)

    assert (found.plan.changed, found.plan.headline, found.plan.summary) == (False, NOTHING, ())
    same(found.plan, importer.pull(link))


def test_a_plan_says_what_the_guard_would_hold(
    importer: Importer, database: servers.Database, clock: FrozenClock
) -> None:
    importer.says(*(nights(f"e{n}", day(20 + 3 * n), day(22 + 3 * n)) for n in range(6)))
    link = importer.link()
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    importer.says()

    with untouched(database):
        found = of_feed(importer, link).plan

    assert found.guard is not None
    assert "the calendar is empty" in found.guard
    assert len(importer.events(link)) == 6
    same(found, importer.pull(link))
    assert importer.state(link).guard is not None


def test_a_link_whose_pull_is_under_way_can_be_rehearsed(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.run_sql("UPDATE links SET lease_until = now() + interval '1 minute', fence = fence + 1")
    fence = importer.state(link).fence

    assert of_feed(importer, link).plan.changed

    assert importer.state(link).fence == fence


spans = st.tuples(st.integers(3, 40), st.integers(1, 4))
calendars = st.dictionaries(st.sampled_from("abcdef"), spans, max_size=6)


@MANY
@given(said=st.lists(st.tuples(calendars, st.integers(0, 40)), min_size=2, max_size=4))
def test_law_what_is_said_of_a_feed_is_what_applying_does_and_nothing_is_written(
    reaching: Runtime, database: servers.Database, said: list[tuple[dict[str, tuple[int, int]], int]]
) -> None:
    """Over what comes, moves and goes, with the guard and the readings that agree; minutes pass between."""
    with FeedServer() as channel, pytest.MonkeyPatch.context() as patch:
        clock = FrozenClock(patch)
        importer = Importer.build(reaching, channel)
        link = importer.link(unit_type_id=importer.unit_type_id)
        importer.book(Nights(day(10), day(12)), importer.units[0])
        for events, minutes in said:
            importer.says(
                *(nights(uid, day(first), day(first + length)) for uid, (first, length) in events.items())
            )
            with untouched(database):
                found = of_feed(importer, link).plan
            same(found, importer.pull(link))
            clock.advance(timedelta(minutes=minutes))


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
    same(found, applied(both))


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
    same(found, applied(both))


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
    same(found, applied(both))


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
            same(found, applied(both))


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


def test_a_feed_that_does_not_answer_is_told_as_that(importer: Importer) -> None:
    link = importer.link()
    importer.channel.answer(FEED, Answer(status=503))

    with pytest.raises(Unavailable):
        of_feed(importer, link)


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
