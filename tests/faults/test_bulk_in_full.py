"""
A run of 500 links, 300 feeds and 200 Google calendars, while pullers are killed and Redis is emptied, twice:
only time is lost. The links are as many as benchmarks/bulk.py has, and Google allows what it allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from hub.queries import links
from sync.bulk import Shown
from sync.pull import pull
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place
from tests.concurrency.together import tell, together, until
from tests.fakes.counting_server import CountingServer
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.faults import many, watched
from tests.faults.many import CALENDARS, EACH, EVENTS, FEEDS, HOSTS, OWNER
from tests.faults.runs import MOST, ask, hosts, hub, stands
from tests.faults.watched import CountedGoogle

LINKS = FEEDS + CALENDARS
ADDED = FEEDS * EVENTS + CALENDARS * EACH
COUNTED = {"added": ADDED, "created": CALENDARS}
LATENCY = 0.05
LEASE = 15
A_MINUTE = 600
"""Requests that Google allows an account by default"""
PATIENCE = 400

UNEVEN = """
    SELECT count(*) FROM links
    WHERE state <> 'active' OR attempts <> 0 OR failures <> 0 OR failing_since IS NOT NULL
       OR lease_until > 'epoch' OR rests_until IS NOT NULL
"""
AT_WORK = "SELECT count(*) FROM links WHERE lease_until > clock_timestamp()"
BUSY = f"""
    SELECT ({AT_WORK}) + (SELECT count(*) FROM links WHERE next_pull_at < now() + interval '1 minute')
         + (SELECT count(*) FROM outbox WHERE state = 'ready')
         + (SELECT count(*) FROM sync_items WHERE touched)
         + (SELECT count(*) FROM sync_ops WHERE state IN ('ready', 'inflight'))
"""
EVENTS_OF_LINKS = """
    SELECT array_agg(DISTINCT number ORDER BY number) FROM (
        SELECT count(*) AS number FROM external_events GROUP BY link_id) AS counted
"""
DIFFERENT = "SELECT count(DISTINCT (link_id, starts_at)) FROM external_events"
"""No two of a calendar begin at once"""
TAKEN = ("bookings", "booking_items", "allocations", "external_events", "external_blocks", "conflicts")
OF_SYNC = ("sync_ops", "sync_items WHERE origin = 'remote'")
"""What we wrote there is seen once, by the sync after the one that wrote it"""
ROWS = "SELECT md5(string_agg(id::text || xmin::text, ',' ORDER BY id)) FROM {}"


@pytest.fixture
def google() -> Iterator[CountedGoogle]:
    double = CountedGoogle(LATENCY)
    double.quota.per_user = A_MINUTE
    with double.serving():
        yield double
    assert double.violations == []


@pytest.fixture
def runtime(
    own_database: servers.Database, valkey_dir: Path, tmp_path: Path, google: CountedGoogle
) -> Iterator[Runtime]:
    watched.note_leases(own_database)
    more = {
        "google_client_id": CLIENT_ID,
        "google_client_secret": SecretStr(CLIENT_SECRET),
        "google_api_root": google.root,
        "lease_seconds": LEASE,
    }
    with hub(own_database, valkey_dir, tmp_path, **more) as opened:
        yield opened


@pytest.fixture
def channels() -> Iterator[list[CountingServer]]:
    body = place.calendar([(f"stay-{n}", *many.days(n)) for n in range(EVENTS)])
    with hosts(HOSTS, body, LATENCY) as served:
        yield served


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_run_of_five_hundred_links_completes_and_no_link_is_synced_twice_at_once(
    runtime: Runtime,
    own_database: servers.Database,
    valkey_dir: Path,
    channels: list[CountingServer],
    google: CountedGoogle,
    tmp_path: Path,
) -> None:
    """One puller is killed while feeds are read, and stays away; another while Google is written to."""
    hostel = place.build(runtime.database, rooms=LINKS, whole=False)
    many.link_all(runtime, hostel, channels, google)
    database = own_database.superuser_url
    crew = many.Crew(runtime, tmp_path)

    def read() -> int:
        return sum(channel.total() for channel in channels)

    def over(run_id: UUID) -> Callable[[], bool]:
        return lambda: stands(runtime, hostel, run_id).over

    with ExitStack() as closing:
        crew.start(closing)
        run_id = ask(runtime, hostel)
        until(lambda: read() >= FEEDS // 4, within=PATIENCE, what="a quarter of the feeds is read")
        crew.lose(0, valkey_dir)
        tell(f"first loss: {read()} feeds read, {len(google.effects())} written at Google")
        until(
            lambda: len(google.effects()) >= CALENDARS // 2, within=PATIENCE, what="half of Google is written"
        )
        crew.lose(1, valkey_dir)
        google.use_up(OWNER)
        tell(f"second loss: {read()} feeds read, {len(google.effects())} written at Google")
        crew.pullers[1].start()
        until(over(run_id), within=PATIENCE, what="the run is over")
        first = stands(runtime, hostel, run_id)
        refused = report("first", first, google)
        tell(f"{watched.taken_from_the_lost(own_database)} leases ran out")
        assert summed_up(first) == ("done", LINKS, LINKS, 0, LINKS)
        assert {name: number for name, number in first.counts.items() if number} == COUNTED
        assert refused > 0, "the quota was felt"

        until(lambda: audit.ask(database, BUSY) == 0, within=PATIENCE, what="nothing is left to be done")
        uneven, before = audit.ask(database, UNEVEN), rows(database)
        google.reset_log()
        run_id = ask(runtime, hostel)
        until(over(run_id), within=PATIENCE, what="the second run is over")
        second = stands(runtime, hostel, run_id)
        report("second", second, google)

    assert uneven == audit.ask(database, UNEVEN) == 0
    assert audit.ask(database, EVENTS_OF_LINKS) == [EACH, EVENTS]
    assert audit.ask(database, DIFFERENT) == ADDED
    assert summed_up(second) == ("done", LINKS, LINKS, 0, 0)
    assert google.writes() == []
    assert rows(database) == before
    shown = {name: len(google.person(OWNER).snapshot(name)) for name in google.asked.requests}
    assert len(shown) == CALENDARS
    assert set(shown.values()) == {EACH + 1}
    assert set(google.asked.most_at_once.values()) == {1}, "no calendar is synced twice at once"
    for channel in channels:
        assert len(channel.requests) in (FEEDS // HOSTS, FEEDS // HOSTS + 1)
        assert set(channel.most_at_once.values()) == {1}, "no feed is read twice at once"
    assert 1 < max(channel.most_together for channel in channels) <= MOST
    assert watched.taken_while_held(own_database) == 0
    assert watched.taken_from_the_lost(own_database) > 0, "the losses were felt"


def test_without_the_lease_google_and_the_database_see_two_syncs_of_one_calendar(
    runtime: Runtime, own_database: servers.Database, google: CountedGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that both would see it in the run of many; the next one is its twin."""
    anybody = links._ACQUIRE.text.replace("AND lease_until < clock_timestamp()", "")
    assert anybody != links._ACQUIRE.text
    monkeypatch.setattr(links, "_ACQUIRE", text(anybody))

    assert synced_at_once(runtime, google) > 1
    assert watched.taken_while_held(own_database) > 0


def test_under_the_lease_neither_google_nor_the_database_sees_two_syncs_of_one_calendar(
    runtime: Runtime, own_database: servers.Database, google: CountedGoogle
) -> None:
    assert synced_at_once(runtime, google) == 1
    assert watched.taken_while_held(own_database) == 0


def synced_at_once(runtime: Runtime, google: CountedGoogle) -> int:
    """How many requests of one calendar were under way at once, at the most, when three sync it together."""
    google.delay = 0.5
    hostel = place.build(runtime.database, rooms=1, whole=False)
    (calendar,) = many.calendars_of(google, 1)
    (link_id,) = many.linked_at_google(runtime, hostel, google, {hostel.rooms[0]: calendar})
    together([lambda: pull(runtime, hostel.organization_id, link_id)] * 3)
    return google.asked.most_at_once[calendar]


def rows(database: str) -> dict[str, str]:
    """All that a sync may change here, each table in one word."""
    return {table: audit.ask(database, ROWS.format(table)) for table in (*TAKEN, *OF_SYNC)}


def summed_up(shown: Shown) -> tuple[str, int, int, int, int]:
    """(state, total, done, failed, changed)"""
    assert shown.progress is not None
    tally = shown.progress.tally
    return shown.progress.state, tally.total, tally.done, tally.failed, tally.changed


def report(which: str, shown: Shown, google: CountedGoogle) -> int:
    """Told to who reads it; how many requests Google refused."""
    assert shown.progress is not None
    tally = shown.progress.tally
    took = (tally.ended_at - shown.run.created_at).total_seconds() if tally.ended_at else 0.0
    refused = sum(entry.status == 403 for entry in google.requests())
    tell(
        f"the {which} run: {took:.1f} s, {summed_up(shown)}, {dict(shown.counts)}",
        f"{len(google.requests())} requests at Google, {len(google.writes())} writes, {refused} refused; "
        f"{google.asked.most_together} at once at the most",
    )
    return refused
