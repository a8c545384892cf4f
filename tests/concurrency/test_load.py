"""24 clients over HTTP on three rooms and the villa made of them, while channels close the same nights."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import pytest

from sync.linking import Scope
from sync.pull import pull
from sync.relay import relay
from sync.runtime import Runtime
from tests.concurrency import audit, place, programs
from tests.concurrency.clients import CAUSES, TAKEN, WINDOW, Client, Register
from tests.concurrency.place import Place
from tests.concurrency.together import tell, together
from tests.fakes.feed_server import FeedServer
from tests.servers import Database

CLIENTS = 24
SECONDS = 4.0
LATEST = 60.0
"""Seconds after which what has not happened is missed"""
WANTED = {
    *("book 201", "cancel 200", "move 200", "swap 200", "confirm 200"),
    *("a conflict", "a refusal because of a block"),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "seconds", [SECONDS, pytest.param(300.0, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]
)
def test_nothing_is_sold_twice_and_every_overlap_with_a_channel_is_a_conflict(
    runtime: Runtime, own_database: Database, seconds: float
) -> None:
    seed = random.randrange(2**32)
    tell(f"seed {seed}")
    villa = place.build(runtime.database)
    register, imports = Register(), Imports(runtime, villa, seed)
    before = audit.deadlocks(own_database.superuser_url)

    with FeedServer() as remote, programs.Web(runtime.settings) as web:
        imports.connect(remote)
        began = time.monotonic()

        def over() -> bool:
            """Long enough; on a slow machine, when everything has happened once."""
            passed = time.monotonic() - began
            return passed > seconds and (passed > LATEST or not missing(register, imports))

        with ExitStack() as closing:
            token = place.token(runtime.database, villa)
            https = [closing.enter_context(programs.client(web, token)) for _ in range(CLIENTS)]
            clients = [Client(http, villa, register, seed + n) for n, http in enumerate(https)]
            ended = together(
                [
                    *(lambda client=client: client.act_until(over) for client in clients),
                    lambda: imports.replace_until(over),
                    *(lambda: relay_until(runtime, over) for _ in range(2)),
                ]
            )
        log = web.log_end()
    while relay(runtime):
        pass

    tell(*(f"{number:6} {what}" for what, number in sorted(register.tally().items())))
    tell(f"{imports.done} imports changed something; {imports.opened} conflicts opened")
    assert ended == [None] * len(ended)
    assert audit.faults(own_database.superuser_url) == []
    assert audit.bookings_over_blocks(own_database.superuser_url) == 0
    assert audit.deadlocks(own_database.superuser_url) == before
    with audit.opened(own_database.superuser_url) as connection:
        stored = {str(row.id) for row in connection.execute("SELECT id FROM bookings")}
    assert stored == set(register.booked), "acknowledged bookings are those in the database"
    for said in register.refusals():
        assert said.status == 409, (said, log)
        assert set(said.codes) <= CAUSES, said
        assert all(said.messages), said
        assert said.codes[0] not in TAKEN or re.search(r"\d{4}-\d\d-\d\d", said.messages[0]), said
    assert not missing(register, imports)


def missing(register: Register, imports: Imports) -> set[str]:
    """What has not happened yet, of what must have for the run to prove anything."""
    happened = {what for what in register.tally() if " 20" in what}
    if imports.opened:
        happened.add("a conflict")
    if any("Channel" in text for said in list(register.said) for text in said.messages):
        happened.add("a refusal because of a block")
    return WANTED - happened


class Imports:
    """Calendars of a room, of the type and of the villa over the same nights, replaced all the time."""

    def __init__(self, runtime: Runtime, villa: Place, seed: int) -> None:
        self.runtime = runtime
        self.villa = villa
        self.chance = random.Random(f"imports {seed}")
        self.links: dict[str, UUID] = {}
        self.done = self.opened = 0

    def connect(self, remote: FeedServer) -> None:
        self.remote = remote
        scopes = {
            "/room.ics": Scope(unit_id=self.villa.rooms[0]),
            "/type.ics": Scope(unit_type_id=self.villa.room_type_id),
            "/villa.ics": Scope(unit_id=self.villa.whole),
        }
        for path, scope in scopes.items():
            self.links[path] = place.link(self.runtime, self.villa, remote.url(path), scope)

    def replace_until(self, over: Callable[[], bool]) -> None:
        pause = threading.Event()
        while not over():
            for path, link_id in self.links.items():
                self.remote.answer(path, body=self.calendar())
                outcome = pull(self.runtime, self.villa.organization_id, link_id)
                assert outcome.state in ("changed", "unchanged"), outcome
                self.done += outcome.state == "changed"
                self.opened += outcome.counts.get("conflicts_opened", 0)
            pause.wait(0.05)

    def calendar(self) -> bytes:
        """Up to three stays: some last from one calendar to the next, some move, some go."""
        busy = []
        for name in self.chance.sample("abcdef", self.chance.randint(0, 3)):
            first = place.day(30 + self.chance.randrange(WINDOW))
            busy.append((name, first, first + timedelta(days=self.chance.randint(1, 3))))
        return place.calendar(busy)


def relay_until(runtime: Runtime, over: Callable[[], bool]) -> None:
    pause = threading.Event()
    while not over():
        if not relay(runtime):
            pause.wait(0.05)
