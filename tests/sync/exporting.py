"""A place whose units are sold and whose feeds are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

import icalendar
from sqlalchemy.orm import Session

from connectors.contract import AllDay, Pulled, RemoteEvent
from connectors.transport import Network
from hub import clock
from hub.config import Settings
from hub.database import Database, vault_of
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights, Span
from hub.models.links import Link
from hub.queries import links as links_query
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest
from hub.services.guests import GuestFields
from sync import apply, connecting, feeds, linking
from sync.feeds import Served
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories, servers

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
GUEST = GuestFields("Wilhelmina Grünwald", "wilhelmina@example.com", "+34 600 123 456", "arrives late")
DOMAIN = "hub.example.com"

T = TypeVar("T")


def settings() -> Settings:
    return Settings(
        base_url=f"https://{DOMAIN}",
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=factories.FERNET_KEY,
    )


def another_process(database: servers.Database) -> Runtime:
    """Connections, and whatever is kept in memory, of its own."""
    return Runtime(settings(), Database(database.app_url, factories.a_vault()), Network())


def july(first: int, after: int) -> Nights:
    return Nights(date(2026, 7, first), date(2026, 7, after))


@dataclass(frozen=True, slots=True)
class Place:
    """An organization with one property and some units of one type."""

    runtime: Runtime
    organization_id: UUID
    property_id: UUID
    unit_type_id: UUID
    units: tuple[UUID, ...]

    @classmethod
    def build(cls, runtime: Runtime, units: int = 2, **of_type: Any) -> Place:
        member = factories.an_organization(runtime.database)
        made = runtime.database.transact(
            member.organization_id, lambda session: factories.rooms(session, units, **of_type)
        )
        ids = tuple(unit.id for unit in made)
        return cls(runtime, member.organization_id, made[0].property_id, made[0].unit_type_id, ids)

    def do(self, work: Callable[[Session], T]) -> T:
        return self.runtime.database.transact(self.organization_id, work)

    def book(self, unit_id: UUID, span: Span, status: Status = Status.CONFIRMED) -> Booked:
        request = BookingRequest(self.property_id, (ItemRequest(span, unit_id=unit_id),), 1, GUEST, status)
        return self.do(lambda session: bookings.book(session, request, DOMAIN))

    def cancel(self, booked: Booked) -> None:
        self.do(lambda session: bookings.advance(session, booked.booking.id, Status.CANCELLED))

    def link(self, direction: str = "export", **scope: Any) -> UUID:
        """A link of a new connection for a unit, a type, a category or, if nothing is named, the property."""

        def work(session: Session) -> UUID:
            connection = connecting.connect(session, "ical", "Elsewhere", {})
            wanted = {} if direction == "export" else {"url": "https://elsewhere.example/calendar.ics"}
            place = Scope(**({"property_id": self.property_id} | scope))
            made = linking.link(session, connection.id, place, direction, wanted, uid_domain=DOMAIN)
            return made.id

        return self.do(work)

    def told(self, link_id: UUID, *stays: Nights) -> None:
        """The link's calendar says that these nights, and no others, are taken."""
        events = tuple(
            RemoteEvent(
                f"{n}@elsewhere.example", None, AllDay(stay.arrival, stay.departure), True, "Wilhelmina"
            )
            for n, stay in enumerate(stays)
        )
        pulled = Pulled(events, {}, full=True, unchanged=False)
        self.do(lambda session: apply.apply(session, links_query.one(session, link_id), pulled, clock.now()))

    def token(self, link_id: UUID) -> str:
        def work(session: Session) -> str:
            link: Link = links_query.one(session, link_id)
            url = feeds.feed_url(self.runtime.settings, vault_of(session), link)
            assert url is not None
            return url.removeprefix(f"https://{DOMAIN}/feeds/").removesuffix(".ics")

        return self.do(work)

    def feed(self, link_id: UUID) -> Served:
        return feeds.current(self.runtime, self.organization_id, link_id)

    def busy(self, link_id: UUID) -> list[tuple[Any, Any]]:
        """(first, after) of the feed's events, in order."""
        return [(event.start, event.end) for event in events(self.feed(link_id).body)]


def events(body: bytes) -> list[Any]:
    """As icalendar reads them, in the order of time."""
    found: list[Any] = icalendar.Calendar.from_ical(body).walk("VEVENT")
    return sorted(found, key=lambda event: (str(event.start), str(event["UID"])))


def dates(*stays: Nights) -> list[tuple[date, date]]:
    return [(stay.arrival, stay.departure) for stay in stays]
