"""Things to test with: plain functions with honest defaults, and all of it made by the hub's services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import Database
from hub.ids import new_id
from hub.models.organizations import Member
from hub.models.properties import Property, Unit, UnitType
from hub.services import organizations, properties, unit_types, units
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from hub.services.properties import NewProperty
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from hub.vault import Vault

PASSWORD = "a password of the tests"
FERNET_KEY = "dGhpcyBrZXkgb3BlbnMgbm90aGluZyBidXQgdGVzdHM="
SIGNING_KEY = b"a signing key that signs nothing but tests"


def a_vault() -> Vault:
    return Vault((FERNET_KEY,), SIGNING_KEY)


def an_email() -> str:
    """That nobody else has: accounts are of the whole hub."""
    return f"somebody-{new_id().hex}@example.com"


def an_organization(
    database: Database, *, name: str = "Casa Azul", email: str | None = None, password: str = PASSWORD
) -> Member:
    """An organization of its own, as its first admin."""
    admin = NewMember(Person(email or an_email(), "Ada Admin"), "admin", password)
    return organizations.create(database, name, admin)


def a_member(session: Session, role: str = "staff", *, email: str | None = None) -> Member:
    return organizations.add(session, NewMember(Person(email or an_email(), "Sam Staff"), role, PASSWORD))


def a_property(session: Session, *, name: str = "Casa Azul", **fields: Any) -> Property:
    """With a slug that nobody else has: else it is looked for among those of all houses of that name."""
    usual: dict[str, Any] = {"time_zone": "Europe/Madrid", "slug": f"casa-azul-{new_id().hex}"}
    return properties.create(session, NewProperty(name, **(usual | fields)))


def a_unit_type(session: Session, property_id: UUID, **fields: Any) -> UnitType:
    """Double rooms, let by the night."""
    usual: dict[str, Any] = {"name": "Double room", "category": "room", "let_by": "night", "capacity": 2}
    return unit_types.create(session, NewUnitType(property_id, **(usual | fields)))


def a_unit(session: Session, unit_type_id: UUID, name: str = "Room 1", **fields: Any) -> Unit:
    return units.create(session, NewUnit(unit_type_id, name, **fields))


def rooms(session: Session, number: int = 3, **fields: Any) -> tuple[Unit, ...]:
    """A new property with so many units of one new type; `fields` are the type's."""
    unit_type = a_unit_type(session, a_property(session).id, **fields)
    return units.create_many(session, NewUnit(unit_type.id, "Room {n}"), number)
