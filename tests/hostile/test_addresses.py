"""No way of writing an address, and nothing that a name or a remote does, leads to a private one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.app import create
from connectors.errors import ConnectorError
from connectors.ical.client import fetch
from connectors.transport import Network
from hub.config import Settings
from hub.database import Database, vault_of
from hub.models.links import Link
from sync.runtime import Runtime
from tests import factories, servers
from tests.api.houses import House
from tests.api.linked import connected, linked
from tests.fakes.feed_server import FeedServer
from tests.hostile.addresses import HOSTILE, LEADS_TO, resolve
from tests.hostile.sockets import Listeners, connections
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import Importer

NAME = "calendar.example"


@dataclass
class Names:
    """A resolver whose one good name leads where it is told; it notes what it was asked."""

    leads_to: Sequence[str] = ("127.0.0.1",)
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.leads_to if host == NAME else resolve(host, port)


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    with Listeners() as heard:
        yield heard


@pytest.fixture
def channel() -> Iterator[FeedServer]:
    with FeedServer() as served:
        served.answer("/room.ics", body=calendar(nights("a", day(20), day(23))))
        yield served


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def runtime(database: servers.Database, channel: FeedServer, names: Names) -> Iterator[Runtime]:
    """Nothing private may be called but the one channel."""
    settings = Settings(
        base_url="https://hub.example.com",
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=factories.FERNET_KEY,
    )
    network = Network([channel.host], resolve=names)
    opened = Runtime(settings, Database(database.app_url, factories.a_vault()), network)
    yield opened
    opened.close()


@pytest.fixture
def house(runtime: Runtime) -> Iterator[House]:
    with TestClient(create(runtime=runtime), base_url="https://hub.example.com") as client:
        yield House.build(client, runtime)


@pytest.fixture
def importer(runtime: Runtime, channel: FeedServer) -> Importer:
    return Importer.build(runtime, channel)


def test_the_list_is_long_and_nothing_on_it_twice() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) > 150


def test_none_is_called_when_it_is_asked_for(listeners: Listeners) -> None:
    with connections() as made:
        called = [url for url in ready(listeners) if code_of(Network(resolve=resolve), url) != REFUSED]

    assert (called, made, listeners.knocks) == ([], [], 0)


def test_the_watch_sees_a_connection_that_is_allowed(listeners: Listeners) -> None:
    """The control: what would be seen if one of them were called."""
    with connections() as made:
        code_of(Network(["127.0.0.1"], resolve=resolve), f"http://localtest.me:{listeners.port}/")
        code_of(Network(["localtest.me"], resolve=resolve), f"http://localtest.me:{listeners.port}/")

    assert ("127.0.0.1", listeners.port) in made
    assert listeners.knocks > 0


@pytest.mark.parametrize("door", ["links", "links/preview", "link"])
def test_none_is_called_when_somebody_adds_it(
    house: House, channel: FeedServer, listeners: Listeners, door: str
) -> None:
    """A new link, a preview, another address for a link that there is."""
    method, path, body = _asking(house, channel, door)
    before = len(channel.requests())
    urls = ready(listeners)[:: 1 if door == "links" else 3]

    with connections() as made:
        answers = {url: house.ask(method, path, json=body | {"settings": {"url": url}}) for url in urls}

    assert {url: answer.text for url, answer in answers.items() if answer.status_code != 422} == {}
    fields = {error["field"] for answer in answers.values() for error in answer.json()["errors"]}
    assert fields == {"settings.url"}
    assert (made, listeners.knocks, len(channel.requests())) == ([], 0, before)
    assert len(house.get("/links").json()["items"]) == (1 if door == "link" else 0)


def _asking(house: House, channel: FeedServer, door: str) -> tuple[str, str, dict[str, Any]]:
    if door == "link":
        made = linked(house, channel, settings={"url": channel.url("/room.ics")})
        return "PATCH", f"/links/{made['id']}", {}
    body = {"unit_id": house.rooms[0]}
    if door == "links":
        return "POST", "/links", body | {"connection_id": connected(house)["id"], "direction": "import"}
    return "POST", "/links/preview", body | {"connector": "ical"}


def test_none_is_called_when_it_stands_in_the_database(importer: Importer, listeners: Listeners) -> None:
    """As if it had been let in by an older version, or by somebody with the database's password."""
    link = importer.link()
    assert importer.pull(link).state == "changed"
    held = importer.held(link)

    outcomes = []
    with connections() as made:
        for url in ready(listeners)[::2]:
            importer.do(partial(_store, url=url))
            outcomes.append(importer.pull(link).state)

    assert set(outcomes) == {"failed"}
    assert (made, listeners.knocks, len(importer.channel.requests())) == ([], 0, 1)
    assert importer.held(link) == held


def _store(session: Session, *, url: str) -> None:
    """Past all checks."""
    sealed = vault_of(session).seal({"url": url})
    session.execute(update(Link).values(settings_sealed=sealed, state="active", failures=0))


def test_none_is_called_when_a_name_that_was_good_turns_bad(
    importer: Importer, listeners: Listeners, names: Names
) -> None:
    """At the listeners' port: the channel's own is the operator's exception."""
    link = importer.link()
    url = f"http://{NAME}:{listeners.port}/room.ics"
    importer.do(partial(_store, url=url))

    outcomes = []
    with connections() as made:
        for addresses in LEADS_TO.values():
            names.leads_to = addresses
            outcomes.append(importer.pull(link))
            importer.do(partial(_store, url=url))

    (error,) = {outcome.error for outcome in outcomes}
    assert error is not None
    assert error.startswith(f"{NAME} leads to an address that is not public")
    assert names.asked == [NAME] * len(LEADS_TO), "each pull looks it up once"
    assert (made, listeners.knocks) == ([], 0)


def test_none_is_called_when_a_good_channel_redirects_to_it(
    channel: FeedServer, listeners: Listeners, names: Names
) -> None:
    network = Network([channel.host], resolve=names)
    urls = [url for url in ready(listeners) if not {"\n", "\x00"} & set(url)]
    for number, url in enumerate(urls):
        said = url.encode().decode("latin-1")
        channel.answer(f"/{number}", status=(301, 302, 303, 307, 308)[number % 5], headers={"Location": said})

    with connections() as made:
        codes = {url: code_of(network, channel.url(f"/{number}")) for number, url in enumerate(urls)}

    # Some name no host at all once they are joined to the channel's address: they lead back to it.
    back = {url for url, code in codes.items() if code == "not_found"}
    assert {url: code for url, code in codes.items() if code != REFUSED and url not in back} == {}
    assert len(back) < 10
    assert ({address[1] for address in made}, listeners.knocks) == ({channel.port}, 0)
    assert len(channel.requests()) == len(urls) + len(back)


def test_none_is_called_by_a_redirect_of_a_link(
    importer: Importer, channel: FeedServer, listeners: Listeners
) -> None:
    """The whole way of a pull, for one address of each kind."""
    link = importer.link("/moved.ics")
    kinds = ("http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://localtest.me:{port}/", "//10.0.0.1/")
    with connections() as made:
        for number, url in enumerate(kinds):
            channel.answer("/moved.ics", status=302, headers={"Location": url.format(port=listeners.port)})
            assert importer.pull(link).state == "failed", number

    assert ({address[1] for address in made}, listeners.knocks) == ({channel.port}, 0)


REFUSED = "address_refused"


def code_of(network: Network, url: str) -> str:
    """What became of asking it."""
    try:
        fetch(network, url, {})
    except ConnectorError as error:
        return error.code
    return "called"


def ready(listeners: Listeners) -> list[str]:
    return [url.replace("{port}", str(listeners.port)) for url in HOSTILE]
