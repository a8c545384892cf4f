"""What the tests of the live check share: who listens, channels that were read before, and what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from api.app import Door
from sync.runtime import Runtime
from tests.api.houses import House
from tests.api.linked import FEED, linked, pulled
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar
from workers.listening import Listener

DEADLINE_MS = 600
PATIENT_MS = 20000
"""For who waits until the answer is there, however much else this machine has to do"""
HANGS = 30.0
"""Seconds; nobody waits for that"""


@pytest.fixture(autouse=True)
def _listens(runtime: Runtime) -> Iterator[None]:
    """What the puller has beside its queue."""
    listener = Listener(runtime)
    listener.begin()
    yield
    listener.end()


@pytest.fixture(autouse=True)
def _well(door: Door) -> None:
    """No host is remembered for what it did in another test: they have one name."""
    forget(door)


def forget(door: Door) -> None:
    """Of whom nobody heard for a while."""
    door.http.state.checker._breakers.clear()


def policy(house: House, name: str, **more: Any) -> None:
    body = {"check_policy": name, "check_deadline_ms": DEADLINE_MS} | more
    answer = house.ask("PATCH", f"/properties/{house.property_id}", json=body)
    assert answer.status_code == 200, answer.text


def patient(house: House, name: str = "flag", **more: Any) -> None:
    policy(house, name, **{"check_deadline_ms": PATIENT_MS} | more)


def read_before(house: House, channel: FeedServer, **fields: Any) -> dict[str, Any]:
    """A link that was read when its calendar was empty, longer ago than its property takes for fresh."""
    channel.answer(FEED, Answer(body=calendar()))
    made = linked(house, channel, **fields)
    pulled(house, made)
    house.work(
        lambda session: session.execute(
            text(
                "UPDATE links SET verified_at = verified_at - interval '1 minute',"
                " next_pull_at = now() + interval '10 minutes' WHERE id = CAST(:id AS uuid)"
            ),
            {"id": made["id"]},
        )
    )
    return made


def hang(channel: FeedServer) -> None:
    channel.answer(FEED, Answer(body=calendar(), delay=HANGS))


def stay(house: House, arrival: int = 20, departure: int = 23, **fields: Any) -> Any:
    return house.post("/bookings", house.stay(arrival, departure, unit_id=house.rooms[0]) | fields)


def evidence(house: House, booked: dict[str, Any]) -> list[dict[str, Any]]:
    answer = house.get(f"/bookings/{booked['id']}/checks")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def age(house: House) -> None:
    """What was verified, was so a minute earlier."""
    house.work(
        lambda session: session.execute(
            text("UPDATE links SET verified_at = verified_at - interval '1 minute'")
        )
    )


def let_go(house: House) -> None:
    """Whoever hangs there has lost the link: by the database's clock, which no test can move."""
    house.work(lambda session: session.execute(text("UPDATE links SET lease_until = 'epoch', attempts = 0")))


def unheard(house: House, channel: FeedServer, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A link whose channel hangs, and a booking that was made without its word under this policy."""
    policy(house, name)
    link = read_before(house, channel)
    hang(channel)
    return link, stay(house).json()


def speaks(house: House, channel: FeedServer, link: dict[str, Any]) -> None:
    """The channel answers again, with an empty calendar, and is read."""
    channel.answer(FEED, Answer(body=calendar()))
    let_go(house)
    pulled(house, link)
