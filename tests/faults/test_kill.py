"""kill -9 of all programs and the database under load: nothing acknowledged is lost, no key books twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

import migrations
from hub.embedded import Postgres, database_url
from sync.linking import Scope
from sync.relay import relay
from sync.runtime import Runtime
from tests.concurrency import audit, place, programs
from tests.concurrency.place import Place
from tests.concurrency.programs import Web, child
from tests.concurrency.together import tell, until
from tests.fakes.feed_server import Answer, FeedServer
from tests.faults.persistent import Memory, Persistent
from workers.children import Child
from workers.programs import beat, puller, worker

CLIENTS = 8

STORED = """
    SELECT b.id::text AS id, b.status, i.arrival::text AS arrival, i.departure::text AS departure,
           i.unit_id::text AS unit_id
    FROM bookings b JOIN booking_items i ON i.booking_id = b.id
"""
DUE = "UPDATE links SET next_pull_at = now() WHERE state = 'active'"
TAKEN_ARE_READY = "UPDATE outbox SET not_before = now() WHERE state = 'ready'"


@pytest.fixture
def postgres(new_data_dir: Callable[[], Path]) -> Iterator[Postgres]:
    """A server of this test's own, which keeps what it has committed."""
    with Postgres(new_data_dir(), durable=True) as server:
        migrations.upgrade(database_url(server.data_dir, "owner"))
        yield server


@pytest.fixture
def runtime(postgres: Postgres, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    url = database_url(postgres.data_dir, "app")
    more = {"redis_url": redis_url, "lease_seconds": 5, "worker_concurrency": 1, "pull_concurrency": 4}
    with programs.runtime_of(programs.settings_for(url, tmp_path, **more)) as opened:
        yield opened


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("rounds", "work"),
    [(1, 16), pytest.param(15, 40, marks=[pytest.mark.soak, pytest.mark.timeout(900)])],
    ids=("one", "many"),
)
def test_nothing_acknowledged_is_lost_and_a_key_books_once(
    postgres: Postgres, runtime: Runtime, rounds: int, work: int
) -> None:
    """`work`: the answers that the clients get between two deaths."""
    superuser = database_url(postgres.data_dir, "superuser")
    for safety in ("fsync", "synchronous_commit", "full_page_writes"):
        assert audit.ask(superuser, f"SHOW {safety}") == "on"
    seed = random.randrange(2**32)
    tell(f"seed {seed}")
    villa = place.build(runtime.database)
    settings = runtime.settings
    stop = threading.Event()

    with FeedServer() as remote, Web(settings) as web, ExitStack() as closing:
        connected(runtime, villa, remote)
        working, pulling, timetable = (
            child(program, settings) for program in (worker(settings), puller(settings), beat())
        )
        for part in (working, pulling, timetable):
            part.start()
            closing.callback(part.kill)
        mortal: dict[str, Web | Child] = {"web": web, "worker": working, "puller": pulling}
        token = place.token(runtime.database, villa)
        clients = [
            Persistent(closing.enter_context(programs.client(web, token)), villa, seed + n)
            for n in range(CLIENTS)
        ]
        with ThreadPoolExecutor(CLIENTS) as pool:
            loads = [pool.submit(client.act_until, stop.is_set) for client in clients]
            try:
                for victim in deaths(seed, rounds):
                    until_worked(clients, work)
                    with contextlib.suppress(Exception):
                        audit.execute(superuser, DUE)
                    if victim == "database":
                        kill(postgres)
                        postgres.start()
                    else:
                        mortal[victim].kill()
                        mortal[victim].start()
                until_worked(clients, work)
            finally:
                stop.set()
            memories = [load.result(90) for load in loads]

    audit.execute(superuser, TAKEN_ARE_READY)
    while relay(runtime):
        pass
    told = report(memories)
    assert set(told.statuses) <= {200, 201, 409, 503}, told.statuses
    assert told.unanswered > 0, "the deaths were felt"
    assert differences(superuser, told) == []
    assert audit.faults(superuser) == []
    set_aside = "SELECT count(*) FROM links WHERE state NOT IN ('active', 'guarded')"
    assert audit.ask(superuser, set_aside) == 0, "what the channel sold meanwhile may guard a link"


def deaths(seed: int, rounds: int) -> Iterator[str]:
    """Each dies once a round, in any order."""
    chance = random.Random(seed)
    for _ in range(rounds):
        yield from chance.sample(("web", "worker", "puller", "database"), 4)


def kill(postgres: Postgres) -> None:
    """kill -9 of the server and of every process that serves a connection, or writes."""
    assert postgres.pid is not None
    children = Path(f"/proc/{postgres.pid}/task/{postgres.pid}/children")
    others = [int(pid) for pid in children.read_text().split()] if children.exists() else []
    for pid in (postgres.pid, *others):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not postgres.alive(), within=10, what="the server is dead")


def connected(runtime: Runtime, villa: Place, remote: FeedServer) -> None:
    """Channels whose calendars differ at every look, so that each pull writes."""
    for n, room in enumerate(villa.rooms):
        calendars = [
            place.calendar([(f"{k}", place.day(30 + 7 * k + n), place.day(32 + 7 * k + n))]) for k in range(8)
        ]
        path = f"/{n}.ics"
        remote.answer(path, *(Answer(body=body) for body in calendars * 20))
        place.link(runtime, villa, remote.url(path), Scope(unit_id=room))


def until_worked(clients: list[Persistent], work: int) -> None:
    """The clients have been answered often enough, from now on, for the next death to hit something."""

    def answered() -> int:
        return sum(client.memory.statuses.total() - client.memory.statuses[503] for client in clients)

    enough = answered() + work
    until(lambda: answered() >= enough, within=60, what="the clients are answered again")


def report(memories: list[Memory]) -> Memory:
    """All that was acknowledged to any of them; nobody changes another's booking."""
    told = Memory()
    for memory in memories:
        told.booked |= memory.booked
        told.statuses += memory.statuses
        told.unanswered += memory.unanswered
        told.replayed += memory.replayed
    tell(
        f"{len(told.booked)} bookings acknowledged; answers {dict(told.statuses)};"
        f" {told.unanswered} requests unanswered, {told.replayed} answered again"
    )
    return told


def differences(superuser: str, told: Memory) -> list[str]:
    """Where the database says something else than was acknowledged last."""
    with audit.opened(superuser) as connection:
        stored = {row.id: row for row in connection.execute(STORED.encode())}
        number = Counter(row.id for row in connection.execute(STORED.encode()))
    found = [f"nobody was told of {unknown}" for unknown in stored.keys() - told.booked.keys()]
    for booking_id, booking in told.booked.items():
        row, (item,) = stored.get(booking_id), booking["items"]
        said = (booking["status"], item["arrival"], item["departure"], item["unit_id"])
        if row is None:
            found.append(f"{booking_id} was acknowledged and is gone")
        elif (row.status, row.arrival, row.departure, row.unit_id) != said or number[booking_id] != 1:
            found.append(f"{booking_id} is {row}, acknowledged was {said}")
    return found
