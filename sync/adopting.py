"""An event of others becomes a booking of ours, and stays where it is: from then on it is our own event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import AllDay, Timed, When
from hub import clock
from hub.database import organization_of
from hub.domain.lifecycle import Status
from hub.domain.offers import Offer
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, nights_touched
from hub.errors import Conflict, NotFound, Refused
from hub.models.bookings import BookingItem
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.properties import Unit
from hub.models.sync import SyncItem
from hub.queries import bookings as bookings_query
from hub.queries import calendars, external
from hub.queries import changes as changes_query
from hub.queries import links as links_query
from hub.queries import mirrors as mirrors_query
from hub.services import bookings, changes, outbox
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest
from hub.services.guests import GuestFields
from sync import by_hand, conflicts, disputes, foreign, shadows, signing
from sync.mirrors import ITEM
from sync.planning import content
from sync.planning.content import Content


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is not known from the event. Without a unit it stays on the one that it has."""

    status: Status = Status.CONFIRMED
    guests: int = 1
    guest: GuestFields | None = None
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    booked: Booked
    new: bool
    """False where it had been adopted before"""


def adopt(session: Session, link_id: UUID, event_id: UUID, wanted: Adoption, uid_domain: str) -> Adopted:
    """
    Book what the event takes, and have the event say so: the next pass writes our words and our marker on it.

    It is named by its own id, or by its item's. Conflict where the unit is not free for it, for a series, and
    for what is gone there or is told by a feed; asking again answers with the same booking.
    """
    link = links_query.locked(session, link_id)
    event = _event(session, link_id, event_id)
    if event is None:
        return Adopted(_adopted_before(session, link_id, event_id), new=False)
    if wanted.unit_id is not None:
        _check_unit(session, wanted.unit_id)
    if event.item_id is None:
        why = "this event came with a feed, which is read as a whole: book it by hand"
        raise Conflict.because("of_a_feed", why)
    by_hand.check_written(session, link)
    item = calendars.item(session, link_id, event.item_id)
    if item is None or item.origin != "remote":
        raise AssertionError("an event of a calendar that is synced event by event has its item")
    _check_single(item)

    freed = foreign.release_for_adoption(session, link, item.id)
    offer = _offer(session, link, wanted.unit_id, freed.get(event.id, frozenset()))
    request = BookingRequest(
        link.property_id,
        (ItemRequest(_span(event, offer), offer.unit.id),),
        wanted.guests,
        wanted.guest,
        wanted.status,
        links_query.connection(session, link.connection_id).connector,
    )
    booked = bookings.book(session, request, uid_domain)
    (stay,) = booked.items
    conflicts.reconcile(session, freed.keys())
    if left := frozenset[UUID]().union(*freed.values()) - offer.unit.leaves:
        outbox.inventory_changed(session, left, "link.adopted", link.id)

    _keep_words(session, link, item, booked, offer)
    _become_ours(session, item, stay)
    mirrors_query.mark_dirty(session, [link.id], clock.now())
    said = {"link_id": str(link.id), "event_id": str(event_id), "booking_id": str(booked.booking.id)}
    changes.record(session, "sync_item", item.id, "adopted", after=said, property_id=link.property_id)
    session.flush()
    return Adopted(booked, new=True)


def _check_unit(session: Session, unit_id: UUID) -> None:
    if session.get(Unit, (organization_of(session), unit_id)) is None:
        raise Refused.because("unknown", "there is no such unit", "unit_id")


def _event(session: Session, link_id: UUID, event_id: UUID) -> ExternalEvent | None:
    if event := external.event(session, link_id, event_id):
        return event
    return next(iter(external.events_of_items(session, link_id, [event_id], ())), None)


def _adopted_before(session: Session, link_id: UUID, event_id: UUID) -> Booked:
    """The booking that an event became, by the event's id or its item's."""
    item = calendars.item(session, link_id, event_id)
    if item is None and (change := changes_query.last(session, "external_event", event_id, "adopted")):
        item = calendars.item(session, link_id, UUID((change.before or {})["item_id"]))
    if item is not None and item.origin == "remote":
        _not_now(item)
    change = changes_query.last(session, "sync_item", item.id, "adopted") if item is not None else None
    if change is None:
        raise NotFound.because("not_found", "there is no such event")
    booking = bookings_query.one(session, UUID((change.after or {})["booking_id"]))
    return Booked(booking, bookings_query.items(session, [booking.id]))


def _not_now(item: SyncItem) -> NoReturn:
    """Why an event of others takes nothing that could be booked."""
    _check_single(item)
    if item.hidden:
        raise Conflict.because(
            "ignored", "this event is ignored: let it count, and sync, before it is adopted"
        )
    raise Conflict.because("takes_nothing", "this event takes nothing: there is nothing to be booked")


def _check_single(item: SyncItem) -> None:
    if item.series is not None:
        why = "this event recurs, and a booking takes place once: book it by hand, and delete it there"
        raise Conflict.because("recurs", why)
    if item.remote_state != "present":
        raise Conflict.because("gone", "this event was deleted there: there is nothing to adopt")


def _offer(session: Session, link: Link, unit_id: UUID | None, leaves: frozenset[UUID]) -> Offer:
    """The unit that is named, or that the event has; the calendar must speak of it, or could not show it."""
    offers = links_query.scope(session, link)
    if unit_id is not None:
        found = next((offer for offer in offers if offer.unit.id == unit_id), None)
        if found is None:
            raise Refused.because("elsewhere", "this calendar does not speak of that unit", "unit_id")
        return found
    found = next((offer for offer in offers if leaves and offer.unit.leaves == leaves), None)
    if found is not None:
        return found
    if len(offers) == 1:
        return offers[0]
    raise Refused.because("required", "no unit was left for this event: say which it gets", "unit_id")


def _span(event: ExternalEvent, offer: Offer) -> Span:
    """Of an event, in the form in which the unit is let."""
    if offer.let_by is LetBy.HOUR:
        return Hours(event.starts_at, event.ends_at)
    if event.first is not None and event.after is not None:
        return Nights(event.first, event.after)
    return nights_touched(Period(event.starts_at, event.ends_at), offer.zone)


def _keep_words(session: Session, link: Link, item: SyncItem, booked: Booked, offer: Offer) -> None:
    """What a person wrote there gives way to our words, and can be read among the conflicts."""
    event = shadows.of_item(session, item)
    if event is None or not (event.summary or event.description):
        return
    disputes.record(
        session,
        link,
        item,
        "BOTH_CHANGED",
        channel=links_query.connection(session, link.connection_id).name,
        zone=offer.zone,
        here=Content(_when(booked.items[0]), booked.booking.reference, "", busy=True),
        there=content.of_event(event),
        booking_id=booked.booking.id,
        resolution="it became a booking: its words gave way to ours",
    )


def _when(stay: BookingItem) -> When:
    if stay.arrival is not None and stay.departure is not None:
        return AllDay(stay.arrival, stay.departure)
    return Timed(stay.starts_at, stay.ends_at)


def _become_ours(session: Session, item: SyncItem, stay: BookingItem) -> None:
    """
    Both have agreed on the time, and on nothing else: our words are written on it, and whoever moved it there
    meanwhile has moved the booking.
    """
    agreed = content.groups(Content(_when(stay), "", "", busy=True), signing.content_key(session))
    item.origin, item.local_kind, item.local_id = "hub", ITEM, stay.id
    item.base_local = {group: agreed[group] for group in ("time", "busy")}
    item.base_remote = item.base_remote or item.remote  # what was imported, and not what was seen since
    item.hidden, item.review, item.restores, item.touched = False, False, 0, True
    item.gone_at = item.tombstoned_at = None
    item.gone_agreed = False
    item.changed_at = clock.now()
