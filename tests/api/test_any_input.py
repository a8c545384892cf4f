"""Whatever is sent, the answer is never a defect."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import Door
from api.openapi import operations
from api.schemas.auth import LOGIN, REFRESH
from api.schemas.connections import NEW_CONNECTION
from api.schemas.inventory import NEW_PROPERTY, NEW_UNIT_TYPE
from api.schemas.invitations import ACCEPTED, NEW_INVITATION
from api.schemas.links import PREVIEW_ASKED
from api.schemas.mailed import CONFIRMED, REGISTRATION, RESET_ASKED, RESET_CONFIRMED
from api.schemas.units import NEW_UNIT
from sync.runtime import Runtime
from tests.api.houses import V1, House, day

NOWHERE = "http://127.0.0.1:1/calendar.ics"

text = st.text(max_size=20) | st.sampled_from(["\ud800", "\x00", "0001-01-01", "9999-12-31", "+34", "a@b"])
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 0])
anything = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def home(client: TestClient, runtime: Runtime) -> House:
    return House.build(client, runtime)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something could be put in the place of what is there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


def _put(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    body = copy.deepcopy(body)
    _at(body, place[:-1])[place[-1]] = value
    return body


def _at(body: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        body = body[key]
    return body


def _bodies(home: House) -> list[tuple[str, str, Any]]:
    booked = home.book(30, 31)
    blackout = {"unit_id": home.rooms[0], "kind": "closed", "arrival": day(40), "departure": day(41)}
    made = home.post("/blackouts", blackout).json()
    channel = home.post("/connections", NEW_CONNECTION).json()
    guest = {"name": "Ada", "email": "ada@example.com", "phone": "+34600123456", "note": "late"}
    stay = home.stay(guest=guest, status="held", source="phone", hold_minutes=1, guests=1)
    hours = {"unit_id": home.cars[0], "starts_at": "2027-01-01T10:00:00Z", "ends_at": "2027-01-01T11:00:00Z"}
    move = {"item_id": booked["items"][0]["id"], "unit_id": home.rooms[1], "arrival": day(30)}
    return [
        ("POST", "/bookings", stay),
        ("POST", "/bookings", {"property_id": home.property_id, "items": [hours]}),
        ("PATCH", f"/bookings/{booked['id']}", {"guests": 1, "guest": guest}),
        ("POST", f"/bookings/{booked['id']}/move", {"items": [{**move, "departure": day(31)}]}),
        ("POST", f"/bookings/{booked['id']}/move", {"swap_with": booked["id"]}),
        ("POST", f"/bookings/{home.book(60, 61)['id']}/cancel", {"reason": "ill"}),
        ("POST", "/blackouts", blackout),
        ("PATCH", f"/blackouts/{made['id']}", {**blackout, "note": "x"}),
        ("POST", "/properties", {**NEW_PROPERTY, "slug": "any-input", "hold_minutes": 5}),
        ("PATCH", f"/properties/{home.property_id}", NEW_PROPERTY),
        ("POST", "/unit-types", {**NEW_UNIT_TYPE, "property_id": home.property_id, "turnaround": 0}),
        ("PATCH", f"/unit-types/{home.unit_type_id}", {"name": "Double", "capacity": 2, "amenities": ["tv"]}),
        ("POST", "/units", {**NEW_UNIT, "unit_type_id": home.unit_type_id, "parts": list(home.rooms)}),
        ("POST", "/units", {**NEW_UNIT, "unit_type_id": home.unit_type_id, "name": "A {n}", "count": 2}),
        ("PATCH", f"/units/{home.rooms[2]}", {"name": "Room", "status": "cleaning", "parts": []}),
        ("POST", "/connections", {**NEW_CONNECTION, "settings": {"url": NOWHERE}}),
        ("POST", "/links", {"connection_id": channel["id"], "unit_id": home.rooms[0], "direction": "export"}),
        ("POST", "/links/preview", {**PREVIEW_ASKED, "settings": {"url": NOWHERE}}),
        ("POST", "/organization/invitations", NEW_INVITATION | {"property_ids": [home.property_id]}),
        ("POST", "/invitations/accept", ACCEPTED),
        ("POST", "/auth/password-reset", RESET_ASKED),
        ("POST", "/auth/password-reset/confirm", RESET_CONFIRMED),
        ("POST", "/auth/register", REGISTRATION),
        ("POST", "/auth/register/confirm", CONFIRMED),
        ("PATCH", "/auth/me", {"preferences": {"locale": "es-ES", "time_zone": "Europe/Madrid"}}),
        ("PATCH", f"/organization/members/{home.member_id}", {"role": "admin", "property_ids": []}),
        ("PATCH", "/auth/me", {"name": "Ada", "password": "longer than ten", "current_password": "wrong"}),
        ("POST", "/auth/login", LOGIN),
        ("POST", "/auth/refresh", REFRESH),
    ]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_is_answered_with_a_defect(home: House, data: st.DataObject) -> None:
    if not _BODIES:
        _BODIES.extend(_bodies(home))
    method, path, body = data.draw(st.sampled_from(_BODIES))
    place = data.draw(st.sampled_from(_places(body)))
    if isinstance(_at(body, place), dict) and data.draw(st.booleans()):
        place += (data.draw(text),)
    sent = json.dumps(_put(body, place, data.draw(anything)))

    answer = home.ask(method, path, content=sent, headers={"Content-Type": "application/json"})

    assert answer.status_code < 500 or answer.status_code == 502, (path, sent, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


_BODIES: list[tuple[str, str, Any]] = []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_filter_is_answered_with_a_defect(home: House, door: Door, data: st.DataObject) -> None:
    lists = {
        name.partition(" ")[2].removeprefix(V1): [one["name"] for one in operation["parameters"]]
        for name, operation in operations(door.http.openapi())
        if name.startswith(f"GET {V1}/") and "{" not in name and operation.get("parameters")
    }
    path = data.draw(st.sampled_from(sorted(lists)))
    usual = {"property_id": home.property_id, "arrival": day(10), "departure": day(12)}
    known = {name: usual[name] for name in lists[path] if name in usual}
    name = data.draw(st.sampled_from(lists[path]))
    value = data.draw(text.filter(lambda one: "\ud800" not in one) | st.integers().map(str))

    answer = home.get(path, **known | {name: value})

    assert answer.status_code < 500, (path, name, value, answer.text)
