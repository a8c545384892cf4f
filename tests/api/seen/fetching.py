"""Consumers of a test's feeds, each with a User-Agent and an address; and what a booking says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.api.feeds.reader import Answer, ask, with_app
from tests.api.houses import House, day
from tests.api.linked import connected


def exported(house: House, name: str = "Airbnb", **scope: Any) -> dict[str, Any]:
    """A link of a new connection of this name, with a feed of ours: of the first room, if nothing is said."""
    wanted = scope or {"unit_id": house.rooms[0]}
    body = {"connection_id": connected(house, name=name)["id"], "direction": "export", **wanted}
    answer = house.post("/links", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@dataclass
class Reader:
    """It keeps what it was given, and asks whether that is still so."""

    house: House
    user_agent: str
    host: str
    _tags: dict[str, str] = field(default_factory=dict)

    def fetch(self, link: dict[str, Any]) -> int:
        """The answer's status; by the time of return the ledger is written."""
        path = urlsplit(link["feed_url"]).path
        sent = {"user_agent": self.user_agent}
        if path in self._tags:
            sent["if_none_match"] = self._tags[path]

        async def once(app: Any) -> Answer:
            return await ask(app, path, host=self.host, **sent)

        answer = with_app(self.house.runtime, once)
        self._tags[path] = answer.headers["etag"]
        return answer.status


Booking = dict[str, Any]


def booked(house: House) -> Booking:
    """Two nights in the first room."""
    return house.book(unit_id=house.rooms[0])


def channels(house: House, booking: Booking) -> dict[str, Any]:
    answer = house.get(f"/bookings/{booking['id']}/channels")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def only(house: House, booking: Booking) -> dict[str, Any]:
    (export,) = channels(house, booking)["exports"]
    found: dict[str, Any] = export
    return found


def knows(export: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {one["consumer"]: (one["knows"], one["since"]) for one in export["seen_by"]}


def moved(house: House, booking: Booking, arrival: int, departure: int, **to: Any) -> None:
    item = {"item_id": booking["items"][0]["id"], "arrival": day(arrival), "departure": day(departure), **to}
    answer = house.post(f"/bookings/{booking['id']}/move", {"items": [item]})
    assert answer.status_code == 200, answer.text


def cancelled(house: House, booking: Booking) -> None:
    assert house.post(f"/bookings/{booking['id']}/cancel").status_code == 200
