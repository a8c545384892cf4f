"""
What there is to try things on: a small property, one of its channels synced both ways, and a hostel with a
hundred calendars. All channels are played on this machine.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sandbox import calendar_service
from hub.config import Settings
from hub.database import Actor
from hub.models.properties import Property, Unit
from hub.services import properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, linking
from sync.linking import Scope
from sync.runtime import Runtime
from workers import demo_hostel
from workers.remembered import remember

HOST = "127.0.0.1"

PROPERTY = NewProperty(
    name="Casa Demo",
    slug="casa-demo",
    time_zone="Europe/Lisbon",
    description="A house by the sea that exists only here.",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A unit type and its units; `whole_of` makes one composite of all units of another type."""

    name: str
    category: str
    let_by: str
    capacity: int
    units: str
    number: int = 1
    whole_of: str | None = None


KINDS = (
    Kind("Bed in the dormitory", "dorm_bed", "night", 1, "Bed {n}", 6),
    Kind("Double room", "room", "night", 2, "Room {n}", 3),
    Kind("The whole villa", "home", "night", 6, "Villa", whole_of="Double room"),
    Kind("Car", "car", "hour", 4, "Car {n}", 2),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One sample channel: what the local server calls its calendar, and the unit that it speaks of."""

    name: str
    calendar: str
    unit: str


CHANNELS = (
    Channel("Sample Airbnb", "airbnb", "Room 1"),
    Channel("Sample Booking.com", "booking", "Room 2"),
    Channel("Sample Vrbo", "vrbo", "Villa"),
    Channel("Sample Smoobu", "smoobu", "Bed 5"),
    Channel("Another hub", "hub", "Bed 6"),
)
CALENDAR = Channel("Sandbox calendar", "agenda-1", "Room 3")
"""The one that is written to as well: "Seaside House" at the same server"""
EVERY_CHANNEL = (*CHANNELS, CALENDAR)
PULL_EVERY = 60
"""Seconds: often enough to watch it work"""


def seed(runtime: Runtime, organization_id: UUID) -> list[str]:
    """Create the properties, their units and links: the names of those that were not there before."""
    feeds = _feeds(runtime.settings)
    made = {
        PROPERTY.name: seed_house(runtime, organization_id, feeds),
        demo_hostel.PROPERTY.name: demo_hostel.seed(runtime, organization_id, feeds),
    }
    return [name for name, new in made.items() if new]


def seed_house(runtime: Runtime, organization_id: UUID, feeds: str) -> bool:
    """The small property alone, its channels at that address; False where that was done before."""

    def work(session: Session) -> bool:
        if session.scalar(select(Property.id).where(Property.slug.startswith(PROPERTY.slug or ""))):
            return False
        made = _inventory(session)
        for channel in CHANNELS:
            address = {"url": f"{feeds}/{channel.calendar}.ics"}
            _link(session, runtime, channel, "ical", {}, address, made)
        account = {"url": feeds, "key": calendar_service.DEMO_KEY}
        _link(session, runtime, CALENDAR, "sandbox", account, {"calendar": CALENDAR.calendar}, made)
        return True

    return runtime.database.transact(organization_id, work, Actor("command"))


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Where outgoing calls may go although it is private: what the settings say, and the demo's channels."""
    address = urlsplit(settings.demo_feeds_url or "").netloc
    extra = (address,) if address and address not in settings.private_hosts else ()
    return (*settings.private_hosts, *extra)


def _link(
    session: Session,
    runtime: Runtime,
    channel: Channel,
    connector: str,
    account: Mapping[str, str],
    settings: Mapping[str, str],
    units: Mapping[str, UUID],
) -> None:
    connection = connecting.connect(session, connector, channel.name, account)
    linking.link(
        session,
        connection.id,
        Scope(unit_id=units[channel.unit]),
        "two_way",
        settings,
        uid_domain=runtime.uid_domain,
        interval_seconds=PULL_EVERY,
    )


def _inventory(session: Session) -> dict[str, UUID]:
    """Ids of the units by name."""
    place = properties.create(session, PROPERTY)
    by_type: dict[str, tuple[UUID, ...]] = {}
    by_name: dict[str, UUID] = {}
    for kind in KINDS:
        kind_of = unit_types.create(
            session, NewUnitType(place.id, kind.name, kind.category, kind.let_by, kind.capacity)
        )
        if kind.whole_of:
            new = NewUnit(kind_of.id, kind.units, parts=by_type[kind.whole_of])
            rows: tuple[Unit, ...] = (units.create(session, new),)
        else:
            rows = units.create_many(session, NewUnit(kind_of.id, kind.units), kind.number)
        by_type[kind.name] = tuple(row.id for row in rows)
        by_name |= {row.name: row.id for row in rows}
    return by_name


def _feeds(settings: Settings) -> str:
    """The address of the server that plays the channels, settled once: links keep it."""
    if settings.demo_feeds_url:
        return settings.demo_feeds_url
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        address = f"{HOST}:{probe.getsockname()[1]}"
    allowed = ",".join((*settings.private_hosts, address))
    remember(settings.data_dir, demo_feeds_url=f"http://{address}", allowed_private_hosts=allowed)
    return f"http://{address}"
