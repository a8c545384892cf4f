"""What is sealed in a hub, and whether it can be opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import select, text

from hub import clock
from hub.database import Actor, Database, vault_of
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.models.bookings import Guest
from hub.models.keys import OrganizationKey
from hub.models.organizations import Account
from hub.models.properties import Unit
from hub.queries.keys import SEALED
from hub.services import accounts, bookings, guests, keys
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from hub.services.guests import GuestFields
from tests import factories

ACTOR = Actor("command")
NEW_KEY = Fernet.generate_key().decode()
OLD_KEY = factories.FERNET_KEY

Process = Callable[..., Database]
"""Starts another process of the same hub, with these hub keys in its settings"""


@dataclass(frozen=True)
class House:
    organization_id: UUID
    room: Unit


def a_house(database: Database) -> House:
    admin = factories.an_organization(database)
    with database.unit_of_work(admin.organization_id) as session:
        (room,) = factories.rooms(session, 1)
    return House(admin.organization_id, room)


def book(database: Database, house: House, day: int, name: str, *, cancelled: bool = False) -> UUID:
    """A night of its own; the guest's id."""
    night = clock.today("Europe/Madrid") + timedelta(days=day + 1)
    item = ItemRequest(Nights(night, night + timedelta(days=1)), house.room.id)
    fields = GuestFields(name, f"guest-{day}@example.com", f"+34 600 {day:06}", f"a note of {name}")

    request = BookingRequest(house.room.property_id, (item,), 1, fields)
    made = database.transact(
        house.organization_id, lambda session: bookings.book(session, request, "hub.example").booking
    )
    if cancelled:
        reason = f"{name} fell ill"
        database.transact(
            house.organization_id,
            lambda session: bookings.advance(session, made.id, Status.CANCELLED, reason=reason),
        )
    assert made.guest_id is not None
    return made.guest_id


def rotate(database: Database, batch: int = 7) -> int:
    """How many values were sealed anew."""
    return sum(
        values
        for begun in keys.begin(database, ACTOR)
        for values in keys.carry_out(database, begun, ACTOR, batch)
    )


def opened(database: Database, organization_id: UUID) -> dict[str, int]:
    """Open every sealed value of an organization; how many there are of each kind."""
    found: dict[str, int] = {}
    with database.unit_of_work(organization_id) as session:
        for column in SEALED:
            rows = session.scalars(
                text(f"SELECT {column.name} FROM {column.table} WHERE length({column.name}) > 0")
            ).all()
            for sealed in rows:
                vault_of(session).open(sealed)
            found[str(column)] = len(rows)
        for guest in session.scalars(select(Guest)):
            assert guests.read(session, guest) is not None
            found["guests"] = found.get("guests", 0) + 1
        for account in session.scalars(select(Account)):
            assert accounts.read(session, account) != accounts.FORGOTTEN
            found["accounts"] = found.get("accounts", 0) + 1
    return found


def names(database: Database, organization_id: UUID) -> set[str]:
    with database.unit_of_work(organization_id) as session:
        read = [guests.read(session, guest) for guest in session.scalars(select(Guest))]
    return {fields.name for fields in read if fields}


def numbers(database: Database, organization_id: UUID) -> list[int]:
    with database.unit_of_work(organization_id) as session:
        return list(session.scalars(select(OrganizationKey.number).order_by(OrganizationKey.number)))
