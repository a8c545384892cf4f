"""
A dozen channels that mean harm are due at the same moment as twenty that mean well, in the real programs.

The good ones are pulled within seconds, the others end when their time is up, and the puller stays small.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy import text

from sync.linking import Scope
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place, programs
from tests.concurrency.place import Place
from tests.concurrency.programs import child
from tests.concurrency.together import tell, until
from tests.fakes.hostile_server import CALENDAR, SCRIPTS, HostileServer
from workers.programs import beat, puller, worker

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED HERE: only Linux has all of 127.0.0.0/8"),
    pytest.mark.timeout(180),
]

MB = 1024 * 1024
GOOD = 20
FOR_EVER = ("silent", "slow_headers", "trickle", "lies_long", "large_and_slow", "slow_redirects_0")
FLOODS = ("gzip_bomb", "endless", "single_bytes", "continues", "header_bomb", "after_the_end")
SILENT_AT_ONE_HOST = 8
AT_ONCE = ((signal.SIGTERM, 0.2), (signal.SIGQUIT, 5.0))
"""Nobody waits until the silent ones have spoken: what is under way is given back"""

_MOMENTS = [b"20270101T%06d" % (number % 235959) for number in range(200_000)]
_EVENT = b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T120000Z\r\n%sEND:VEVENT\r\n"
HOSTILE_CALENDARS: Mapping[str, bytes] = {
    "every_second": CALENDAR % (_EVENT % (1, b"DURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n")),
    "every_combination": CALENDAR
    % (
        _EVENT
        % (
            2,
            b"DURATION:PT1S\r\nRRULE:FREQ=DAILY;BYHOUR=%b;BYMINUTE=%b;BYSECOND=%b\r\n"
            % tuple(b",".join(b"%d" % n for n in range(most)) for most in (24, 60, 60)),
        )
    ),
    "one_line": CALENDAR % (_EVENT % (3, b"SUMMARY:" + b"x" * (7 * MB) + b"\r\n")),
    "many_dates": CALENDAR
    % (
        _EVENT % (4, b"RDATE:" + b",".join(b"20270101T%06d" % (n % 235959) for n in range(200_000)) + b"\r\n")
    ),
}

ENDED = "fence > 0 AND lease_until < clock_timestamp()"
_DUE_NOW = "UPDATE links SET next_pull_at = now() - interval '1 second' * (CASE WHEN {} THEN 2 ELSE 1 END)"
_LATER = text("UPDATE links SET next_pull_at = now() + interval '1 hour' WHERE id = :link")
_WORDS = text("SELECT state_reason FROM links WHERE id = :link")


@dataclass
class Watch:
    """The puller's memory, and that of what it started, from one moment on; bytes."""

    process: psutil.Process
    before: int = 0
    most: int = 0
    most_of_children: int = 0

    def begin(self) -> None:
        self.before = self.most = self.process.memory_info().rss

    def look(self) -> None:
        self.most = max(self.most, self.process.memory_info().rss)
        started = [_resident(one) for one in self.process.children(recursive=True)]
        self.most_of_children = max(self.most_of_children, sum(started))

    @property
    def grown(self) -> int:
        return self.most - self.before


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@pytest.fixture
def runtime(own_database: servers.Database, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    more = {"redis_url": redis_url, "worker_concurrency": 1, "allowed_private_hosts": "127.0.0.0/8"}
    with programs.runtime_of(programs.settings_for(own_database.app_url, tmp_path, **more)) as opened:
        yield opened


@pytest.fixture
def channel() -> Iterator[HostileServer]:
    good = place.calendar([("one", place.day(40), place.day(42)), ("two", place.day(50), place.day(53))])
    with HostileServer("0.0.0.0", {"good": good, **HOSTILE_CALENDARS}) as served:
        yield served


@pytest.mark.long
@pytest.mark.parametrize("patient", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_whoever_means_harm_delays_nobody_for_long_and_costs_little(
    runtime: Runtime, own_database: servers.Database, channel: HostileServer, patient: bool
) -> None:
    hostel = place.build(runtime.database, rooms=GOOD, whole=False)
    good = [a_link(runtime, hostel, channel.url("good", f"127.0.2.{n}"), n) for n in range(GOOD)]
    hostile = {
        script: a_link(runtime, hostel, channel.url(script, f"127.0.1.{n}"), n % GOOD)
        for n, script in enumerate((*FOR_EVER, *FLOODS, *HOSTILE_CALENDARS))
    }
    crowd = [
        a_link(runtime, hostel, channel.url("silent", "127.0.3.1"), n) for n in range(SILENT_AT_ONE_HOST)
    ]

    with running(runtime) as watch:
        until(lambda: count(own_database, good, "verified_at IS NOT NULL") == 1, within=60, what="all run")
        watch.begin()
        begun = time.monotonic()
        audit.execute(own_database.superuser_url, _DUE_NOW.format(among([*hostile.values(), *crowd])))

        def look(ids: list[UUID], condition: str) -> Callable[[], bool]:
            def ended() -> bool:
                watch.look()
                return count(own_database, ids, condition) == len(ids)

            return ended

        patience = 10 if patient else 20  # other tests run beside this one
        until(look(good, "verified_at IS NOT NULL"), within=patience, what="the good ones are pulled")
        told = [f"good ones after {time.monotonic() - begun:.1f} s"]
        waited_for = hostile if patient else [*FLOODS, *HOSTILE_CALENDARS]
        left = 30 - (time.monotonic() - begun)
        until(look([hostile[script] for script in waited_for], ENDED), within=left, what="they have ended")
        told.append(f"hostile ones after {time.monotonic() - begun:.1f} s")

    everybody = [*hostile.values(), *crowd, *good]
    assert count(own_database, everybody, "attempts > 0") == 0, "who was stopped gave back its lease"
    told.append(f"the puller grew by {watch.grown / MB:.0f} MB from {watch.before / MB:.0f} MB")
    told.append(f"its children had {watch.most_of_children / MB:.0f} MB at most")
    tell(", ".join(told))
    for script, link_id in hostile.items():
        tell(f"{script}: {reason(runtime, hostel, link_id)}")
    assert watch.grown <= 100 * MB
    assert channel.asked["silent"] <= 1 + 4, "of one host four at a time"
    assert set(SCRIPTS) >= {*FOR_EVER, *FLOODS}


@contextmanager
def running(runtime: Runtime) -> Iterator[Watch]:
    """Worker, puller and beat; the watch is on the puller."""
    settings = runtime.settings
    with ExitStack() as closing:
        pulling = replace(puller(settings), stop_by=AT_ONCE)
        parts = [child(program, settings) for program in (worker(settings), pulling, beat())]
        for part in parts:
            part.start()
            closing.callback(part.stop)
        for part in parts:
            closing.callback(part.ask)  # all of them, before anybody is waited for
        assert parts[1].pid is not None
        yield Watch(psutil.Process(parts[1].pid))


def a_link(runtime: Runtime, hostel: Place, url: str, room: int) -> UUID:
    """Due in an hour, but for the very first: by it one sees that all programs are at work."""
    link_id = place.link(runtime, hostel, url, Scope(unit_id=hostel.rooms[room]))
    if not url.startswith("http://127.0.2.0:"):
        with runtime.database.unit_of_work(hostel.organization_id) as session:
            session.execute(
                text("UPDATE links SET next_pull_at = now() + interval '1 hour' WHERE id = :id"),
                {"id": link_id},
            )
    return link_id


def among(ids: list[UUID]) -> str:
    return "id IN ({})".format(", ".join(f"'{link_id}'" for link_id in ids))


def count(database: servers.Database, ids: list[UUID], condition: str) -> int:
    question = f"SELECT count(*) FROM links WHERE {among(ids)} AND {condition}"
    return int(audit.ask(database.superuser_url, question))


def reason(runtime: Runtime, hostel: Place, link_id: UUID) -> object:
    with runtime.database.unit_of_work(hostel.organization_id) as session:
        return session.execute(_WORDS, {"link": link_id}).scalar_one()
