"""The hub's side of the game: a property, its links to all channels, and everything that is asked of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from connectors.sandbox.stays import HOUR, Slot, slots
from connectors.transport import Network
from hub import clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Hours, Period, Span
from hub.errors import Conflict
from hub.models.external import ConflictRecord
from hub.models.records import Change
from hub.queries import inventory
from hub.services import bookings, rebooking
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from hub.services.rebooking import MoveRequest
from sync import connecting, feeds, linking
from sync import pull as pulling
from sync.attempts import Outcome
from sync.ledger import Ledger
from sync.linking import Scope
from sync.relay import relay
from sync.runtime import Runtime
from tests import factories

DOMAIN = "hub.example.com"
MADRID = ZoneInfo("Europe/Madrid")
SELDOM = 7 * 24 * 3600
"""Seconds: how often the hub itself would come; the game has its own times"""

T = TypeVar("T")


_STANDING = text("""
    SELECT l.state, l.state_reason, l.guard, l.next_pull_at,
           (SELECT count(*) FROM external_events e WHERE e.link_id = l.id AND e.missing_since IS NOT NULL)
    FROM links l WHERE l.id = CAST(:link AS uuid)
""")
_BLOCKED = text("""
    SELECT b.unit_id IS NOT NULL, b.starts_at, b.ends_at FROM external_blocks b
    JOIN external_events e ON e.organization_id = b.organization_id AND e.id = b.event_id
    WHERE b.link_id = CAST(:link AS uuid) AND e.missing_since IS NULL
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a link is."""

    state: str
    reason: str | None
    guard: dict[str, Any] | None
    next_pull_at: datetime
    missing: int
    """Events that are held although the calendar no longer tells them"""


@dataclass(frozen=True, slots=True)
class Sold:
    """A booking of ours that stands."""

    booking_id: UUID
    item_id: UUID
    span: Span


@dataclass(slots=True)
class House:
    """One unit with a link for each channel, or several of one type with links of the type."""

    runtime: Runtime
    organization_id: UUID
    property_id: UUID
    unit_type_id: UUID
    units: tuple[UUID, ...]
    hourly: bool
    links: Mapping[str, UUID] = field(default_factory=dict)
    own: list[Sold] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)

    @classmethod
    def build(cls, runtime: Runtime, urls: Mapping[str, str], *, units: int, hourly: bool) -> House:
        member = factories.an_organization(runtime.database)
        terms = {"let_by": "hour", "category": "yacht", "turnaround": 0} if hourly else {}
        made = runtime.database.transact(
            member.organization_id, lambda session: factories.rooms(session, units, **terms)
        )
        ids = tuple(unit.id for unit in made)
        house = cls(runtime, member.organization_id, made[0].property_id, made[0].unit_type_id, ids, hourly)
        house.links = {name: house._link(name, url) for name, url in urls.items()}
        return house

    def do(self, work: Callable[[Session], T]) -> T:
        return self.runtime.database.transact(self.organization_id, work)

    def pull(self, name: str, network: Network | None = None) -> Outcome:
        runtime = replace(self.runtime, network=network) if network else self.runtime
        return pulling.pull(runtime, self.organization_id, self.links[name])

    def relay(self) -> None:
        while relay(self.runtime):
            continue

    def feed(self, name: str, agent: str) -> bytes:
        """Our calendar for a channel, written down in the ledger as fetched by it."""
        link_id = self.links[name]
        served = feeds.current(self.runtime, self.organization_id, link_id)
        book = self.ledger.book(self.organization_id, link_id, served.revision)
        book.opened((agent.encode(), "127.0.0.1")).full += 1
        self.ledger.collect(clock.now())
        self.ledger.write(self.runtime.database)
        return served.body

    def resume(self, name: str) -> None:
        self.do(lambda session: linking.resume(session, self.links[name]))

    def standing(self, name: str) -> Standing:
        def work(session: Session) -> Standing:
            row = session.execute(_STANDING, {"link": self.links[name]}).one()
            return Standing(*row)

        return self.do(work)

    def busy(self, since: datetime, until: datetime) -> Counter[Slot]:
        """How many units each night or hour has lost, by the query that sells them."""
        period = Period(since, until)
        found = self.do(lambda session: inventory.takings(session, self.units, period, clock.now()).live)
        taken = {(one.unit_id, slot) for one in found for slot in self._slots(one.period)}
        return Counter(slot for _, slot in taken)

    def blocked(self, name: str) -> tuple[frozenset[Slot], frozenset[Slot]]:
        """What its calendar takes of the units, and what found no unit; without what it no longer tells."""
        parameters = {"link": self.links[name]}
        rows = self.do(lambda session: session.execute(_BLOCKED, parameters).all())
        found: dict[bool, frozenset[Slot]] = {True: frozenset(), False: frozenset()}
        for placed, starts_at, ends_at in rows:
            found[placed] |= self._slots(Period(starts_at, ends_at))
        return found[True], found[False]

    def changes(self, name: str) -> list[Change]:
        """The change log's rows about a link's events, the oldest first."""
        statement = select(Change).where(Change.entity == "external_event").order_by(Change.id)
        rows = self.do(lambda session: session.scalars(statement).all())
        link = str(self.links[name])
        return [row for row in rows if (row.after or row.before or {}).get("link_id") == link]

    def conflicts(self) -> list[ConflictRecord]:
        statement = select(ConflictRecord).where(ConflictRecord.state == "open")
        return list(self.do(lambda session: session.scalars(statement).all()))

    def book(self, span: Span) -> bool:
        """Whether it was sold."""
        item = ItemRequest(span, unit_type_id=self.unit_type_id)
        request = BookingRequest(self.property_id, (item,), 1, None, Status.CONFIRMED)
        try:
            booked = self.do(lambda session: bookings.book(session, request, DOMAIN))
        except Conflict:
            return False
        self.own.append(Sold(booked.booking.id, booked.items[0].id, span))
        return True

    def move(self, sold: Sold, span: Span) -> bool:
        wanted = [MoveRequest(sold.item_id, unit_type_id=self.unit_type_id, span=span)]
        try:
            self.do(lambda session: rebooking.move(session, sold.booking_id, wanted))
        except Conflict:
            return False
        self.own[self.own.index(sold)] = replace(sold, span=span)
        return True

    def cancel(self, sold: Sold) -> None:
        self.do(lambda session: bookings.advance(session, sold.booking_id, Status.CANCELLED))
        self.own.remove(sold)

    def taken(self) -> Counter[Slot]:
        """By our own guests, as the game knows it."""
        return Counter(slot for sold in self.own for slot in slots(sold.span))

    def _slots(self, period: Period) -> frozenset[Slot]:
        if self.hourly:
            return slots(Hours(period.starts_at, period.ends_at))
        first = period.starts_at.astimezone(MADRID).date()
        last = (period.ends_at - HOUR).astimezone(MADRID).date()
        return frozenset(first + timedelta(days=n) for n in range(max((last - first).days, 1)))

    def _link(self, name: str, url: str) -> UUID:
        scope = (
            Scope(unit_id=self.units[0]) if len(self.units) == 1 else Scope(unit_type_id=self.unit_type_id)
        )

        def work(session: Session) -> UUID:
            connection = connecting.connect(session, "ical", name, {})
            return linking.link(
                session,
                connection.id,
                scope,
                "two_way",
                {"url": url},
                uid_domain=DOMAIN,
                interval_seconds=SELDOM,
            ).id

        return self.do(work)


def today(now: datetime) -> date:
    return now.astimezone(MADRID).date()
