"""GET conflicts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import clock
from hub.database import vault_of
from hub.ids import new_id
from hub.models.external import ConflictRecord
from hub.models.links import Connection, Link
from tests.api.houses import House, check_problem


def _link(house: House) -> UUID:
    def work(session: Session) -> UUID:
        sealed = vault_of(session).seal({})
        connection = Connection(
            organization_id=house.organization_id,
            id=new_id(),
            connector="ical",
            name="Seaside Rentals",
            settings_sealed=sealed,
        )
        session.add(connection)
        session.flush()
        link = Link(
            organization_id=house.organization_id,
            id=new_id(),
            connection_id=connection.id,
            property_id=UUID(house.property_id),
            unit_id=UUID(house.rooms[0]),
            direction="import",
            settings_sealed=sealed,
            next_pull_at=clock.now(),
            uid_domain="hub.example.com",
        )
        session.add(link)
        return link.id

    return house.work(work)


def _conflict(house: House, link_id: UUID, minutes: int, state: str = "open") -> str:
    def work(session: Session) -> UUID:
        now = clock.now()
        row = ConflictRecord(
            organization_id=house.organization_id,
            id=new_id(),
            type="UNPLACED",
            state=state,
            link_id=link_id,
            event_id=new_id(),
            starts_at=now,
            ends_at=now + timedelta(days=1),
            local={},
            remote={"channel": "Seaside Rentals"},
            opened_at=now + timedelta(minutes=minutes),
            closed_at=now if state == "closed" else None,
            resolution="its cause is gone" if state == "closed" else None,
        )
        session.add(row)
        return row.id

    return str(house.work(work))


def test_conflicts_are_listed_newest_first_and_by_state_and_property(house: House) -> None:
    link_id = _link(house)
    older, newer = _conflict(house, link_id, 1), _conflict(house, link_id, 2)
    closed = _conflict(house, link_id, 3, "closed")

    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in house.get("/conflicts", **params).json()["items"]]

    assert ids() == [closed, newer, older]
    assert ids(state="open") == [newer, older]
    assert ids(state="closed") == [closed]
    assert ids(state="open", property_id=house.property_id) == [newer, older]
    page = house.get("/conflicts", limit=2).json()
    assert ids(limit=2, cursor=page["next_cursor"]) == [older]


def test_a_conflict_says_what_the_channel_said(house: House) -> None:
    link_id = _link(house)
    conflict_id = _conflict(house, link_id, 0)

    (row,) = house.get("/conflicts").json()["items"]

    assert (row["id"], row["link_id"], row["type"], row["state"]) == (
        conflict_id,
        str(link_id),
        "UNPLACED",
        "open",
    )
    assert row["remote"] == {"channel": "Seaside Rentals"}
    assert row["starts_at"].endswith("Z")


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"state": "new"}, "enum", "state[0]"),
        ({"type": "QUARREL"}, "enum", "type[0]"),
        ({"property_id": "1"}, "uuid_parsing", "property_id"),
        ({"limit": "many"}, "int_parsing", "limit"),
        ({"cursor": "x"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_bad_filter_is_refused_with_its_name(
    house: House, params: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.get("/conflicts", **params), 422, code, field)
