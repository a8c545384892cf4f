"""Ways out of a conflict that change what we make of a channel's word: where it counts, and whether."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hub.database import StaleRead
from hub.errors import Refused
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import calendars, external, locks
from hub.queries import links as links_query
from hub.queries import mirrors as mirrors_query
from hub.services import asking, changes, outbox
from sync import blocks, by_hand, conflicts, disputes, guarding, holding, ignoring
from sync.case import Case, moved_on
from sync.planning import placing
from sync.planning import ways_out as planning
from sync.planning.measure import Measure
from sync.planning.stakes import Told


def move_event(case: Case) -> str:
    """It is counted against another unit, and stays there: what it takes is free elsewhere."""
    told = _told(case)
    link, event = _locked(case, told)
    offer = case.unit()
    wanted = planning.place_for_event(told, offer)
    if wanted is None:
        why = f"the event at {told.channel} cannot be counted against {offer.unit.name}"
        raise Refused.because("elsewhere", why, "unit_id")
    blocks.lock(case.session, link, told.scope, told.leaves)
    case.confirm()
    if refusal := case.taken(offer, wanted.period, frozenset({told.id})):
        raise refusal
    taken = placing.block(holding.when_of(event), offer)
    if taken is None:
        raise StaleRead
    blocks.write(case.session, link, {told.id: (taken,)}, {})
    units = {"from": sorted(map(str, told.leaves)), "to": [str(offer.unit.id)]}
    changes.record(
        case.session, "external_event", told.id, "moved", after=units, property_id=link.property_id
    )
    words = f"the event at {told.channel} is counted against {offer.unit.name}"
    _end(case, words)
    conflicts.reconcile(case.session, [told.id])
    outbox.inventory_changed(case.session, told.leaves | offer.unit.leaves, "event.moved", told.id)
    return words


def ignore_event(case: Case) -> str:
    """It takes nothing any more, from now on; of a series that is said of all of it."""
    told = _told(case)
    link, event = _locked(case, told)
    words = f"the event at {told.channel} was left out"
    if event.item_id is None:
        ignoring.of_feed(case.session, link, event, ignored=True, confirm=lambda: _leave_out(case, words))
        return words
    zone = ZoneInfo(asking.property_of(case.session, link.property_id).time_zone)
    measure = Measure.of(links_query.scope(case.session, link), zone)
    held = holding.of_items(case.session, link, [event.item_id], (), measure)
    locks.units(case.session, held.every_leaf)
    case.confirm()
    ignoring.ignore(case.session, link.id, told.id)
    _end(case, words)
    guarding.free(case.session, link, held, frozenset(held.rows), measure, case.now)
    return words


def same_stay(case: Case) -> str:
    told, stay = _told(case), case.facts.stay
    _, event = _locked(case, told)
    if stay is None:
        raise moved_on("the booking is not there any more")
    if not planning.nearly_same(case.facts):
        raise moved_on(f"{stay.reference} and the event at {told.channel} do not begin or end together")
    locks.units(case.session, told.leaves)
    case.confirm()
    event.same_item_id = stay.id
    outbox.inventory_changed(case.session, told.leaves, "event.same_stay", told.id)
    return f"{stay.reference} and the event at {told.channel} are the same stay"


def separate(case: Case) -> str | None:
    """That is taken back: the conflict is open again, as long as they meet."""
    told, stay = _told(case), case.facts.stay
    _, event = _locked(case, told)
    if stay is None or event.same_item_id != stay.id:
        raise moved_on("the two do not count as one stay")
    locks.units(case.session, told.leaves)
    case.confirm()
    event.same_item_id = None
    case.row.state, case.row.closed_at, case.row.resolution = "open", None, None
    case.session.flush()
    conflicts.reconcile(case.session, [told.id])
    outbox.inventory_changed(case.session, told.leaves, "event.separated", told.id)
    return None


def keep(case: Case) -> str:
    return _guard(case, guarding.Action.KEEP, "what the channel no longer tells was kept")


def release(case: Case) -> str:
    return _guard(case, guarding.Action.RELEASE, "what the channel no longer tells was freed")


def show(case: Case) -> str:
    """The calendar follows with the next pass, which begins at once."""
    link, item = _item(case)
    by_hand.show(case.session, link, item, case.now)
    disputes.settle(case.session, item, by_hand.SHOWN)
    mirrors_query.mark_dirty(case.session, [link.id], case.now)
    return by_hand.SHOWN


def hide(case: Case) -> str:
    link, item = _item(case)
    by_hand.hide(case.session, link, item)
    disputes.settle(case.session, item, by_hand.HIDDEN)
    mirrors_query.mark_dirty(case.session, [link.id], case.now)
    return by_hand.HIDDEN


def accept(case: Case) -> str:
    case.confirm()
    case.row.state = "accepted"
    return "accepted, for as long as it lasts"


def ignore(case: Case) -> str:
    case.confirm()
    case.row.state = "ignored"
    return "put aside, until one of the sides changes"


def _guard(case: Case, action: guarding.Action, words: str) -> str:
    links_query.locked(case.session, case.row.link_id)
    case.confirm()
    _end(case, words)
    guarding.decide(case.session, case.row.link_id, action)
    return words


def _item(case: Case) -> tuple[Link, SyncItem]:
    link = links_query.locked(case.session, case.row.link_id)
    case.confirm()
    item_id = case.row.sync_item_id
    item = calendars.item(case.session, link.id, item_id) if item_id is not None else None
    if item is None:
        raise moved_on("what this was about is not there any more")
    by_hand.check_written(case.session, link)
    return link, item


def _told(case: Case) -> Told:
    """The event that is meant; the later one where nobody says which."""
    wanted = case.said.event_id or case.row.event_id
    for told in case.facts.events:
        if told.id == wanted:
            return told
    if case.said.event_id is None:
        raise moved_on("the event is not there any more")
    raise Refused.because("unknown", "this is not an event of the conflict", "event_id")


def _locked(case: Case, told: Told) -> tuple[Link, ExternalEvent]:
    """Its link, locked before anything else, and its row."""
    link = links_query.locked(case.session, told.link_id)
    event = external.event(case.session, told.link_id, told.id)
    if event is None:
        raise StaleRead
    return link, event


def _leave_out(case: Case, words: str) -> None:
    case.confirm()
    _end(case, words)


def _end(case: Case, words: str) -> None:
    """It is closed before what it was about goes, so that it says why."""
    case.row.state, case.row.closed_at, case.row.resolution = "closed", case.now, words
    case.session.flush()
