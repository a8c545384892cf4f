"""What people and other tools write into a calendar that is synced both ways: facts, and what they take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors import expanding
from connectors.calendars import CalendarEvent
from connectors.contract import RemoteEvent, Window
from hub.models.links import Link
from hub.queries import external as query
from hub.queries import links as links_query
from hub.services import asking, changes, outbox
from sync import blocks, conflicts, holding, remote
from sync.apply import Applied
from sync.holding import Held
from sync.planning import differences, families, known, words
from sync.planning.differences import Difference, Kind
from sync.planning.guard import Verdict
from sync.planning.known import Known, Received
from sync.planning.measure import Measure
from sync.planning.notices import notices
from sync.standings import Standings
from sync.writing import Writing


@dataclass(frozen=True, slots=True)
class Family:
    """An event, or a series and its exceptions, as the channel has them now."""

    item_id: UUID
    """Of the event or of the series"""
    key: str
    """Its remote id"""
    events: tuple[CalendarEvent, ...] = ()
    """The event, or the master and the exceptions as they stand; none where it is gone"""
    ignored: bool = False
    """A person said that it does not count"""


def apply(session: Session, link: Link, told: Sequence[Family], now: datetime, horizon: timedelta) -> Applied:
    """
    Make what these families take what they say now; series as far ahead as the horizon.

    What they say no longer is free at once, for the engine knows what is gone; what is over stays as it was.
    The link's row is locked. Takes the locks of all units in scope, and only if anything takes other time.
    Where nothing changed nothing is written.
    """
    offers = links_query.scope(session, link)
    measure = Measure.of(offers, ZoneInfo(asking.property_of(session, link.property_id).time_zone))
    heard = _heard(told, remote.window(now, measure.zone, horizon), measure)
    item_of = {one.key: item_id for item_id, ones in heard.items() for one in ones}
    held = holding.of_items(session, link, [one.item_id for one in told], item_of.keys(), measure)
    binding = families.bind(_by_family(held, item_of), heard, measure, now)
    found = differences.between(binding, measure, now)
    verdict = families.verdict(found, measure, now)
    if _nothing(found, verdict):
        return Applied()

    writing = Writing(session, link, held, found, verdict, Standings(), measure, now, item_of)
    if writing.takes_other_time:
        blocks.lock(session, link, offers, held.every_leaf)
    for one in binding.displaced:
        holding.displace(held.rows[one.id], now)
    session.flush()
    placed = writing.write(offers)
    opened, closed = conflicts.reconcile(session, writing.in_question, new=writing.fresh.keys())
    if units := writing.units(placed):
        outbox.inventory_changed(session, units, "link.pulled", link.id)

    said = notices(found, verdict, writing.added, measure, now)
    summary = words.summary(said.told, placed, offers)
    counts = {**writing.counts(), "conflicts_opened": opened, "conflicts_closed": closed}
    return Applied(counts, summary, gist=said.gist)


def release_for_adoption(session: Session, link: Link, item_id: UUID) -> Mapping[UUID, frozenset[UUID]]:
    """
    Forget an event that becomes a booking of ours within this transaction: which leaf units each of its
    external events had, by their ids.

    The link's row is locked; the units are not, for the booking locks its own, once. Until the commit others
    see the event, and then the booking. That the time became free is told to nobody: who books it tells what
    it is, and has the conflicts of these events reconciled afterwards.
    """
    zone = ZoneInfo(asking.property_of(session, link.property_id).time_zone)
    held = holding.of_items(session, link, [item_id], (), Measure.of(links_query.scope(session, link), zone))
    for row in held.rows.values():
        before = {"link_id": str(link.id), "item_id": str(item_id), "span": words.span(row, zone)}
        changes.record(
            session, "external_event", row.id, "adopted", before=before, property_id=link.property_id
        )
    query.drop_events(session, held.rows.keys())
    return {event_id: held.leaves(event_id) for event_id in held.rows}


def _heard(told: Sequence[Family], window: Window, measure: Measure) -> Mapping[UUID, tuple[Received, ...]]:
    """What counts, by the families' ids."""
    return {
        one.item_id: known.received(_expanded(one, window, measure.zone), measure)
        for one in told
        if one.events and not one.ignored
    }


def _expanded(one: Family, window: Window, zone: ZoneInfo) -> tuple[RemoteEvent, ...]:
    master = next((event for event in one.events if not event.series), None)
    exceptions = [event for event in one.events if event.series]
    return expanding.expand(master, exceptions, window, zone)


def _by_family(held: Held, item_of: Mapping[str, UUID]) -> Mapping[UUID, list[Known]]:
    """What is held, by the families' ids; an event that another item led to before follows its name."""
    found: dict[UUID, list[Known]] = defaultdict(list)
    for one in held.known:
        row = held.rows[one.id]
        item_id = item_of.get(one.key, row.item_id)
        if item_id is not None:
            if row.item_id != item_id:
                row.item_id = item_id
            found[item_id].append(one)
    return found


def _nothing(found: Difference, verdict: Verdict) -> bool:
    """What found no unit waits for one that becomes free, and is no reason to write."""
    return not (
        found.new
        or verdict.gone
        or verdict.remainders
        or any(pair.kind is not Kind.SAME or pair.back for pair in found.pairs)
    )
