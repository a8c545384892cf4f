"""Links of a test's organization to calendars that are synced event by event, made at the door."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.ids import new_id
from hub.models.external import ExternalEvent
from hub.models.sync import SyncItem, SyncOp
from tests import factories
from tests.api.houses import House
from tests.connectors.sandbox.playing import KEY, SandboxHarness


def account(house: House, channel: SandboxHarness, **settings: Any) -> dict[str, Any]:
    """A connection to the sandbox's calendar service."""
    said = {"url": channel.proxy.url, "key": KEY} | settings
    answer = house.post("/connections", {"connector": "sandbox", "name": "Front desk", "settings": said})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def body(house: House, channel: SandboxHarness, **fields: Any) -> dict[str, Any]:
    usual = {
        "connection_id": fields.pop("connection_id", None) or account(house, channel)["id"],
        "direction": "two_way",
        "settings": {"calendar": channel.agenda.name},
    }
    if not fields.keys() & {"unit_id", "unit_type_id", "property_id"}:
        usual["unit_id"] = house.rooms[0]
    return usual | fields


def synced(house: House, channel: SandboxHarness, **fields: Any) -> dict[str, Any]:
    answer = house.post("/links", body(house, channel, **fields))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def item(house: House, link: dict[str, Any], **columns: Any) -> UUID:
    """An event of ours that the calendar shows, or whatever the columns say."""
    item_id = new_id()
    usual = {
        "origin": "hub",
        "local_kind": "booking_item",
        "local_id": new_id(),
        "remote_id": item_id.hex,
        "remote_state": "present",
        "remote": {},
        "changed_at": clock.now(),
    }
    if columns.get("origin") == "remote":
        usual |= {"local_kind": None, "local_id": None}

    def work(session: Session) -> None:
        owner = {"organization_id": house.organization_id, "link_id": UUID(link["id"])}
        session.add(SyncItem(id=item_id, **owner, **usual | columns))

    house.work(work)
    return item_id


def op(house: House, link: dict[str, Any], item_id: UUID) -> None:
    """A write that is on its way."""
    known = {"organization_id": house.organization_id, "link_id": UUID(link["id"]), "item_id": item_id}
    house.work(
        lambda session: session.add(
            SyncOp(**known, incarnation=0, kind="create", state="inflight", created_at=clock.now())
        )
    )


def event(house: House, link: dict[str, Any], item_id: UUID | None) -> str:
    """What an event of others was received as."""
    event_id, now = new_id(), clock.now()

    def work(session: Session) -> None:
        session.add(
            ExternalEvent(
                organization_id=house.organization_id,
                id=event_id,
                link_id=UUID(link["id"]),
                key=event_id.hex,
                item_id=item_id,
                all_day=False,
                starts_at=now,
                ends_at=now.replace(year=now.year + 1),
                sealed=factories.a_vault().seal({"summary": "Theirs", "description": ""}),
                digest=b"digest",
                uid_out=event_id.hex,
                first_seen_at=now,
                changed_at=now,
            )
        )

    house.work(work)
    return str(event_id)


def row(house: House, item_id: UUID) -> SyncItem:
    found: SyncItem = house.work(lambda session: session.get_one(SyncItem, (house.organization_id, item_id)))
    return found
