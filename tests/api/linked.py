"""Links of a test's organization, made at the door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sync.attempts import Outcome
from sync.pull import pull
from tests.api.houses import House
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, day, nights

FEED = "/s3cret.ics"


def connected(house: House, **fields: Any) -> dict[str, Any]:
    answer = house.post("/connections", {"connector": "ical", "name": "Seaside Rentals"} | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def says(channel: FeedServer, *events: str) -> None:
    """From now on the channel's calendar has these events."""
    channel.answer(FEED, Answer(body=calendar(*events)))


def link_body(house: House, channel: FeedServer, **fields: Any) -> dict[str, Any]:
    usual = {
        "connection_id": fields.pop("connection_id", None) or connected(house)["id"],
        "direction": "import",
        "settings": {"url": channel.url(FEED)},
    }
    if not fields.keys() & {"unit_id", "unit_type_id", "property_id"}:
        usual["unit_id"] = house.rooms[0]
    return usual | fields


def linked(house: House, channel: FeedServer, **fields: Any) -> dict[str, Any]:
    answer = house.post("/links", link_body(house, channel, **fields))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def with_a_stay(house: House, channel: FeedServer) -> dict[str, Any]:
    """A link whose calendar has been read and had one stay, Wilhelmina's."""
    says(channel, nights("a", day(20), day(23), "Wilhelmina"))
    made = linked(house, channel)
    pulled(house, made)
    return made


def pulled(house: House, link: dict[str, Any]) -> Outcome:
    """What a worker does."""
    return pull(house.runtime, house.organization_id, UUID(link["id"]))
