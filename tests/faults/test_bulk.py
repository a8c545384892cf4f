"""A run of many links while workers are killed and Redis is emptied: only time is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import redis

from hub import clock
from hub.embedded import redis_url
from hub.queries import links
from sync.linking import Scope
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place
from tests.concurrency.place import Place
from tests.concurrency.programs import child
from tests.concurrency.together import tell, until
from tests.fakes.counting_server import CountingServer
from tests.faults.runs import MOST, ask, hosts, hub, stands
from workers.programs import beat, puller, worker

HOSTS = 6
AT_EACH = 6
LINKS = HOSTS * AT_EACH
LATENCY = 0.3
LEASE = 5

UNEVEN = "SELECT count(*) FROM links WHERE state <> 'active' OR attempts <> 0 OR failures <> 0"


@pytest.fixture
def runtime(own_database: servers.Database, valkey_dir: Path, tmp_path: Path) -> Iterator[Runtime]:
    with hub(own_database, valkey_dir, tmp_path, lease_seconds=LEASE) as opened:
        yield opened


@pytest.fixture
def channels() -> Iterator[list[CountingServer]]:
    body = place.calendar([("one", place.day(40), place.day(42)), ("two", place.day(50), place.day(53))])
    with hosts(HOSTS, body, LATENCY) as served:
        yield served


@pytest.mark.long
@pytest.mark.timeout(150)
def test_a_run_of_many_links_completes_and_no_link_is_synced_twice_at_once(
    runtime: Runtime,
    own_database: servers.Database,
    valkey_dir: Path,
    channels: list[CountingServer],
    tmp_path: Path,
) -> None:
    """Two beats and three workers, of which one is killed in the middle and stays away."""
    hostel = place.build(runtime.database, rooms=LINKS, whole=False)
    linked(runtime, hostel, channels)
    settings = runtime.settings

    def asked() -> int:
        return sum(channel.total() for channel in channels)

    with ExitStack() as closing:
        elsewhere = [settings.model_copy(update={"data_dir": tmp_path / str(n)}) for n in range(2)]
        for one in elsewhere:
            one.data_dir.mkdir(mode=0o700)
        parts = [
            child(worker(settings), settings),
            child(beat(), settings),
            child(puller(settings), settings),
            child(beat(), elsewhere[0]),
            child(puller(settings), elsewhere[0]),
            child(puller(settings), elsewhere[1]),
        ]
        for part in parts:
            part.start()
            closing.callback(part.kill)
        run_id = ask(runtime, hostel)
        until(lambda: asked() >= LINKS // 4, within=60, what="a quarter has begun")
        parts[2].kill()
        with redis.Redis.from_url(redis_url(valkey_dir)) as emptied:
            emptied.flushall()
        tell(f"emptied and killed at {asked()} requests")
        until(lambda: stands(runtime, hostel, run_id).over, within=90, what="the run is over")

    shown = stands(runtime, hostel, run_id)
    assert shown.progress is not None
    tally = shown.progress.tally
    tell(f"{asked()} requests for {LINKS} links, {shown.progress.rate} links/s")
    assert (shown.progress.state, tally.done, tally.failed, tally.changed) == ("done", LINKS, 0, LINKS)
    assert (tally.total, shown.counts["added"]) == (LINKS, 2 * LINKS)
    for channel in channels:
        assert len(channel.requests) == AT_EACH
        assert set(channel.most_at_once.values()) == {1}, "no link is synced twice at once"
        assert 1 < channel.most_together <= MOST
    assert audit.ask(own_database.superuser_url, UNEVEN) == 0
    assert audit.ask(own_database.superuser_url, "SELECT count(*) FROM external_events") == 2 * LINKS


def linked(runtime: Runtime, hostel: Place, channels: list[CountingServer]) -> list[UUID]:
    """So many calendars at each host, one for each room; due in a day, unless somebody asks."""
    urls = [channel.url(f"/{number}.ics") for number in range(AT_EACH) for channel in channels]
    scopes = [Scope(unit_id=room) for room in hostel.rooms]
    made = place.links(runtime, hostel, zip(urls, scopes, strict=True))
    with runtime.database.unit_of_work(hostel.organization_id) as session:
        links.due(session, made, clock.now() + timedelta(days=1))
    return made
