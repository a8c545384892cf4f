"""An organization with at least one row in every table, and every reference of every table set somewhere."""

from __future__ import annotations

import zlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import Database
from hub.domain.periods import Nights
from hub.ids import new_id
from hub.models.base import Base
from hub.models.bookings import Booking, BookingItem
from hub.models.checks import Check
from hub.models.external import ConflictRecord, ExternalBlock, ExternalEvent
from hub.models.links import Connection, FeedEntry, FeedExport, FeedFetches, FeedSnapshot, Link
from hub.models.organizations import Member, RefreshToken
from hub.models.payloads import Payload, RunPayload
from hub.models.properties import Unit
from hub.models.records import IdempotencyKey, SyncRun
from hub.queries import alert_deliveries, alerts, hosts
from hub.services import blackouts as blackouts_service
from hub.services import bookings, units
from hub.services.asking import ItemRequest
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import BookingRequest
from hub.services.guests import GuestFields
from hub.services.units import NewUnit
from tests import factories
from tests.filled_people import nobodys, people
from tests.filled_synced import synced

DOMAIN = "hub.example"


def a_full_organization(database: Database) -> Member:
    """Made by its admin, who is returned."""
    admin = factories.an_organization(database)
    here = admin.organization_id
    today = clock.today("Europe/Madrid")
    nights = Nights(today + timedelta(days=10), today + timedelta(days=12))
    with database.unit_of_work(here) as session:
        rooms = factories.rooms(session, 3)
        villa = factories.a_unit_type(session, rooms[0].property_id, name="Villa", capacity=6)
        parts = (rooms[1].id, rooms[2].id)
        units.create(session, NewUnit(villa.id, "Villa", parts=parts))
    with database.unit_of_work(here) as session:
        guest = GuestFields("Grace", "grace@example.com", "+34 600 123 456")
        item = ItemRequest(nights, unit_id=rooms[0].id)
        booked = bookings.book(session, BookingRequest(rooms[0].property_id, (item,), 1, guest), DOMAIN)
    with database.unit_of_work(here) as session:
        closed = BlackoutRequest(rooms[1].id, nights, "maintenance", "paint")
        blackouts_service.add(session, closed, DOMAIN)
    with database.unit_of_work(here) as session:
        assert booked.booking.guest_id is not None
        made = _channel(here, rooms[0], booked.booking, booked.items[0]) + _records(here, admin)
        connection, link = made[0], made[1]
        assert isinstance(connection, Connection)
        assert isinstance(link, Link)
        made += synced(admin, connection.id, link.id)
        for row in made + people(admin, booked.booking.guest_id, rooms[0].property_id):
            session.add(row)
            session.flush()
        hosts.spare(session, f"{here}.example", 1, clock.now(), None, clock.now())
        nobodys(session, admin)
        _told(session, rooms[0].property_id)
    return admin


def _told(session: Session, property_id: UUID) -> None:
    """An alert, who is to hear of it, and a sign of life."""
    now, key = clock.now(), f"guard:{new_id()}"
    words = {"cause": "guard", "severity": "critical", "subject": "Airbnb", "words": "Look.", "about": {}}
    alerts.see(session, id=new_id(), key=key, property=property_id, now=now, **words)
    alerts.take_step(session, "open", key, now, ["webhook"])
    alert_deliveries.beat(session, "worker", now)


def _channel(here: UUID, room: Unit, booking: Booking, item: BookingItem) -> list[Base]:
    """A connection, links of a unit and of a type, and what the first of them brought and told."""
    connection = Connection(
        organization_id=here,
        id=new_id(),
        connector="ical",
        name="Airbnb",
        settings_sealed=factories.a_vault().seal({}),
    )
    links = [
        _link(here, connection.id, room, unit_id=room.id),
        _link(here, connection.id, room, unit_type_id=room.unit_type_id),
    ]
    run = SyncRun(
        organization_id=here,
        id=new_id(),
        link_id=links[0].id,
        trigger="request",
        state="done",
        created_at=clock.now(),
    )
    many = SyncRun(
        organization_id=here,
        id=new_id(),
        trigger="request",
        state="running",
        criteria={"link_ids": [str(links[0].id)]},
        mode="both",
        created_at=clock.now(),
    )
    run.parent_id = many.id
    said = Check(
        organization_id=here,
        booking_id=booking.id,
        link_id=links[0].id,
        at=clock.now(),
        stage="booked",
        channel="Airbnb",
        scope="Room 1",
        verdict="answered",
    )
    imported = _imported(here, links[0].id, room, booking, item)
    exported = _exported(here, links[0].id)
    return [connection, *links, *imported, *exported, many, run, *_read_by(run), said]


def _read_by(run: SyncRun) -> list[Base]:
    payload = Payload(
        organization_id=run.organization_id,
        id=new_id(),
        digest=new_id().bytes,
        media_type="text/calendar",
        size=15,
        sealed=factories.a_vault().seal_bytes(zlib.compress(b"BEGIN:VCALENDAR")),
        first_at=clock.now(),
        last_at=clock.now(),
    )
    cited = RunPayload(organization_id=run.organization_id, run_id=run.id, payload_id=payload.id, position=0)
    return [payload, cited]


def _link(here: UUID, connection_id: UUID, room: Unit, **scope: UUID) -> Link:
    seal = factories.a_vault().seal
    return Link(
        organization_id=here,
        id=new_id(),
        connection_id=connection_id,
        property_id=room.property_id,
        direction="import",
        state="paused",
        settings_sealed=seal({"url": "https://channel.example.com/calendar.ics"}),
        next_pull_at=clock.now(),
        feed_token_hash=new_id().bytes,
        feed_token_sealed=seal("token"),
        uid_domain=DOMAIN,
        **scope,
    )


def _imported(here: UUID, link_id: UUID, room: Unit, booking: Booking, item: BookingItem) -> list[Base]:
    now = clock.now()
    span = {"starts_at": item.starts_at, "ends_at": item.ends_at}
    event = ExternalEvent(
        organization_id=here,
        id=new_id(),
        link_id=link_id,
        key="event",
        all_day=False,
        sealed=factories.a_vault().seal({"summary": "Reserved", "description": ""}),
        digest=b"digest",
        uid_out=new_id().hex,
        first_seen_at=now,
        changed_at=now,
        starts_at=now,
        ends_at=now + timedelta(days=1),
    )
    block = ExternalBlock(
        organization_id=here,
        link_id=link_id,
        event_id=event.id,
        unit_id=room.id,
        free_at=span["ends_at"],
        **span,
    )
    conflict = ConflictRecord(
        organization_id=here,
        type="EXTERNAL_OVERLAP",
        state="open",
        link_id=link_id,
        event_id=event.id,
        unit_id=room.id,
        booking_id=booking.id,
        item_id=item.id,
        fingerprint="6f1d2c0b9a8e7f65",  # as the API's example of a resolution has it
        local={},
        remote={},
        opened_at=now,
        **span,
    )
    return [event, block, conflict]


def _exported(here: UUID, link_id: UUID) -> list[Base]:
    now, uid = clock.now(), new_id().hex
    entry = FeedEntry(
        organization_id=here,
        link_id=link_id,
        uid=uid,
        content={},
        sequence=0,
        modified_at=now,
        exported_at=now,
    )
    export = FeedExport(
        organization_id=here,
        link_id=link_id,
        uid=uid,
        origin=uid,
        kind="booking",
        since_revision=1,
        since_at=now,
        starts_at=now,
        ends_at=now + timedelta(days=1),
    )
    snapshot = FeedSnapshot(
        organization_id=here,
        id=link_id,
        revision=1,
        content_hash=b"hash",
        body=b"BEGIN:VCALENDAR",
        etag='"1"',
        modified_at=now,
    )
    fetches = FeedFetches(
        organization_id=here, link_id=link_id, consumer="Airbnb", day="2030-01-01", first_at=now, last_at=now
    )
    return [entry, export, snapshot, fetches]


def _records(here: UUID, admin: Member) -> list[Base]:
    now = clock.now()
    token = RefreshToken(
        organization_id=here,
        member_id=admin.id,
        family=new_id(),
        token_hash=new_id().bytes,
        expires_at=now + timedelta(days=1),
    )
    key = IdempotencyKey(
        organization_id=here,
        caller_id=admin.id,
        key="key",
        request_hash=b"hash",
        status=201,
        body=b"sealed",
        created_at=now,
    )
    return [token, key]
