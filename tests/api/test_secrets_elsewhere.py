"""A secret that is not shown is not told to somebody else's address either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.houses import House, check_problem
from tests.api.synced import account, body, synced
from tests.connectors.sandbox.playing import KEY, SandboxHarness, playing
from tests.fakes.feed_server import FeedServer


@pytest.fixture(scope="module")
def calendars() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


@pytest.fixture
def elsewhere(channel: FeedServer) -> str:
    """An address at which somebody listens for keys."""
    return channel.url("/listens")


def _asks(house: House, calendars: SandboxHarness, connection: dict[str, Any], **settings: Any) -> list[Any]:
    """A preview, which staff may ask for, and a link."""
    said = {"calendar": calendars.agenda.name} | settings
    shown = {"connection_id": connection["id"], "unit_id": house.rooms[0], "settings": said}
    linked = body(house, calendars, connection_id=connection["id"], settings=said)
    return [house.colleague("staff").post("/links/preview", shown), house.post("/links", linked)]


def test_a_link_cannot_have_its_connections_key_told_to_another_address(
    house: House, calendars: SandboxHarness, channel: FeedServer, elsewhere: str
) -> None:
    connection = account(house, calendars)

    for answer in _asks(house, calendars, connection, url=elsewhere):
        check_problem(answer, 422, "secret_elsewhere", "settings.url")

    assert channel.requests() == []


def test_a_key_of_a_connection_without_an_address_is_told_to_none_of_a_links(
    house: House, calendars: SandboxHarness, channel: FeedServer, elsewhere: str
) -> None:
    said = {"connector": "sandbox", "name": "Front desk", "settings": {"key": KEY}}
    connection = house.post("/connections", said).json()

    for answer in _asks(house, calendars, connection, url=elsewhere):
        check_problem(answer, 422, "secret_elsewhere", "settings.url")

    assert channel.requests() == []


def test_who_gives_a_key_says_where_it_goes_to(house: House, calendars: SandboxHarness) -> None:
    connection = account(house, calendars, key="another")

    shown, made = _asks(house, calendars, connection, url=calendars.proxy.url, key=KEY)

    assert (shown.status_code, made.status_code) == (200, 201), shown.text + made.text


def test_a_hint_does_not_stand_for_the_key_at_another_address(
    house: House, calendars: SandboxHarness, channel: FeedServer, elsewhere: str
) -> None:
    connection = account(house, calendars)
    synced(house, calendars, connection_id=connection["id"])
    moved = connection["settings"] | {"url": elsewhere}

    answer = house.ask("PATCH", f"/connections/{connection['id']}", json={"settings": moved})

    check_problem(answer, 422, "secret_elsewhere", "settings.url")
    assert channel.requests() == []


def test_a_connection_that_moves_does_not_take_a_links_own_key_with_it(
    house: House, calendars: SandboxHarness, channel: FeedServer, elsewhere: str
) -> None:
    said = {"connector": "sandbox", "name": "Front desk", "settings": {"url": calendars.proxy.url}}
    connection = house.post("/connections", said).json()
    own = {"calendar": calendars.agenda.name, "key": KEY}
    synced(house, calendars, connection_id=connection["id"], settings=own)

    answer = house.ask("PATCH", f"/connections/{connection['id']}", json={"settings": {"url": elsewhere}})

    check_problem(answer, 422, "secret_elsewhere", "settings.url")
    assert channel.requests() == []
