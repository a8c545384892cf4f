"""GET links/{id}/consumers: who really fetches our feeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.feeds.reader import ask, with_app
from tests.api.houses import House
from tests.api.seen.fetching import Reader, exported
from tests.conftest import FrozenClock

HOUR = timedelta(hours=1)


def consumers(house: House, link: dict[str, Any]) -> dict[str, Any]:
    answer = house.get(f"/links/{link['id']}/consumers")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_before_anybody_fetches_there_is_no_revision_and_nobody(house: House, link: dict[str, Any]) -> None:
    assert consumers(house, link) == {"revision": 0, "revision_at": None, "outdated": True, "items": []}


def test_a_consumer_is_shown_with_its_networks_its_interval_and_what_it_has(
    house: House, link: dict[str, Any], clock: FrozenClock
) -> None:
    airbnb = Reader(house, "Airbnb/1.0", "192.0.2.9")
    statuses = [airbnb.fetch(link)]
    for n in range(1, 4):
        clock.advance(2 * HOUR)
        airbnb.host = f"198.51.{n % 2}.1"
        statuses.append(airbnb.fetch(link))
    assert statuses == [200, 304, 304, 304]
    said = consumers(house, link)
    assert said == {
        "revision": 1,
        "revision_at": "2026-06-01T08:00:00Z",
        "outdated": False,
        "items": [
            {
                "consumer": "Airbnb",
                "kind": "channel",
                "networks": ["192.0.2.0/24", "198.51.0.0/24", "198.51.1.0/24"],
                "full": 1,
                "not_modified": 3,
                "revision": 1,
                "behind": False,
                "first_at": "2026-06-01T08:00:00Z",
                "last_at": "2026-06-01T14:00:00Z",
                "interval_seconds": 7200,
                "next_at": "2026-06-01T16:00:00Z",
            }
        ],
    }


def test_who_has_not_fetched_what_the_feed_would_say_now_is_behind(
    house: House, link: dict[str, Any], clock: FrozenClock
) -> None:
    phone, mac = (Reader(house, "iOS/17.5 dataaccessd/1.0", host) for host in ("192.0.2.1", "192.0.3.1"))
    for reader in (phone, mac):
        reader.fetch(link)
    assert [one["behind"] for one in consumers(house, link)["items"]] == [False, False]

    house.book(unit_id=house.rooms[0])
    said = consumers(house, link)
    assert (said["revision"], said["outdated"]) == (1, True)
    assert [one["behind"] for one in said["items"]] == [True, True]

    clock.advance(HOUR)
    assert mac.fetch(link) == 200
    said = consumers(house, link)
    assert (said["revision"], said["outdated"]) == (2, False)
    assert [(one["networks"], one["revision"], one["behind"]) for one in said["items"]] == [
        (["192.0.3.0/24"], 2, False),
        (["192.0.2.0/24"], 1, True),
    ]


def test_an_address_that_a_client_invents_in_a_header_is_not_believed(
    house: House, link: dict[str, Any]
) -> None:
    path = link["feed_url"].removeprefix("https://hub.example.com")

    async def once(app: Any) -> None:
        await ask(app, path, host="192.0.2.1", x_forwarded_for="203.0.113.1", forwarded="for=203.0.113.1")

    with_app(house.runtime, once)
    (one,) = consumers(house, link)["items"]
    assert one["networks"] == ["192.0.2.0/24"]


def test_each_link_has_its_own_consumers(house: House, link: dict[str, Any]) -> None:
    other = exported(house, "Vrbo")
    Reader(house, "HomeAway-Calendar-Import", "192.0.2.1").fetch(other)
    assert consumers(house, link)["items"] == []
    assert [one["consumer"] for one in consumers(house, other)["items"]] == ["Vrbo"]
