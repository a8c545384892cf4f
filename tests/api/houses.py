"""An organization of a test, and how it asks the HTTP door."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from hub import clock
from hub.queries import locks
from hub.services import tokens, units
from hub.services.tokens import Claims
from hub.services.units import NewUnit
from sync.runtime import Runtime
from tests import factories

T = TypeVar("T")

V1 = "/api/v1"
GUEST = {"name": "Ada Lovelace", "email": "Ada@Example.com", "phone": "+34 600 123 456", "note": "late"}

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def day(ahead: int) -> str:
    """A date so many days from today in Madrid."""
    return str(clock.today("Europe/Madrid") + timedelta(days=ahead))


def instant(hours_ahead: int) -> str:
    """An instant so many whole hours from now, in an address or in JSON."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    return (now + timedelta(hours=hours_ahead)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class House:
    """A property with three rooms let by the night and two cars let by the hour, of one organization."""

    client: TestClient
    runtime: Runtime
    organization_id: UUID
    member_id: UUID
    role: str
    property_id: str
    unit_type_id: str
    rooms: tuple[str, ...]
    car_type_id: str
    cars: tuple[str, ...]

    @classmethod
    def build(cls, client: TestClient, runtime: Runtime) -> House:
        admin = factories.an_organization(runtime.database)
        with runtime.database.unit_of_work(admin.organization_id) as session:
            rooms = factories.rooms(session)
            place = rooms[0].property_id
            car = factories.a_unit_type(session, place, name="Car", category="car", let_by="hour", capacity=5)
            cars = units.create_many(session, NewUnit(car.id, "Car {n}"), 2)
            return cls(
                client=client,
                runtime=runtime,
                organization_id=admin.organization_id,
                member_id=admin.id,
                role="admin",
                property_id=str(place),
                unit_type_id=str(rooms[0].unit_type_id),
                rooms=tuple(str(room.id) for room in rooms),
                car_type_id=str(car.id),
                cars=tuple(str(one.id) for one in cars),
            )

    def work(self, does: Callable[[Session], T]) -> T:
        """Do something in a unit of work of this organization, past the door."""
        with self.runtime.database.unit_of_work(self.organization_id) as session:
            return does(session)

    def colleague(self, role: str) -> House:
        """The same house, asked by another member."""

        def hire(session: Session) -> UUID:
            member = factories.a_member(session)
            member.role = role
            return member.id

        return replace(self, member_id=self.work(hire), role=role)

    @property
    def token(self) -> str:
        claims = Claims(self.organization_id, self.member_id, self.role)
        return tokens.issue_access(self.runtime.database.vault.token_key, claims, clock.now())

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        bearer = {"Authorization": f"Bearer {self.token}"}
        return self.client.request(method, V1 + path, headers=bearer | (headers or {}), **more)

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, json=body, headers=named)

    @contextmanager
    def rooms_locked(self) -> Iterator[Session]:
        """Nobody else gets at the rooms: who wants to change what they hold must queue."""
        with self.runtime.database.unit_of_work(self.organization_id) as session:
            locks.units(session, [UUID(room) for room in self.rooms])
            yield session

    def wait_for_queue(self, number: int) -> None:
        """Until so many transactions wait for a lock."""
        pause = threading.Event()
        for _ in range(1000):
            if self.work(lambda session: session.execute(_WAITING).scalar_one()) >= number:
                return
            pause.wait(0.01)
        raise AssertionError(f"no {number} transactions ever waited")

    def stay(self, arrival: int = 10, departure: int = 12, **fields: Any) -> dict[str, Any]:
        """The body of a booking of any double room, from and to so many days from today."""
        item = {"unit_type_id": self.unit_type_id, "arrival": day(arrival), "departure": day(departure)}
        if unit_id := fields.pop("unit_id", None):
            item = {"unit_id": unit_id, "arrival": day(arrival), "departure": day(departure)}
        return {"property_id": self.property_id, "items": [item], **fields}

    def book(self, arrival: int = 10, departure: int = 12, **fields: Any) -> dict[str, Any]:
        answer = self.post("/bookings", self.stay(arrival, departure, **fields))
        assert answer.status_code == 201, answer.text
        booked: dict[str, Any] = answer.json()
        return booked


def check_problem(answer: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The answer's problem, checked: status, media type, and the first error's code and field."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["type"] == f"urn:channel-hub:problem:{said['errors'][0]['code']}"
    assert said["detail"] == said["errors"][0]["message"]
    assert said["request_id"] == answer.headers["x-request-id"]
    assert (said["errors"][0]["code"], said["errors"][0]["field"]) == (code, field)
    return said
