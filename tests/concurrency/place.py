"""A villa of three rooms, sold by the room, by the type and as a whole; and calendars that close it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import Database
from hub.services import tokens
from hub.services.tokens import Claims
from sync import connecting, linking
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories

ZONE = "Europe/Madrid"


@dataclass(frozen=True)
class Place:
    """One organization's property; `whole` is made of all rooms."""

    organization_id: UUID
    member_id: UUID
    property_id: UUID
    room_type_id: UUID
    rooms: tuple[UUID, ...]
    whole: UUID | None

    @property
    def units(self) -> tuple[UUID, ...]:
        return self.rooms if self.whole is None else (*self.rooms, self.whole)


def build(database: Database, *, rooms: int = 3, whole: bool = True) -> Place:
    admin = factories.an_organization(database)
    with database.unit_of_work(admin.organization_id) as session:
        units = factories.rooms(session, rooms, capacity=20)
        place, unit_ids = units[0].property_id, tuple(unit.id for unit in units)
        villa = None
        if whole:
            fields = {"name": "Villa", "category": "home", "capacity": 20}
            unit_type = factories.a_unit_type(session, place, **fields)
            villa = factories.a_unit(session, unit_type.id, "Villa", parts=unit_ids).id
        return Place(admin.organization_id, admin.id, place, units[0].unit_type_id, unit_ids, villa)


def token(database: Database, place: Place) -> str:
    """What a browser would hold after signing in."""
    claims = Claims(place.organization_id, place.member_id, "admin")
    return tokens.issue_access(database.vault.token_key, claims, clock.now())


def link(runtime: Runtime, place: Place, url: str, scope: Scope) -> UUID:
    """An import of the calendar at `url`; its id."""
    (link_id,) = links(runtime, place, [(url, scope)])
    return link_id


def links(runtime: Runtime, place: Place, calendars: Iterable[tuple[str, Scope]]) -> list[UUID]:
    """Imports of all these calendars; their ids."""
    with runtime.database.unit_of_work(place.organization_id) as session:
        return [_link(session, url, scope, runtime.uid_domain) for url, scope in calendars]


def _link(session: Session, url: str, scope: Scope, uid_domain: str) -> UUID:
    connection = connecting.connect(session, "ical", f"Channel {url.rpartition('/')[2]}", {})
    return linking.link(session, connection.id, scope, "import", {"url": url}, uid_domain=uid_domain).id


def day(ahead: int) -> date:
    return clock.today(ZONE) + timedelta(days=ahead)


def calendar(busy: Iterable[tuple[str, date, date]]) -> bytes:
    """A complete calendar of all-day events: (uid, first, after)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN"]
    for uid, first, after in busy:
        lines += ["BEGIN:VEVENT", f"UID:{uid}@tests", "DTSTAMP:20260101T000000Z"]
        lines += [
            f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
            f"DTEND;VALUE=DATE:{after:%Y%m%d}",
            "SUMMARY:Reserved",
        ]
        lines += ["END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()
