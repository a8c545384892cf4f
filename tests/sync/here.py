"""A property whose rooms are shown in a calendar that is synced event by event, as the hub has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.domain.lifecycle import Status
from hub.domain.periods import Span
from hub.models.bookings import Blackout, Booking
from hub.models.external import ConflictRecord, ExternalBlock, ExternalEvent
from hub.models.links import Link
from hub.models.records import SyncRun
from hub.models.sync import SyncItem, SyncOp
from hub.queries import bookings as bookings_query
from hub.queries import links as links_query
from hub.services import blackouts, bookings, rebooking
from hub.services.asking import ItemRequest
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import Booked, BookingRequest
from hub.services.guests import GuestFields
from hub.services.rebooking import MoveRequest
from sync import connecting, linking, relay
from sync import pull as pulling
from sync.attempts import Outcome
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories
from tests.sync.importing import DOMAIN

GUEST = GuestFields("Grace Hopper", "grace@example.com", "+34 600 000 000", "late arrival")

T = TypeVar("T")


@dataclass
class Here:
    runtime: Runtime
    organization_id: UUID
    property_id: UUID
    unit_type_id: UUID
    units: tuple[UUID, ...]
    connection_id: UUID
    link_id: UUID

    def do(self, work: Callable[[Session], T]) -> T:
        return self.runtime.database.transact(self.organization_id, work)

    def book(
        self, span: Span, unit: int = 0, status: Status = Status.CONFIRMED, guest: GuestFields | None = GUEST
    ) -> Booked:
        item = ItemRequest(span, self.units[unit])
        request = BookingRequest(self.property_id, (item,), 1, guest, status)
        return self.do(lambda session: bookings.book(session, request, DOMAIN))

    def cancel(self, booked: Booked) -> None:
        self.do(lambda session: bookings.advance(session, booked.booking.id, Status.CANCELLED))

    def move(self, booked: Booked, span: Span) -> None:
        request = MoveRequest(booked.items[0].id, span=span)
        self.do(lambda session: rebooking.move(session, booked.booking.id, [request]))

    def close(self, span: Span, unit: int = 0) -> Blackout:
        request = BlackoutRequest(self.units[unit], span, "maintenance")
        return self.do(lambda session: blackouts.add(session, request, DOMAIN))

    def sync(self) -> Outcome:
        """What happened here reaches the link, which is synced then, whether it is due or not."""
        relay.relay(self.runtime)
        return pulling.pull(self.runtime, self.organization_id, self.link_id)

    def rest(self, most: int = 8) -> Outcome:
        """Sync until nothing happens any more: the last outcome."""
        for _ in range(most):
            outcome = self.sync()
            if outcome.state == "unchanged":
                return outcome
        raise AssertionError(f"no rest: {outcome}")

    def link(self) -> Link:
        return self.do(lambda session: links_query.one(session, self.link_id))

    def booking(self, booked: Booked) -> Booking:
        return self.do(lambda session: bookings_query.one(session, booked.booking.id))

    def nights(self, booked: Booked) -> list[tuple[Any, Any]]:
        items = self.do(lambda session: bookings_query.items(session, [booked.booking.id]))
        return [(item.arrival, item.departure) for item in items]

    def blackouts(self) -> list[Blackout]:
        return self._rows(select(Blackout))

    def items(self) -> list[SyncItem]:
        return self._rows(select(SyncItem).where(SyncItem.link_id == self.link_id).order_by(SyncItem.id))

    def ops(self) -> list[SyncOp]:
        return self._rows(select(SyncOp).where(SyncOp.link_id == self.link_id).order_by(SyncOp.id))

    def events(self) -> list[ExternalEvent]:
        wanted = select(ExternalEvent).where(ExternalEvent.link_id == self.link_id)
        return self._rows(wanted.order_by(ExternalEvent.starts_at, ExternalEvent.ends_at))

    def blocks(self) -> list[ExternalBlock]:
        wanted = select(ExternalBlock).where(ExternalBlock.link_id == self.link_id)
        return self._rows(wanted.order_by(ExternalBlock.starts_at, ExternalBlock.free_at))

    def conflicts(self, state: str = "open") -> list[ConflictRecord]:
        """Those about events."""
        about = (ConflictRecord.state == state, ConflictRecord.type != "GUARD_TRIPPED")
        return self._rows(select(ConflictRecord).where(*about).order_by(ConflictRecord.id))

    def alarms(self, state: str = "open") -> list[ConflictRecord]:
        """Those about links that lost too much at once."""
        about = (ConflictRecord.state == state, ConflictRecord.type == "GUARD_TRIPPED")
        return self._rows(select(ConflictRecord).where(*about).order_by(ConflictRecord.id))

    def runs(self) -> list[SyncRun]:
        return self._rows(select(SyncRun).where(SyncRun.link_id == self.link_id).order_by(SyncRun.id))

    def _rows(self, statement: Any) -> list[Any]:
        return list(self.do(lambda session: session.scalars(statement).all()))


def linked(
    runtime: Runtime,
    connector: str,
    account: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    units: int = 2,
    direction: str = "two_way",
    of_property: bool = False,
    of_type: Mapping[str, Any] | None = None,
) -> Here:
    """A new organization, and a link of its first room, or of all of the property."""
    organization_id = factories.an_organization(runtime.database).organization_id
    rooms = runtime.database.transact(
        organization_id, lambda session: factories.rooms(session, units, **(of_type or {}))
    )

    def connect(session: Session) -> tuple[UUID, UUID]:
        made = connecting.connect(session, connector, "Casa Azul", account)
        scope = Scope(rooms[0].property_id) if of_property else Scope(unit_id=rooms[0].id)
        link = linking.link(session, made.id, scope, direction, settings, uid_domain=DOMAIN)
        return made.id, link.id

    connection_id, link_id = runtime.database.transact(organization_id, connect)
    return Here(
        runtime,
        organization_id,
        rooms[0].property_id,
        rooms[0].unit_type_id,
        tuple(room.id for room in rooms),
        connection_id,
        link_id,
    )
