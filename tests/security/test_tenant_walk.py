"""Ids of another organization are unknown ids: on every operation, in every place, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from api.app import create
from api.rights import SCOPES
from connectors.transport import Network
from hub.database import Database
from hub.ids import new_id
from hub.models.access import MemberProperty
from hub.models.organizations import ROLES
from sync.runtime import Runtime
from tests import factories
from tests.api.described import OPERATIONS
from tests.api.houses import V1, House
from tests.filled import a_full_organization
from tests.security.walking import CASES, Case, Known, Sides, answered, ask, table_of
from tests.servers import Database as Address


def two_sides(client: TestClient, runtime: Runtime) -> Sides:
    """Two organizations with a row in every table; the first of them asks, as its admin."""
    admin, stranger = a_full_organization(runtime.database), a_full_organization(runtime.database)
    ours, theirs = (Known(runtime.database, one.organization_id) for one in (admin, stranger))
    house = House(
        client, runtime, admin.organization_id, admin.id, "admin", ours.ids["properties"], "", (), "", ()
    )
    return Sides(house, ours, theirs)


@pytest.fixture(scope="module")
def sides(client: TestClient, runtime: Runtime) -> Sides:
    return two_sides(client, runtime)


@dataclass(frozen=True)
class Pair:
    """The answers to a foreign id and to one that nobody has."""

    case: Case
    foreign_id: str
    unknown_id: str
    foreign: Any
    unknown: Any

    @classmethod
    def asked(cls, sides: Sides, case: Case) -> Pair:
        foreign_id, unknown_id = sides.theirs.of(case.name), str(new_id())
        return cls(case, foreign_id, unknown_id, ask(sides, case, foreign_id), ask(sides, case, unknown_id))

    def faults(self, theirs: Known) -> Iterator[str]:
        foreign, unknown = self.foreign, self.unknown
        if max(foreign.status_code, unknown.status_code) >= 500:
            yield f"{foreign.status_code} and {unknown.status_code}"
        if foreign.status_code != unknown.status_code:
            yield f"{foreign.status_code} for a foreign id, {unknown.status_code} for an unknown one"
        if foreign.text.replace(self.foreign_id, "ID") != unknown.text.replace(self.unknown_id, "ID"):
            yield f"other words: {foreign.text[:200]} / {unknown.text[:200]}"
        if answered(foreign) != answered(unknown):
            yield f"other headers: {answered(foreign)} / {answered(unknown)}"
        if told := theirs.seen_in(foreign.text, but=self.foreign_id):
            yield f"it tells {told}"
        if unknown.status_code not in EXPECTED[self.case.place]:
            yield f"an unknown id is answered with {unknown.status_code}: {unknown.text[:200]}"


EXPECTED = {"path": (403, 404), "query": (200, 403, 404), "body": (403, 422)}
"""A thing that is not there; nothing found; a value that cannot be"""


LISTS = [
    title.removeprefix(f"GET {V1}")
    for title in OPERATIONS
    if title.startswith(f"GET {V1}/") and "{" not in title
]
"""What is read without an id in its address"""


def walk(sides: Sides, cases: Sequence[Case] = CASES) -> str:
    """Every place in turn; what is wrong with the answers."""
    return "\n".join(
        f"{case.title}: {fault}" for case in cases for fault in Pair.asked(sides, case).faults(sides.theirs)
    )


@pytest.mark.parametrize("role", ROLES)
def test_a_foreign_id_is_answered_byte_for_byte_as_an_unknown_one(sides: Sides, role: str) -> None:
    house = sides.house if role == "admin" else sides.house.colleague(role)

    assert walk(replace(sides, house=house)) == ""


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_nor_does_a_key_learn_of_anything_foreign(sides: Sides, scope: str) -> None:
    made = sides.house.post("/api-keys", {"name": "A machine", "scopes": [scope]})
    assert made.status_code == 201, made.text
    bearer = {"Authorization": f"Bearer {made.json()['key']}"}
    asking = replace(sides, headers=bearer)

    assert sides.house.ask("GET", "/bookings", headers=bearer).status_code == 200
    assert walk(asking) == ""


OF_A_PROPERTY = {
    *("properties", "unit_types", "units", "bookings", "booking_items", "blackouts"),
    *("links", "external_events", "sync_runs", "conflicts"),
}


@pytest.fixture(scope="module")
def limited(sides: Sides) -> Sides:
    """Staff limited to a property that has nothing yet: all the rest of their organization is foreign."""

    def work(session: Session) -> House:
        place, member = factories.a_property(session), factories.a_member(session)
        session.flush()
        limit = {"member_id": member.id, "property_id": place.id}
        session.add(MemberProperty(organization_id=sides.house.organization_id, **limit))
        return replace(sides.house, member_id=member.id, role="staff", property_id=str(place.id))

    return Sides(sides.house.work(work), sides.ours, sides.ours)


def test_staff_who_are_limited_to_a_property_learn_of_no_other(limited: Sides) -> None:
    cases = [
        case
        for case in CASES
        if table_of(case.name) in OF_A_PROPERTY
        and not (case.place == "body" and case.others)  # the address alone is foreign already
        and "swap_with" not in (case.body or ())
    ]

    assert walk(limited, cases) == ""


def test_what_they_ask_without_an_id_tells_nothing_of_it_either(limited: Sides) -> None:
    theirs = {limited.theirs.ids[table] for table in OF_A_PROPERTY}
    for path in LISTS:
        told = limited.house.get(path).text
        assert not [one for one in theirs if one in told], path


def test_what_is_asked_without_an_id_tells_nothing_of_theirs(sides: Sides) -> None:
    for path in LISTS:
        assert not sides.theirs.seen_in(sides.house.get(path).text, but=""), path


def test_the_cases_cover_every_operation_that_takes_an_id() -> None:
    in_path = {title for title in OPERATIONS if "_id}" in title}
    assert in_path == {f"{case.method} {case.path}" for case in CASES if case.place == "path"}
    assert {"path", "query", "body"} == {case.place for case in CASES}


def test_our_own_ids_are_answered_otherwise(sides: Sides) -> None:
    """Else equal refusals of everything would pass for a wall."""
    for case in CASES:
        if case.place == "path" and case.method == "GET":
            answer = ask(sides, case, sides.ours.of(case.name))
            assert answer.status_code == 200, f"{case.title}: {answer.text}"


@pytest.fixture
def without_walls(runtime: Runtime, database: Address) -> Iterator[Runtime]:
    """A hub that works as the owner of its tables, for whom row-level security does not count."""
    opened = Database(database.app_url, factories.a_vault())
    opened.dispose()
    opened.engine = create_engine(database.owner_url)
    opened._sessions = sessionmaker(opened.engine, expire_on_commit=False)
    yield Runtime(runtime.settings, opened, Network(()))
    opened.dispose()


def test_the_walk_finds_the_leaks_of_a_hub_without_walls(without_walls: Runtime, runtime: Runtime) -> None:
    with TestClient(create(runtime=without_walls), base_url="https://hub.example.com") as client:
        sides = two_sides(client, runtime)
        reading = [case for case in CASES if case.method == "GET"]
        leaks = {case.title for case in reading for _ in Pair.asked(sides, case).faults(sides.theirs)}

    assert len(leaks) > len(reading) / 4, leaks
