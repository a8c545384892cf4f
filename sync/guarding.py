"""What a channel no longer tells, and a person's word on it: free it now, or keep it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict, Refused
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.queries import external, locks
from hub.queries import links as query
from hub.services import asking, changes, outbox
from sync import conflicts
from sync.planning import words


class Action(StrEnum):
    RELEASE = "release"
    KEEP = "keep"


def decide(
    session: Session, link_id: UUID, action: Action, event_ids: Collection[UUID] | None = None
) -> Link:
    """
    Settle what waits on a link, all of it or these events, which may also be ones that were kept before.

    Conflict where nothing waits; Refused for an event that is neither waiting nor kept.
    """
    link = query.locked(session, link_id)
    chosen = _chosen(session, link_id, event_ids)
    place = asking.property_of(session, link.property_id)
    zone = ZoneInfo(place.time_zone)
    if action is Action.RELEASE:
        _release(session, link, chosen, zone)
    else:
        _keep(session, link, chosen, zone)
    if not external.waiting(session, link_id):
        link.guard = None
        if link.state == "guarded":
            link.state, link.state_reason = "active", None
    session.flush()
    return link


def _chosen(session: Session, link_id: UUID, event_ids: Collection[UUID] | None) -> tuple[ExternalEvent, ...]:
    if event_ids is None:
        chosen = external.waiting(session, link_id)
        if not chosen:
            raise Conflict.because("nothing_waits", "nothing on this link waits to be freed")
        return chosen
    known = {event.id: event for event in external.waiting(session, link_id, or_kept=True)}
    if unknown := set(event_ids) - known.keys():
        raise Refused.because("not_waiting", f"event {min(unknown)} neither waits nor was kept", "event_ids")
    return tuple(known[event_id] for event_id in dict.fromkeys(event_ids))


def _release(session: Session, link: Link, events: Collection[ExternalEvent], zone: ZoneInfo) -> None:
    ids = frozenset(event.id for event in events)
    held = external.blocks_of(session, link.id)
    units = frozenset(
        block.unit_id
        for block in chain.from_iterable(held.get(event_id, ()) for event_id in ids)
        if block.unit_id is not None
    )
    locks.units(session, units)
    for event in events:
        before = {"link_id": str(link.id), "span": words.span(event, zone)}
        changes.record(
            session, "external_event", event.id, "released", before=before, property_id=link.property_id
        )
    external.drop_events(session, ids)
    conflicts.reconcile(session, ids)
    if units:
        outbox.inventory_changed(session, units, "link.released", link.id)


def _keep(session: Session, link: Link, events: Collection[ExternalEvent], zone: ZoneInfo) -> None:
    now = clock.now()
    for event in events:
        event.kept_at = event.kept_at or now
        event.missing_since = event.missing_read_at = None
        event.missing_reads = event.missing_needs = 0
        after = {"link_id": str(link.id), "span": words.span(event, zone)}
        changes.record(session, "external_event", event.id, "kept", after=after, property_id=link.property_id)
    session.flush()
