"""An organization whose rooms are shown in a Google calendar, asked at the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient

from hub import clock
from hub.domain.periods import Nights
from hub.services.bookings import Booked
from sync.runtime import Runtime
from tests.api.houses import House
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides


def nights(ahead: int, length: int = 3) -> Nights:
    first = clock.today("Europe/Madrid") + timedelta(days=ahead)
    return Nights(first, first + timedelta(days=length))


@dataclass(frozen=True)
class AtGoogle:
    both: BothSides
    house: House

    @classmethod
    def build(cls, client: TestClient, runtime: Runtime, google: GoogleCalendar, **more: Any) -> AtGoogle:
        both = BothSides.build(runtime, google, **more)
        rooms = tuple(str(unit) for unit in both.units)
        place = (str(both.property_id), str(both.unit_type_id), rooms, "", ())
        house = House(client, runtime, both.organization_id, both.link_id, "admin", *place)
        return cls(both, house.colleague("admin"))

    @property
    def link_id(self) -> str:
        return str(self.both.link_id)

    def shown(self, booked: Booked) -> dict[str, Any]:
        """How the booking's only item stands in the only calendar."""
        (one,) = self.channels(booked)["calendars"]
        found: dict[str, Any] = one
        return found

    def channels(self, booked: Booked) -> dict[str, Any]:
        answer = self.house.get(f"/bookings/{booked.booking.id}/channels")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def take(self, step: str, booked: Booked, link_id: str | None = None) -> Any:
        return self.house.post(f"/bookings/{booked.booking.id}/channels/{link_id or self.link_id}/{step}")

    def days(self) -> list[tuple[str, str]]:
        """What is seen there."""
        return [one[:2] for one in self.both.shown()]
