"""Pulling 1,000 feeds of 50 events that each answer after 50 ms: all of them new, then all unchanged (304).

Ours is the real path of a pull, in threads as the puller has them: lease, politeness, guarded call, reading,
one transaction, run and change log; in a hub whose database has seen a few such links before. The peer asks
for the same feeds with as many threads and does nothing with what it gets. CPU time is that of the pulling
process and what it starts, and beside it PostgreSQL's.
"""

from __future__ import annotations

import http.client
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

import psutil
import psycopg
from sqlalchemy import event
from sqlalchemy.orm import Session

from benchmarks._hub import BenchHub, hub
from benchmarks._report import Row, show
from benchmarks._slow_feeds import EVENTS, HOST, LATENCY, serving
from connectors.transport import Network
from hub.services import properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.tokens import Claims
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, linking
from sync.linking import Scope
from sync.pull import pull
from sync.runtime import Runtime

FEEDS = 1000
FIRST = 24
"""Links that are pulled before: of tables that were empty a minute ago PostgreSQL knows nothing yet"""
HOSTS = 100
"""Names by which the feeds are asked for; all lead to one machine"""
DOMAIN = "bench.example"


@dataclass(slots=True)
class Took:
    """`cpu` and `database` are seconds of the processor; statements are those of our database sessions."""

    seconds: float = 0.0
    cpu: float = 0.0
    database: float = 0.0
    statements: int = 0
    ended: Counter[str] | None = None

    def said(self) -> str:
        words = f"{FEEDS / self.seconds:,.0f}/s, {self.cpu / FEEDS * 1000:.2f} ms CPU"
        if self.statements:
            words += f" + {self.database / FEEDS * 1000:.2f} ms PostgreSQL"
            words += f", {self.statements / FEEDS:.1f} statements"
        return words


def main() -> None:
    with hub() as bench, serving() as port:
        network = Network([HOST], resolve=lambda *_: [HOST])
        runtime = replace(bench.runtime, network=network)
        claims = bench.organization()
        links = furnish(bench, claims, port)
        threads = bench.runtime.settings.pull_concurrency
        bare = [measured(bench, runtime, partial(fetch_all, port, threads, known)) for known in (False, True)]
        first, links = links[:FIRST], links[FIRST:]
        pull_all(runtime, claims.organization_id, first, threads)
        analyze(bench)
        ask = partial(pull_all, runtime, claims.organization_id, links, threads)
        new, unchanged = (measured(bench, runtime, ask) for _ in range(2))
    if new.ended != {"changed": FEEDS} or unchanged.ended != {"unchanged": FEEDS}:
        raise SystemExit(f"pulls ended otherwise: {new.ended}, {unchanged.ended}")
    rows = [
        compare("all new", new, bare[False]),
        compare("all unchanged (304)", unchanged, bare[True]),
    ]
    best = f"{LATENCY * 1000:.0f} ms allow {threads / LATENCY:.0f} a second"
    show(f"{FEEDS} feeds of {EVENTS} events, {threads} threads: {best}", rows)


def analyze(bench: BenchHub) -> None:
    """What autovacuum does within a minute of the first rows; without it plans are made for empty tables."""
    with psycopg.connect(bench.superuser_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def compare(what: str, ours: Took, peer: Took) -> Row:
    ratio = f"{peer.seconds / ours.seconds:.2f} x as fast, {ours.cpu / peer.cpu:.1f} x the CPU"
    return Row(what, ours.said(), peer.said(), ratio)


def pull_all(runtime: Runtime, organization_id: UUID, links: list[UUID], threads: int) -> Counter[str]:
    with ThreadPoolExecutor(threads) as pool:
        outcomes = pool.map(lambda link_id: pull(runtime, organization_id, link_id), links)
        return Counter(outcome.state for outcome in outcomes)


def fetch_all(port: int, threads: int, known: bool) -> Counter[str]:
    """The peer."""
    headers = {"If-None-Match": '"1"'} if known else {}

    def fetch(number: int) -> str:
        connection = http.client.HTTPConnection(HOST, port, timeout=20)
        connection.request("GET", f"/{number}.ics", headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return str(answer.status)

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(fetch, range(FEEDS)))


def measured(bench: BenchHub, runtime: Runtime, does: Callable[[], Counter[str]]) -> Took:
    took = Took()
    with _counted(runtime, took):
        before, began = (_spent(psutil.Process()), _database(bench)), time.perf_counter()
        took.ended = does()
        took.seconds = time.perf_counter() - began
        took.cpu, took.database = _spent(psutil.Process()) - before[0], _database(bench) - before[1]
    return took


@contextmanager
def _counted(runtime: Runtime, took: Took) -> Iterator[None]:
    def count(*_: object) -> None:
        took.statements += 1

    event.listen(runtime.database.engine, "before_cursor_execute", count)
    yield
    event.remove(runtime.database.engine, "before_cursor_execute", count)


def _spent(process: psutil.Process) -> float:
    """Of the process, of what it started, and of what of that has ended."""
    own = process.cpu_times()
    spent = own.user + own.system + own.children_user + own.children_system
    for child in process.children():
        with suppress(psutil.NoSuchProcess):  # as one of autovacuum's
            times = child.cpu_times()
            spent += times.user + times.system
    return float(spent)


def _database(bench: BenchHub) -> float:
    """Of all processes of the server: they are no children of ours."""
    pid = int((bench.data_dir / "servers" / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    return _spent(psutil.Process(pid))


def furnish(bench: BenchHub, claims: Claims, port: int) -> list[UUID]:
    """A unit for each feed, and a link that nobody has pulled yet."""

    def work(session: Session) -> list[UUID]:
        place = properties.create(session, NewProperty("Bench House", time_zone="Europe/Madrid"))
        kind = unit_types.create(
            session, NewUnitType(place.id, "Double", category="room", let_by="night", capacity=2)
        )
        rooms = [
            room
            for part, number in enumerate((*[500] * (FEEDS // 500), FIRST))
            for room in units.create_many(session, NewUnit(kind.id, f"Room {part} {{n}}"), number)
        ]
        channel = connecting.connect(session, "ical", "Elsewhere", {})
        made = []
        for number, room in enumerate(rooms):
            url = {"url": f"http://{number % HOSTS}.feeds.example:{port}/{number}.ics"}
            scope = Scope(unit_id=room.id)
            made.append(linking.link(session, channel.id, scope, "import", url, uid_domain=DOMAIN).id)
        return made

    return bench.runtime.database.transact(claims.organization_id, work)


if __name__ == "__main__":
    main()
