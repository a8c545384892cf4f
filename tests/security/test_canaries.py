"""Secrets and people's data, pushed in everywhere: not to be read in the database, Redis, logs or errors."""

from __future__ import annotations

import base64
import io
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from starlette.testclient import TestClient

from hub import logs
from hub.queries import mails as mails_query
from hub.services import mails
from sync.runtime import Runtime
from tests import factories
from tests.api.described import OPERATIONS
from tests.api.houses import V1, House, day
from tests.api.linked import pulled
from tests.fakes.feed_server import Answer, FeedServer
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.security.canaries import PRIVATE, Canaries, dumped, remembered, stuffed
from tests.security.synced import sync_both_ways
from tests.security.test_tenant_walk import two_sides
from tests.security.walking import WORDS, Sides, bodies, furnish
from tests.servers import Database as Address
from tests.servers import Servers
from tests.sync.both_sides import wired
from tests.sync.calendars import calendar

WRITES = [title for title in OPERATIONS if not title.startswith("GET ")]
REDIS_DATABASES = range(4)
READABLE = "uid of an event"
"""A channel's own name for an entry of its calendar; entries are matched and kept apart by it"""


@dataclass(frozen=True)
class Scene:
    """What was pushed, and all that was said about it where it should not be."""

    canaries: Canaries
    log: str
    errors: str
    done: dict[str, int]
    """The last status of each operation"""


class Pusher:
    """Sends requests, keeps what they are told, and takes each secret of an answer for a canary too."""

    def __init__(self, house: House, canaries: Canaries) -> None:
        self.house, self.canaries = house, canaries
        self.errors: list[str] = []
        self.done: dict[str, int] = {}

    def send(self, title: str, body: Any, path: str | None = None) -> Any:
        method, _, template = title.partition(" ")
        once = {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
        where = (path or template).removeprefix(V1)
        answer = self.house.ask(method, where, json=body, headers=once)
        self.done[title] = answer.status_code
        if answer.status_code >= 400:
            self.errors.append(answer.text)
        elif answer.content:
            self.canaries.watch_secrets_in(title, answer.json())
        return answer

    def must(self, status: int, title: str, body: Any, path: str | None = None) -> Any:
        answer = self.send(title, body, path)
        assert answer.status_code == status, (title, answer.text)
        return answer.json() if answer.content else None


def everyday(push: Pusher, channel: FeedServer) -> None:
    """What happens at a desk, each of it with a success: guests, notes, channels, people, machines."""
    house, new = push.house, push.canaries
    guest = {"name": f"Ada {new.word('guest')}", "email": new.email("guest"), "phone": new.phone("guest")}
    booked = push.must(
        201, f"POST {V1}/bookings", house.stay(10, 12, guest=guest | {"note": new.word("guest's note")})
    )
    one = f"{V1}/bookings/{booked['id']}"
    again = {"guest": {"name": new.word("new name"), "email": new.email("new"), "phone": new.phone("new")}}
    push.must(200, f"PATCH {V1}/bookings/{{booking_id}}", again, one)
    push.must(
        200,
        f"POST {V1}/bookings/{{booking_id}}/cancel",
        {"reason": new.word("cancel reason")},
        f"{one}/cancel",
    )
    closed = {"unit_id": house.rooms[2], "kind": "closed", "arrival": day(40), "departure": day(41)}
    push.must(201, f"POST {V1}/blackouts", closed | {"note": new.word("blackout's note")})
    imports(push, channel)
    invited = {"email": new.email("invited"), "name": new.word("invited"), "role": "staff"}
    push.must(201, f"POST {V1}/organization/invitations", invited)
    push.must(201, f"POST {V1}/api-keys", {"name": "A machine", "scopes": ["read"]})
    push.must(202, f"POST {V1}/auth/password-reset", {"email": new.email("of nobody")})


def imports(push: Pusher, channel: FeedServer) -> None:
    """A calendar at a secret address whose events name people, really pulled; and a feed of ours."""
    house, new = push.house, push.canaries
    path = f"/{new.word('feed address')}.ics"
    event = [
        *("BEGIN:VEVENT", f"UID:{new.word('uid of an event')}@example.com", "DTSTAMP:20300101T000000Z"),
        *(f"DTSTART;VALUE=DATE:{day(20).replace('-', '')}", f"DTEND;VALUE=DATE:{day(22).replace('-', '')}"),
        f"SUMMARY:Grace {new.word('summary of an event')}",
        f"DESCRIPTION:{new.word('description of an event')} {new.phone('of an event')}",
        f"LOCATION:{new.word('location of an event')}",
        "END:VEVENT",
    ]
    channel.answer(path, Answer(body=calendar("\r\n".join(event), title=new.word("title of a calendar"))))
    settings = {"url": f"{channel.url(path)}?s={new.word('query of a feed address')}"}
    account = {"url": f"{channel.url('/x')}?s={new.word('connection')}"}
    connection = {"connector": "ical", "name": "Seaside", "settings": account}
    made = push.must(201, f"POST {V1}/connections", connection)
    shown = {"connector": "ical", "settings": settings, "unit_id": house.rooms[0]}
    push.must(200, f"POST {V1}/links/preview", shown)
    link = {"connection_id": made["id"], "unit_id": house.rooms[0], "settings": settings}
    imported = push.must(201, f"POST {V1}/links", link | {"direction": "import"})
    assert pulled(house, imported).state == "changed"
    events = house.get(f"/links/{imported['id']}/events").text
    assert new.pushed[next(what for what in new.pushed if what.startswith("summary of an event"))] in events
    exported = push.must(201, f"POST {V1}/links", link | {"direction": "export", "settings": {}})
    assert house.client.get(exported["feed_url"]).status_code == 200
    channel.answer(path, Answer(status=500, body=new.word("words of a failing channel").encode()))
    assert pulled(house, imported).state == "failed"


def signing_in(push: Pusher, runtime: Runtime) -> None:
    """With the right words, wrong ones and none that there are; what is mailed has secrets of its own."""
    new, client = push.canaries, push.house.client
    email, password = new.email("account"), new.word("password")
    admin = factories.an_organization(runtime.database, email=email, password=password)
    for title, body in (
        ("login", {"email": email, "password": password}),
        ("login", {"email": email, "password": new.word("wrong password")}),
        ("login", {"email": new.email("unknown account"), "password": new.word("password of nobody")}),
        ("refresh", {"refresh_token": new.word("refresh token") * 2}),
        ("password-reset", {"email": email}),
        ("password-reset/confirm", {"token": new.word("reset token") * 2, "password": new.word("new one")}),
    ):
        answer = client.post(f"{V1}/auth/{title}", json=body)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            push.errors.append(answer.text)
        elif answer.content:
            new.watch_secrets_in(title, answer.json())
    with runtime.database.unit_of_work(admin.organization_id) as session:
        texts = [mails.read(session, row).text for row in mails_query.newest(session, 10)]
    assert texts, "a password reset is mailed"
    for text in texts:
        new.watch_secrets_in("a mail", {"link": re.findall(r"https?://\S+", text)})


def everywhere(push: Pusher, sides: Sides, address: str) -> None:
    """Each example of each write, with canaries in all that is private; then the same, spoilt."""
    for title in WRITES:
        method, _, path = title.partition(" ")
        if method == "DELETE" or "/auth/logout" in path:
            continue
        named = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        ids = {name: WORDS.get(name) or sides.ours.of(name) for name in named}
        for example in bodies(OPERATIONS[title]) or [None]:
            body = stuffed(push.canaries, title, example, address)
            furnish(body, sides.ours)
            push.send(title, body, path.format(**ids))
            if isinstance(body, dict):
                push.send(title, body | {"unasked": push.canaries.word("unasked")}, path.format(**ids))
                for name in body.keys() & {*PRIVATE, "name", "settings", "guest"}:
                    push.send(title, body | {name: [push.canaries.word("a list")]}, path.format(**ids))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a process of the hub writes to its log meanwhile."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter(json=True))
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY} | {"root": root.level}
    for name in logs.CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(None if name == "root" else name).setLevel(level)


def test_nothing_private_can_be_read_where_it_should_not(
    client: TestClient,
    runtime: Runtime,
    house: House,
    channel: FeedServer,
    database: Address,
    servers: Servers,
    log: io.StringIO,
    record_property: Callable[[str, object], None],
) -> None:
    canaries, sides = Canaries(), two_sides(client, runtime)
    push = Pusher(house, canaries)
    everyday(push, channel)
    signing_in(push, runtime)
    google = GoogleCalendar()
    with wired(google):
        sync_both_ways(canaries, runtime, google)
    push.house = sides.house
    everywhere(push, sides, channel.url(""))
    record_property("pushed", ", ".join(canaries.pushed))

    assert set(push.done) >= {title for title in WRITES if not title.startswith("DELETE")} - {
        f"POST {V1}/auth/logout"
    }
    assert len(canaries.pushed) > 100
    stored = dumped(database)
    assert str(house.organization_id).encode() in stored
    assert [what for what in canaries.found_in(stored) if not what.startswith(READABLE)] == []
    assert canaries.found_in(remembered(servers.redis_url(n) for n in REDIS_DATABASES)) == []
    assert canaries.found_in(log.getvalue().encode()) == []
    assert canaries.found_in("\n".join(push.errors).encode()) == []


def test_a_canary_that_escaped_would_be_found(
    house: House, database: Address, servers: Servers, log: io.StringIO
) -> None:
    """Each place is looked into, and each way of writing is known."""
    canaries = Canaries()
    word = canaries.word("the one")
    changed = house.ask("PATCH", f"/properties/{house.property_id}", json={"description": f"by {word} sea"})
    assert changed.status_code == 200
    with redis.Redis.from_url(servers.redis_url(0)) as client:
        client.hset("of the canaries", "a", f"<{word}>")
        kept = remembered([servers.redis_url(0)])
        client.delete("of the canaries")
    logging.getLogger("hub").warning("it says %s", word)

    for place in (dumped(database), kept, log.getvalue().encode()):
        assert canaries.found_in(place) == ["the one (0)"]
    for spelt in (word.encode().hex(), f"%20{word}%20"):
        assert canaries.found_in(spelt.encode())
    for before in ("", "a", "ab", "abc"):
        assert canaries.found_in(base64.b64encode(f"{before}{word}, and more".encode()))
    assert not canaries.found_in(b"canary")
