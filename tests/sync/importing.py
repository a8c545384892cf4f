"""A place whose units have calendars at a channel, and what the hub holds of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from connectors.transport import Network, Reply
from hub.config import Settings
from hub.database import Database
from hub.domain.lifecycle import Status
from hub.domain.periods import Span
from hub.models.external import ConflictRecord, ExternalBlock, ExternalEvent
from hub.models.links import Link
from hub.models.properties import Unit
from hub.models.records import SyncRun
from hub.queries import external
from hub.queries import links as links_query
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest
from sync import connecting, due, linking
from sync import pull as pulling
from sync.attempts import Outcome
from sync.linking import Scope
from sync.planning import guard
from sync.runtime import Runtime
from tests import factories, servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar

DOMAIN = "hub.example.com"
FEED = "/room.ics"
READINGS = 6
"""More than any guard asks for"""

T = TypeVar("T")


def a_runtime(database: servers.Database, network: Network) -> Runtime:
    """A process of its own: its connections and its way out."""
    settings = Settings(
        base_url=f"https://{DOMAIN}",
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=factories.FERNET_KEY,
    )
    return Runtime(settings, Database(database.app_url, factories.a_vault()), network)


class Meanwhile(Network):
    """Does something between a channel's answer and what becomes of it."""

    def __init__(self, does: Callable[[], object]) -> None:
        super().__init__(["127.0.0.1"])
        self._does = does

    def get(self, *args: Any, **kwargs: Any) -> Reply:
        reply = super().get(*args, **kwargs)
        self._does()
        return reply


@dataclass(frozen=True, slots=True)
class Importer:
    """An organization with one property in Madrid, and a channel on loopback."""

    runtime: Runtime
    channel: FeedServer
    organization_id: UUID
    property_id: UUID
    unit_type_id: UUID
    units: tuple[UUID, ...]

    @classmethod
    def build(cls, runtime: Runtime, channel: FeedServer, units: int = 2, **of_type: Any) -> Importer:
        member = factories.an_organization(runtime.database)
        made = runtime.database.transact(
            member.organization_id, lambda session: factories.rooms(session, units, **of_type)
        )
        ids = tuple(unit.id for unit in made)
        return cls(runtime, channel, member.organization_id, made[0].property_id, made[0].unit_type_id, ids)

    def do(self, work: Callable[[Session], T]) -> T:
        return self.runtime.database.transact(self.organization_id, work)

    def says(self, *events: str, feed: str = FEED) -> None:
        """From now on the channel's calendar has these events and no others."""
        self.channel.answer(feed, Answer(body=calendar(*events)))

    def answers(self, *answers: Answer, feed: str = FEED) -> None:
        self.channel.answer(feed, *answers)

    def link(self, feed: str = FEED, direction: str = "import", name: str = "Seaside", **scope: Any) -> UUID:
        """A link for the first unit, unless the scope is told."""

        def work(session: Session) -> UUID:
            connection = connecting.connect(session, "ical", name, {})
            wanted = Scope(**(scope or {"unit_id": self.units[0]}))
            url = {"url": self.channel.url(feed)}
            return linking.link(session, connection.id, wanted, direction, url, uid_domain=DOMAIN).id

        return self.do(work)

    def pull(self, link_id: UUID, network: Network | None = None) -> Outcome:
        runtime = replace(self.runtime, network=network) if network else self.runtime
        return pulling.pull(runtime, self.organization_id, link_id)

    def pull_until_agreed(self, link_id: UUID, clock: FrozenClock) -> Outcome:
        """Pull every quarter of an hour until nothing waits to be freed any more; the last outcome."""
        for _ in range(READINGS):
            outcome = self.pull(link_id)
            if self.state(link_id).guard is None:
                return outcome
            clock.advance(guard.APART)
        raise AssertionError(f"something still waits: {self.state(link_id).guard}")

    def book(self, span: Span, unit_id: UUID | None = None, status: Status = Status.CONFIRMED) -> Booked:
        """The unit that is named, or any of the type."""
        item = ItemRequest(span, unit_id, None if unit_id else self.unit_type_id)
        request = BookingRequest(self.property_id, (item,), 1, None, status)
        return self.do(lambda session: bookings.book(session, request, DOMAIN))

    def cancel(self, booked: Booked) -> None:
        self.do(lambda session: bookings.advance(session, booked.booking.id, Status.CANCELLED))

    def claimed(self) -> list[tuple[UUID, UUID]]:
        """(organization, link) of all that are handed out now, whosesoever."""
        return [(one.organization_id, one.link_id) for one in due.claim_due(self.runtime, 1000)]

    def state(self, link_id: UUID) -> Link:
        return self.do(lambda session: links_query.one(session, link_id))

    def events(self, link_id: UUID) -> tuple[ExternalEvent, ...]:
        return self.do(lambda session: external.events_of(session, link_id))

    def blocks(self, link_id: UUID) -> list[ExternalBlock]:
        """By their beginning, then by the name of the unit; those without one come last."""
        by_name = select(ExternalBlock).outerjoin(Unit, Unit.id == ExternalBlock.unit_id)
        by_name = by_name.where(ExternalBlock.link_id == link_id)
        order = (ExternalBlock.starts_at, Unit.name.asc().nulls_last())
        return list(self.do(lambda session: session.scalars(by_name.order_by(*order)).all()))

    def held(self, link_id: UUID) -> list[tuple[Any, ...]]:
        """All that is held of a link, with the versions of the rows: equal where nothing was written."""

        def work(session: Session) -> list[tuple[Any, ...]]:
            rows = []
            for table in ("external_events", "external_blocks"):
                statement = text(f"SELECT xmin::text, id FROM {table} WHERE link_id = :link ORDER BY id")
                rows += [tuple(row) for row in session.execute(statement, {"link": link_id})]
            return rows

        return self.do(work)

    def conflicts(self, state: str = "open") -> list[ConflictRecord]:
        """Those about events."""
        about = (ConflictRecord.state == state, ConflictRecord.type != "GUARD_TRIPPED")
        statement = select(ConflictRecord).where(*about).order_by(ConflictRecord.id)
        return list(self.do(lambda session: session.scalars(statement).all()))

    def alarms(self, state: str = "open") -> list[ConflictRecord]:
        """Those about links that lost too much at once."""
        about = (ConflictRecord.state == state, ConflictRecord.type == "GUARD_TRIPPED")
        statement = select(ConflictRecord).where(*about).order_by(ConflictRecord.id)
        return list(self.do(lambda session: session.scalars(statement).all()))

    def runs(self, link_id: UUID) -> list[SyncRun]:
        """The oldest first."""
        statement = select(SyncRun).where(SyncRun.link_id == link_id).order_by(SyncRun.id)
        return list(self.do(lambda session: session.scalars(statement).all()))

    def run_sql(self, statement: str, **parameters: Any) -> Any:
        return self.do(lambda session: session.execute(text(statement), parameters))

    def periods(self, link_id: UUID) -> list[tuple[datetime, datetime]]:
        return [(block.starts_at, block.ends_at) for block in self.blocks(link_id)]

    def names(self, link_id: UUID) -> list[str | None]:
        """Of the units that a link's events take; None where one found no unit."""
        by_id = {unit.id: unit.name for unit in self.do(lambda session: session.scalars(select(Unit)).all())}
        return [by_id[block.unit_id] if block.unit_id else None for block in self.blocks(link_id)]

    def add_car(self) -> UUID:
        """Let by the hour, with two hours of turnaround."""

        def work(session: Session) -> UUID:
            kind = factories.a_unit_type(
                session, self.property_id, name="Car", category="car", let_by="hour", capacity=5
            )
            return factories.a_unit(session, kind.id, "Car 1").id

        return self.do(work)
