"""A running hub, each program a process, beside a Google calendar on loopback that its owner has linked."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import redis
from pydantic import SecretStr
from sqlalchemy import text

from hub.embedded import Valkey, redis_url
from sync import watches
from sync.runtime import Runtime
from tests.concurrency import place, programs
from tests.concurrency.place import Place
from tests.concurrency.programs import Web, child
from tests.concurrency.together import until
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.people import Person
from tests.fakes.google_calendar.server import Serving
from tests.fakes.loopback import NO_TLS
from tests.servers import Servers
from workers.children import Child
from workers.programs import beat, puller, worker

OWNER = "owner@example.com"
PATIENCE = 60
WEBHOOK = "/webhooks/google_calendar"
AT_REST = """
    SELECT dirty_seq = synced_seq AND notices = noticed AND lease_until < clock_timestamp()
           AND next_pull_at > now() + interval '30 s'
           AND NOT EXISTS (SELECT FROM sync_items i WHERE i.link_id = links.id AND i.touched)
           AND NOT EXISTS (SELECT FROM sync_ops o WHERE o.link_id = links.id
                           AND o.state IN ('ready', 'inflight'))
           AND NOT EXISTS (SELECT FROM outbox WHERE outbox.state = 'ready')
    FROM links
"""
BLOCKS = "SELECT count(*) FROM external_blocks"
DUE = "UPDATE links SET next_pull_at = now()"
LAPSED = "UPDATE links SET lease_until = clock_timestamp() - interval '1 second', next_pull_at = now()"
"""What the dead held is waited for by the clock of the database, which a test cannot move"""


@dataclass
class Hub:
    """Web, worker, puller and timetable, each a process; the owner has signed in and linked a calendar."""

    runtime: Runtime
    web: Web
    http: httpx.Client
    google: GoogleCalendar
    person: Person
    villa: Place
    calendar: str
    valkey_dir: Path
    puller: Child
    booked: int = 0
    written: dict[str, float] = field(default_factory=dict)
    """When an event with this first day first came into the calendar"""

    def link(self) -> UUID:
        """As its owner does it: sign in at Google, choose a calendar."""
        said = {"connector": "google_calendar", "name": "Casa Azul", "settings": {}}
        connection = self.ask("POST", "/connections", said)["id"]
        begun = self.ask("POST", f"/connections/{connection}/sign-in")
        back = urlsplit(self.google.oauth.consent(begun["url"], OWNER))
        answer = self.http.get(f"{back.path}?{back.query}")
        assert answer.status_code < 400, answer.text
        wanted = {
            "connection_id": connection,
            "unit_id": str(self.villa.units[0]),
            "direction": "two_way",
            "settings": {"calendar_id": self.calendar},
        }
        return UUID(self.ask("POST", "/links", wanted)["id"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def book(self) -> tuple[date, float]:
        """The first day, and when it was acknowledged."""
        self.booked += 1
        first, last = place.day(20 + 3 * self.booked), place.day(22 + 3 * self.booked)
        item = {"unit_id": str(self.villa.units[0]), "arrival": str(first), "departure": str(last)}
        self.ask("POST", "/bookings", {"property_id": str(self.villa.property_id), "items": [item]})
        return first, time.monotonic()

    def free_days(self) -> tuple[date, date]:
        self.booked += 1
        return place.day(20 + 3 * self.booked), place.day(22 + 3 * self.booked)

    def shown(self) -> list[str]:
        """The first days of all that lives in the calendar."""
        return sorted(event["start"]["date"] for event in self.person.snapshot(self.calendar).values())

    def rests(self) -> None:
        until(lambda: self.one(AT_REST), within=PATIENCE, what="nothing is left to be done")

    def one(self, statement: str) -> Any:
        with self.runtime.database.unit_of_work(self.villa.organization_id) as session:
            return session.scalar(text(statement))

    def say(self, statement: str) -> None:
        with self.runtime.database.unit_of_work(self.villa.organization_id) as session:
            session.execute(text(statement))

    def flush(self) -> None:
        with redis.Redis.from_url(redis_url(self.valkey_dir)) as client:
            client.flushall()

    def lists(self) -> int:
        return len(self.google.requests("events.list"))

    def notices(self) -> list[dict[str, str]]:
        """The headers of what Google wants to post; from now on it has nothing to post."""
        found = [dict(notice.headers) for notice in self.google.watching.pending]
        self.google.watching.pending.clear()
        return found

    def hears(self) -> None:
        """Google posts to the address that a hub has in production; this one has another."""
        for notice in self.notices():
            answer = httpx.post(f"{self.web.base_url}{WEBHOOK}", headers=notice, timeout=30, verify=NO_TLS)
            assert answer.status_code == 204, answer.text

    def note(self, _calendar: object) -> None:
        now = time.monotonic()
        for event in self.person.snapshot(self.calendar).values():
            self.written.setdefault(event["start"]["date"], now)


@contextmanager
def running(servers: Servers, name: str, valkey_dir: Path, data_dir: Path) -> Iterator[Hub]:
    """`name` is of a database that nobody else has."""
    google = GoogleCalendar()
    google.watching.plain_http = True
    person = google.person(OWNER)
    calendar = person.makes_calendar("Casa Azul", place.ZONE)
    database = servers.copy_template(f"{name}_{secrets.token_hex(4)}")
    with ExitStack() as closing:
        closing.callback(servers.drop, database)
        closing.enter_context(Valkey(valkey_dir))
        server = closing.enter_context(Serving(google))
        settings = programs.settings_for(
            database.app_url,
            data_dir,
            redis_url=redis_url(valkey_dir),
            google_client_id=CLIENT_ID,
            google_client_secret=SecretStr(CLIENT_SECRET),
            google_api_root=server.root,
            worker_concurrency=1,
            pull_concurrency=4,
        )
        runtime = closing.enter_context(programs.runtime_of(settings))
        villa = place.build(runtime.database, whole=False)
        web = closing.enter_context(Web(settings))
        http = closing.enter_context(programs.client(web, place.token(runtime.database, villa)))
        pulling = child(puller(settings), settings)
        for part in (pulling, child(worker(settings), settings), child(beat(), settings)):
            part.start()
            closing.callback(part.kill)
        made = Hub(runtime, web, http, google, person, villa, calendar, valkey_dir, pulling)
        link_id = made.link()
        made.rests()
        watches.tend(runtime, villa.organization_id, link_id)  # the timetable's, which does it once a minute
        google.world.changed.append(made.note)
        yield made
    assert google.violations == []
