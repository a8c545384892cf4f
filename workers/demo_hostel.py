"""The demo's hostel: a channel's calendar for each bed and each room, to see how a hundred links do."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sandbox import harbour
from connectors.sandbox.channels import CHANNELS
from hub import clock
from hub.database import Actor
from hub.models.links import Connection
from hub.models.properties import Property
from hub.services import properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, linking
from sync.linking import Scope
from sync.runtime import Runtime

PROPERTY = NewProperty(
    name="Harbour Hostel",
    time_zone="Europe/Lisbon",
    description="A hostel by the harbour that exists only here.",
)
SLUG = "harbour-hostel"
"""What its name makes, with a number behind it where another hub's owner has that already"""
KINDS = (
    ("Bunk in a shared cabin", "dorm_bed", 1, "Bunk {n}"),
    ("Cabin", "room", 2, "Cabin {n}"),
)
"""Name, category, capacity, and what its units are called"""
PULL_EVERY = 900


def seed(runtime: Runtime, organization_id: UUID, feeds: str) -> bool:
    """Create the hostel, its units and its links to calendars there; False where that was done before."""

    def work(session: Session) -> bool:
        if session.scalar(select(Property.id).where(Property.slug.startswith(SLUG))):
            return False
        unit_ids = _inventory(session)
        for kind in dict.fromkeys(harbour.CALENDARS.values()):
            connection = connecting.connect(session, "ical", f"Harbour {CHANNELS[kind].title}", {})
            _link(session, runtime, connection, feeds, unit_ids, kind)
        return True

    return runtime.database.transact(organization_id, work, Actor("command"))


def _link(
    session: Session,
    runtime: Runtime,
    connection: Connection,
    feeds: str,
    unit_ids: dict[str, UUID],
    kind: str,
) -> None:
    """
    A link for every calendar of one kind. Their first pulls are spread over an interval, as the later ones
    are: the small demo is not to wait for a hundred others.
    """
    now, apart = clock.now(), timedelta(seconds=PULL_EVERY) / len(harbour.CALENDARS)
    for number, (name, of) in enumerate(harbour.CALENDARS.items(), 1):
        if of == kind:
            row = linking.link(
                session,
                connection.id,
                Scope(unit_id=unit_ids[name]),
                "two_way",
                {"url": f"{feeds}/{name}.ics"},
                uid_domain=runtime.uid_domain,
                interval_seconds=PULL_EVERY,
            )
            row.next_pull_at = now + apart * number


def _inventory(session: Session) -> dict[str, UUID]:
    """Ids of the units by the names of their calendars: "Bunk 7" is harbour-bunk-7."""
    place = properties.create(session, PROPERTY)
    found: dict[str, UUID] = {}
    for name, category, capacity, pattern in KINDS:
        kind = unit_types.create(session, NewUnitType(place.id, name, category, "night", capacity))
        rows = units.create_many(session, NewUnit(kind.id, pattern), harbour.UNITS)
        found |= {f"harbour-{row.name.lower().replace(' ', '-')}": row.id for row in rows}
    return found
