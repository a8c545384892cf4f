"""The relay: takes facts from the outbox and lets each part of the house that cares hear of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor
from hub.models.records import Fact
from hub.queries import external, locks, outbox
from hub.queries import links as links_query
from hub.services.outbox import INVENTORY_CHANGED, SHOWN_CHANGED, STRUCTURE_CHANGED
from sync import conflicts, touching
from sync.refit import refit
from sync.runtime import Runtime

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]
Step = Callable[[Session], None]


def relay(runtime: Runtime, limit: int = 100) -> int:
    """Handle what is ready, of all organizations: how many facts were handled. Idempotent, like each step."""
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        organizations = outbox.organizations_with_ready(session, now)
    return sum(_of_organization(runtime, organization_id, limit) for organization_id in organizations)


def _of_organization(runtime: Runtime, organization_id: UUID, limit: int) -> int:
    with runtime.database.unit_of_work(organization_id) as session:
        facts = outbox.take(session, clock.now(), limit)
    handled = 0
    for fact in facts:
        try:
            _handle(runtime, fact)
            handled += 1
        except Exception as error:
            # It comes back when its time is up, three times at most; the others must not wait for it.
            log.exception("fact %s (%s) failed", fact.id, fact.kind)
            with runtime.database.unit_of_work(organization_id) as session:
                outbox.failed(session, fact.id, type(error).__name__)  # its words may quote anything
    return handled


def _handle(runtime: Runtime, fact: Fact) -> None:
    database, actor = runtime.database, Actor("worker")
    for step in HANDLERS[fact.kind](runtime, fact.organization_id, fact.payload):
        database.transact(fact.organization_id, step, actor)
    with database.unit_of_work(fact.organization_id) as session:
        outbox.done(session, fact.id, clock.now())


def _inventory_changed(runtime: Runtime, organization_id: UUID, payload: Payload) -> list[Step]:
    """
    Calendars show what was changed; overlaps with channels may have come or gone; events that found no unit
    may find one now.
    """
    units = frozenset(UUID(unit_id) for unit_id in payload["unit_ids"])
    with runtime.database.unit_of_work(organization_id) as session:
        links = external.links_with_unplaced(session, units, clock.now())
    entity = payload.get("cause", "").partition(".")[0]
    changed = [UUID(payload["entity_id"])] if entity in ("booking", "blackout") else []
    bookings, blackouts = (changed, []) if entity == "booking" else ([], changed)
    shown = partial(_touch, booking_ids=bookings, blackout_ids=blackouts)
    placed = [partial(_place, link_id=link_id) for link_id in links]
    return [*([shown] if changed else []), partial(_look_again, units=units), *placed]


def _touch(session: Session, *, booking_ids: list[UUID], blackout_ids: list[UUID]) -> None:
    touching.touch(session, booking_ids, blackout_ids)


def _look_again(session: Session, *, units: frozenset[UUID]) -> None:
    locks.units(session, units)
    conflicts.reconcile(session, external.events_on(session, units))


def _place(session: Session, *, link_id: UUID) -> None:
    refit(session, links_query.locked(session, link_id), clock.now(), only_unplaced=True)


def _shown_changed(runtime: Runtime, organization_id: UUID, payload: Payload) -> list[Step]:  # noqa: ARG001
    """Calendars show it; nothing that is taken changed."""
    bookings, blackouts, properties = (
        [UUID(one) for one in payload[name]] for name in ("booking_ids", "blackout_ids", "property_ids")
    )
    touched = partial(_touch, booking_ids=bookings, blackout_ids=blackouts)
    return [touched, partial(_rescan, property_ids=properties)]


def _rescan(session: Session, *, property_ids: list[UUID]) -> None:
    touching.rescan(session, property_ids)


def _structure_changed(runtime: Runtime, organization_id: UUID, payload: Payload) -> list[Step]:
    """
    What imported events take follows the units and their terms, one link after the other; which calendars
    show what, too.
    """
    property_id = UUID(payload["property_id"])
    with runtime.database.unit_of_work(organization_id) as session:
        links = links_query.importing_to(session, property_id)
    refits = [partial(_refit, link_id=link_id) for link_id in links]
    return [partial(_rescan, property_ids=[property_id]), *refits]


def _refit(session: Session, *, link_id: UUID) -> None:
    refit(session, links_query.locked(session, link_id), clock.now())


HANDLERS: Mapping[str, Callable[[Runtime, UUID, Payload], list[Step]]] = {
    INVENTORY_CHANGED: _inventory_changed,
    SHOWN_CHANGED: _shown_changed,
    STRUCTURE_CHANGED: _structure_changed,
}
