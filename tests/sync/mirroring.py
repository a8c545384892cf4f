"""A place whose bookings and blackouts are shown in calendars, and what is held of that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from connectors.mirroring import MirrorOptions
from hub import clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Span
from hub.ids import new_id
from hub.models.bookings import Blackout
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import links as links_query
from hub.services import blackouts, bookings
from hub.services.asking import ItemRequest
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import Booked, BookingRequest
from hub.services.guests import GuestFields
from sync import connecting, linking, mirrors, signing, touching
from sync.linking import Scope
from sync.mirrors import Local, Mirror
from sync.planning import content
from tests import factories
from tests.sync.exporting import DOMAIN, GUEST, Place

ADDRESS = {"url": "http://127.0.0.1:9", "key": "demo"}
"""Nobody is called"""


@dataclass(frozen=True, slots=True)
class Wall:
    """A calendar of a place, and how it shows what the place has."""

    place: Place
    link_id: UUID
    options: MirrorOptions

    @classmethod
    def hang(
        cls, place: Place, direction: str = "two_way", *, options: dict[str, Any] | None = None, **scope: Any
    ) -> Wall:
        said = MirrorOptions.model_validate(options or {})

        def work(session: Session) -> UUID:
            connection = connecting.connect(session, "sandbox", "Office calendar", ADDRESS)
            wanted = Scope(**(scope or {"property_id": place.property_id}))
            settings = {"calendar": f"agenda-{new_id().hex}", **(options or {})}
            return linking.link(session, connection.id, wanted, direction, settings, uid_domain=DOMAIN).id

        return cls(place, place.do(work), said)

    def link(self) -> Link:
        return self.place.do(lambda session: links_query.one(session, self.link_id))

    def of(self, wanted: Collection[Local]) -> dict[Local, Mirror]:
        return self.place.do(
            lambda session: mirrors.of(
                session, links_query.one(session, self.link_id), self.options, wanted, clock.now()
            )
        )

    def shows(self, booked: Booked | Blackout) -> list[Mirror]:
        """All that stands for it there, in the order of time."""
        found = self.of(locals_of(self.place, booked))
        return sorted(found.values(), key=lambda mirror: mirror.content.said("time")[0])

    def one(self, booked: Booked | Blackout) -> Mirror:
        (mirror,) = self.shows(booked)
        return mirror

    def in_scope(self) -> frozenset[Local]:
        return self.place.do(
            lambda session: mirrors.in_scope(
                session, links_query.one(session, self.link_id), self.options, clock.now()
            )
        )

    def scan(self) -> int:
        def work(session: Session) -> int:
            link = links_query.locked(session, self.link_id)
            return touching.scan(session, link, self.options, clock.now())

        return self.place.do(work)

    def items(self) -> list[SyncItem]:
        statement = select(SyncItem).where(SyncItem.link_id == self.link_id).order_by(SyncItem.id)
        return list(self.place.do(lambda session: session.scalars(statement).all()))

    def touched(self) -> set[Local]:
        return {_local(item) for item in self.items() if item.touched}

    def agree(self) -> None:
        """As if all that is touched had been written there."""

        def work(session: Session) -> None:
            link = links_query.one(session, self.link_id)
            items = session.scalars(select(SyncItem).where(SyncItem.link_id == self.link_id)).all()
            wanted = [_local(item) for item in items]
            found = mirrors.of(session, link, self.options, wanted, clock.now())
            for item in items:
                mirror = found.get(_local(item))
                key = signing.content_key(session)
                said = content.shown(mirror.content, mirror.colour, key) if mirror else None
                item.base_local = item.base_remote = said
                item.touched = False

        self.place.do(work)


def _local(item: SyncItem) -> Local:
    assert item.local_kind is not None
    assert item.local_id is not None
    return item.local_kind, item.local_id


def locals_of(place: Place, thing: Booked | Blackout) -> frozenset[Local]:
    if isinstance(thing, Blackout):
        return mirrors.of_blackouts([thing.id])
    booking_id = thing.booking.id
    return place.do(lambda session: mirrors.of_bookings(session, [booking_id]))


def book(
    place: Place,
    *asked: tuple[Span, UUID | None],
    status: Status = Status.CONFIRMED,
    guest: GuestFields | None = GUEST,
    guests: int = 1,
) -> Booked:
    """(span, unit) of each item; where no unit is named, any of the place's type."""
    items = tuple(
        ItemRequest(span, unit_id, None if unit_id else place.unit_type_id) for span, unit_id in asked
    )
    request = BookingRequest(place.property_id, items, guests, guest, status)
    return place.do(lambda session: bookings.book(session, request, DOMAIN))


def close(
    place: Place, unit_id: UUID, span: Span, kind: str = "maintenance", note: str | None = None
) -> Blackout:
    request = BlackoutRequest(unit_id, span, kind, note)
    return place.do(lambda session: blackouts.add(session, request, DOMAIN))


def advance(place: Place, booked: Booked, *steps: Status) -> None:
    for step in steps:
        place.do(lambda session, step=step: bookings.advance(session, booked.booking.id, step))  # type: ignore[misc]


def a_car(place: Place, turnaround: int = 2) -> UUID:
    """Let by the hour."""

    def work(session: Session) -> UUID:
        kind = factories.a_unit_type(
            session,
            place.property_id,
            name="Car",
            category="car",
            let_by="hour",
            capacity=5,
            turnaround=turnaround,
        )
        return factories.a_unit(session, kind.id, "Car 1").id

    return place.do(work)


def a_villa(place: Place) -> UUID:
    """Made of all rooms of the place."""

    def work(session: Session) -> UUID:
        kind = factories.a_unit_type(session, place.property_id, name="Villa", category="home", capacity=9)
        return factories.a_unit(session, kind.id, "Villa", parts=place.units).id

    return place.do(work)


def statements(place: Place, work: Any) -> int:
    """How many statements it takes."""
    seen: list[str] = []
    engine = place.runtime.database.engine

    def count(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        place.do(work)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)
