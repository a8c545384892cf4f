"""Who has seen what: what our feeds said of a booking, and which consumers have fetched that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub.domain.consumers import Consumer, Kind
from hub.domain.lifecycle import Status
from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Period, at, nights_touched, occupied
from hub.errors import NotFound
from hub.models.bookings import Allocation, BookingItem
from hub.queries import bookings, feeds, inventory, ledger
from hub.queries import seen as query
from sync import feed_content, shown, sighted
from sync.planning import seen as planning
from sync.planning.seen import Fetched, Knows, Said, Sight, State, Verdict
from sync.shown import Mirrored


@dataclass(frozen=True, slots=True)
class FeedState:
    """What was last made of a feed, and whether that is still true; revision 0 before the first."""

    revision: int
    made_at: datetime | None
    outdated: bool


def feed_state(session: Session, link_id: UUID, now: datetime) -> FeedState:
    """Of a link without a feed that nothing was made, and nothing is missing."""
    try:
        feed = feeds.one(session, link_id)
    except NotFound:
        return FeedState(0, None, False)
    said = feed.published
    if said is None:
        return FeedState(0, None, True)
    true = feed_content.read(session, feed, now).hash
    return FeedState(said.revision, said.modified_at, said.content_hash != true)


@dataclass(frozen=True, slots=True)
class SeenBy:
    """A consumer of a feed, and what it knows of the item."""

    consumer: str
    kind: Kind
    networks: tuple[str, ...]
    knows: Knows
    since: datetime | None
    """When it first fetched that, as far as the ledger reaches"""
    last_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Export:
    """How one feed stands to one item; to the whole booking, without an item, where it names no bookings."""

    link_id: UUID
    channel: str
    scope: str
    item_id: UUID | None
    state: State
    revision: int | None
    """The first that said what was last said of it"""
    exported_at: datetime | None
    withdrawn_at: datetime | None
    words: str
    seen_by: tuple[SeenBy, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """A calendar that speaks of the booking's units, and when it was last known to be what we hold of it."""

    link_id: UUID
    channel: str
    scope: str
    state: str
    state_reason: str | None
    verified_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the outside can know of a booking, and how well we know the outside."""

    booking_id: UUID
    reference: str
    status: str
    summary: str
    seen: str
    """One sentence over all channels: who has seen it, by feed or by calendar"""
    exports: tuple[Export, ...]
    imports: tuple[Import, ...]
    calendars: tuple[Mirrored, ...]


def of_booking(session: Session, booking_id: UUID, now: datetime) -> Report:
    """NotFound where there is no such booking. As many statements for a hundred links as for one."""
    booking = bookings.one(session, booking_id)
    items = bookings.items(session, [booking_id])
    links = query.links(session, booking_id)
    exporting = [link for link in links if link.has_feed]
    history = _history(session, items, [link.id for link in exporting])
    units = _Units.read(session, booking_id, items, exporting, now)

    judged = [
        _judged(link, item, history, units)
        for link in exporting
        for item in _named_in(link, items, history, units)
    ]
    told = [(one.link.id, _name(one, judged), one.verdict) for one in judged if one.item and not one.over]
    calendars = shown.of_booking(session, booking_id, now)
    return Report(
        booking_id=booking.id,
        reference=booking.reference,
        status=booking.status,
        summary=planning.summary([(name, verdict) for _, name, verdict in told], now),
        seen=sighted.sentence(Status(booking.status), told, calendars, now),
        exports=tuple(_export(one, now) for one in judged),
        imports=tuple(_import(link, now) for link in links if link.direction != "export"),
        calendars=calendars,
    )


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of links and items, and what the items take now."""

    offers: Mapping[UUID, Offer]
    taken: Mapping[UUID, tuple[Allocation, ...]]
    """By item; without holds that ran out"""
    now: datetime

    @classmethod
    def read(
        cls,
        session: Session,
        booking_id: UUID,
        items: Collection[BookingItem],
        links: Collection[Row[Any]],
        now: datetime,
    ) -> _Units:
        ids = {item.unit_id for item in items} | {link.unit_id for link in links if link.unit_id}
        offers = {offer.unit.id: offer for offer in inventory.of_units(session, ids)}
        taken: dict[UUID, tuple[Allocation, ...]] = {}
        for one in query.allocations(session, booking_id):
            if one.item_id is not None and (one.hold_until is None or one.hold_until > now):
                taken[one.item_id] = (*taken.get(one.item_id, ()), one)
        return cls(offers, taken, now)

    def concerns(self, unit_id: UUID, item: BookingItem) -> bool:
        """Whether the link's unit and the item's have a leaf in common."""
        return not self._leaves(unit_id).isdisjoint(self._leaves(item.unit_id))

    def _leaves(self, unit_id: UUID) -> frozenset[UUID]:
        offer = self.offers.get(unit_id)
        return offer.unit.leaves if offer else frozenset({unit_id})

    def wanted(self, unit_id: UUID, item: BookingItem) -> Period | None:
        """What the feed of a unit should say of an item; None for nothing, as that of an archived unit."""
        offer = self.offers.get(unit_id)
        if offer is None:
            return None
        oldest = at((self.now.astimezone(offer.zone) - feed_content.PAST).date(), time(), offer.zone)
        taken = [
            one
            for one in self.taken.get(item.id, ())
            if one.unit_id in offer.unit.leaves and one.ends_at > oldest
        ]
        if not taken:
            return None
        period = Period(min(one.starts_at for one in taken), max(one.ends_at for one in taken))
        if offer.let_by is LetBy.NIGHT:
            return occupied(nights_touched(period, offer.zone), offer.zone)
        return period


_History = Mapping[tuple[UUID, str], tuple[tuple[Said, ...], tuple[Fetched, ...]]]
"""By link and UID: what the feed said of it, and who fetched that"""


def _history(session: Session, items: Sequence[BookingItem], link_ids: Sequence[UUID]) -> _History:
    """Complete for every link and every item."""
    uids = [item.uid for item in items]
    rows = query.exports(session, uids)
    said: dict[tuple[UUID, str], tuple[Said, ...]] = {}
    for row in rows:
        key = (row.link_id, row.uid)
        period = Period(row.starts_at, row.ends_at)
        one = Said(period, row.since_revision, row.since_at, row.until_revision, row.until_at)
        said[key] = (*said.get(key, ()), one)

    fetches: dict[tuple[UUID, str, str], dict[UUID, Row[Any]]] = defaultdict(dict)
    link_of = {row.id: row.link_id for row in rows}
    for fetch in query.fetches(session, link_ids, uids):
        fetches[link_of[fetch.export_id], fetch.consumer, fetch.whence][fetch.export_id] = fetch
    readers: dict[UUID, list[Consumer]] = defaultdict(list)
    for consumer in ledger.consumers(session, link_ids):
        readers[consumer.link_id].append(consumer)

    def fetched(consumer: Consumer, uid: str) -> Fetched:
        found = fetches.get((consumer.link_id, consumer.name, consumer.whence), {})
        own = [(row.since_revision, found[row.id]) for row in rows if row.uid == uid and row.id in found]
        return Fetched(
            consumer,
            {revision: fetch.had_at for revision, fetch in own if fetch.had_at},
            {revision: fetch.lost_at for revision, fetch in own if fetch.lost_at},
        )

    return {
        (link_id, uid): (
            said.get((link_id, uid), ()),
            tuple(fetched(consumer, uid) for consumer in readers[link_id]),
        )
        for link_id in link_ids
        for uid in uids
    }


@dataclass(frozen=True, slots=True)
class _Judged:
    link: Row[Any]
    item: BookingItem | None
    verdict: Verdict
    over: bool = False
    """So long ago that feeds leave it out"""


def _named_in(
    link: Row[Any], items: Sequence[BookingItem], history: _History, units: _Units
) -> Sequence[BookingItem | None]:
    """The items that the link's feed names, named or should name; none of them where it names no bookings."""
    if link.unit_id is None:
        return [None]
    return [item for item in items if history[link.id, item.uid][0] or units.concerns(link.unit_id, item)]


def _judged(link: Row[Any], item: BookingItem | None, history: _History, units: _Units) -> _Judged:
    if item is None:
        return _Judged(link, None, Verdict(State.NOT_NAMED))
    said, fetched = history[link.id, item.uid]
    wanted = units.wanted(link.unit_id, item)
    over = wanted is None and item.id in units.taken and units.concerns(link.unit_id, item)
    return _Judged(link, item, planning.judge(wanted, said, fetched), over)


def _export(one: _Judged, now: datetime) -> Export:
    said = one.verdict.said
    return Export(
        link_id=one.link.id,
        channel=one.link.channel,
        scope=one.link.scope,
        item_id=one.item.id if one.item else None,
        state=one.verdict.state,
        revision=said.since_revision if said else None,
        exported_at=said.since_at if said else None,
        withdrawn_at=said.until_at if said else None,
        words=planning.told(one.verdict, now, over=one.over),
        seen_by=tuple(_seen_by(sight) for sight in one.verdict.sights),
    )


def _seen_by(sight: Sight) -> SeenBy:
    reader = sight.consumer
    return SeenBy(
        reader.name, reader.kind, reader.networks, sight.knows, sight.since, reader.last_at, reader.next_at
    )


def _import(link: Row[Any], now: datetime) -> Import:
    words = planning.verified(link.verified_at, now, link.state, link.state_reason)
    return Import(link.id, link.channel, link.scope, link.state, link.state_reason, link.verified_at, words)


def _name(one: _Judged, judged: Collection[_Judged]) -> str:
    """The channel's, and of what the feed speaks where the channel has several of them."""
    alike = {other.link.id for other in judged if other.link.channel == one.link.channel and other.item}
    return f"{one.link.channel}, {one.link.scope}" if len(alike) > 1 else str(one.link.channel)
