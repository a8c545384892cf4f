"""Redis is emptied and every worker killed in the middle of many pulls: only time is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from hub.embedded import redis_url
from hub.queries import links
from sync.linking import Scope
from sync.pull import pull
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place, programs
from tests.concurrency.place import Place
from tests.concurrency.programs import child
from tests.concurrency.together import PATIENCE, tell, together, until
from tests.fakes.counting_server import CountingServer
from workers.programs import beat, puller, worker

ROOMS = 20
LATENCY = 0.05

LAPSED = """
    UPDATE links SET lease_until = clock_timestamp() - interval '1 second', next_pull_at = now()
    WHERE lease_until > clock_timestamp()
"""
"""What the dead held is waited for by the clock of the database: in the long runs"""
DONE = "SELECT count(*) FROM links WHERE verified_at IS NOT NULL AND lease_until < clock_timestamp()"
AT_ANOTHER_TIME = "SELECT count(*) FROM links WHERE state <> 'active' OR attempts <> 0 OR failures <> 0"


@pytest.fixture
def runtime(own_database: servers.Database, valkey_dir: Path, tmp_path: Path) -> Iterator[Runtime]:
    more = {
        "redis_url": redis_url(valkey_dir),
        "lease_seconds": 5,
        "worker_concurrency": 1,
        "pull_concurrency": 8,
    }
    with programs.runtime_of(programs.settings_for(own_database.app_url, tmp_path, **more)) as opened:
        yield opened


@pytest.fixture
def channel() -> Iterator[CountingServer]:
    body = place.calendar([("one", place.day(40), place.day(42)), ("two", place.day(50), place.day(53))])
    with CountingServer(body, LATENCY) as served:
        yield served


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("pulls", "deaths", "waits"),
    [(60, (20,), False), pytest.param(200, (50, 100), True, marks=pytest.mark.soak)],
    ids=("some", "many"),
)
def test_all_pulls_complete_and_no_calendar_is_pulled_twice_at_once(
    runtime: Runtime,
    own_database: servers.Database,
    valkey_dir: Path,
    channel: CountingServer,
    pulls: int,
    deaths: tuple[int, ...],
    *,
    waits: bool,
) -> None:
    """All die whenever so many pulls have begun. `waits`: until the leases of the dead have run out."""
    hostel = place.build(runtime.database, rooms=ROOMS, whole=False)
    import_of(runtime, hostel, channel, pulls)
    settings = runtime.settings

    with ExitStack() as closing:
        working, pulling, timetable = (
            child(program, settings) for program in (worker(settings), puller(settings), beat())
        )
        for part in (working, pulling, timetable):
            part.start()
            closing.callback(part.kill)
        for begun in deaths:
            until(lambda: channel.total() >= begun, within=60, what=f"{begun} pulls have begun")  # noqa: B023
            working.kill()
            pulling.kill()
            with redis.Redis.from_url(redis_url(valkey_dir)) as emptied:
                emptied.flushall()
            if not waits:
                audit.execute(own_database.superuser_url, LAPSED)
            tell(f"emptied and killed at {channel.total()} requests, {done(own_database)} done")
            working.start()
            pulling.start()
        until(lambda: done(own_database) == pulls, within=120, what="all pulls are done")

    tell(f"{channel.total()} requests for {pulls} calendars")
    assert set(channel.most_at_once.values()) == {1}
    assert len(channel.requests) == pulls
    assert audit.ask(own_database.superuser_url, AT_ANOTHER_TIME) == 0
    assert audit.ask(own_database.superuser_url, "SELECT count(*) FROM external_events") == 2 * pulls


def test_the_lease_lets_one_pull_at_a_time(
    runtime: Runtime, own_database: servers.Database, channel: CountingServer
) -> None:
    """The twin of the next one."""
    assert pulled_at_once(runtime, channel) == 1


def test_without_the_lease_the_same_calendar_is_pulled_twice_at_once(
    runtime: Runtime, channel: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that nothing but the lease keeps two workers with the same message apart."""
    anybody = links._ACQUIRE.text.replace("AND lease_until < clock_timestamp()", "")
    assert anybody != links._ACQUIRE.text
    monkeypatch.setattr(links, "_ACQUIRE", text(anybody))

    assert pulled_at_once(runtime, channel, delay=20.0) > 1


def pulled_at_once(runtime: Runtime, channel: CountingServer, delay: float = 1.0) -> int:
    """How many of three who begin at once are at the channel together; with two of them it need not wait."""
    channel.delay = delay
    hostel = place.build(runtime.database, rooms=1, whole=False)
    (link_id,) = import_of(runtime, hostel, channel, 1)

    def a_pull() -> None:
        pull(runtime, hostel.organization_id, link_id)
        channel.go_on.set()

    def watch() -> None:
        until(lambda: channel.total() > 1 or channel.go_on.is_set(), within=PATIENCE, what="two are there")
        channel.go_on.set()

    together([a_pull, a_pull, a_pull, watch])
    return channel.most_at_once["/0.ics"]


def import_of(runtime: Runtime, hostel: Place, channel: CountingServer, number: int) -> list[UUID]:
    """So many calendars, for one room after the other."""
    rooms = [Scope(unit_id=hostel.rooms[n % len(hostel.rooms)]) for n in range(number)]
    return place.links(runtime, hostel, [(channel.url(f"/{n}.ics"), room) for n, room in enumerate(rooms)])


def done(database: servers.Database) -> int:
    return int(audit.ask(database.superuser_url, DONE))
