"""What a channel no longer tells, and a person's word on it: free it now, or keep it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
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
from sync import agreeing, alarms, conflicts, holding
from sync.holding import Held
from sync.planning import guard, words
from sync.planning.guard import SPANS_TOLD, Guard
from sync.planning.measure import Measure


class Action(StrEnum):
    RELEASE = "release"
    KEEP = "keep"


def decide(
    session: Session, link_id: UUID, action: Action, event_ids: Collection[UUID] | None = None
) -> Link:
    """
    Settle what waits on a link, all of it or these events, which may also be ones that were kept before.

    Conflict where nothing waits; Refused for an event that is neither waiting nor kept. In a calendar that is
    synced event by event nothing is kept here: people put back there what they deleted.
    """
    link = query.locked(session, link_id)
    if link.calendar_key is not None:
        if action is Action.KEEP:
            why = "put back in the calendar what was deleted there: the link sees that, and goes on"
            raise Refused.because("restore_there", why, "action")
        agreeing.agree(session, link, event_ids)
        return link
    chosen = _chosen(session, link_id, event_ids)
    place = asking.property_of(session, link.property_id)
    measure = Measure.of(query.scope(session, link), ZoneInfo(place.time_zone))
    if action is Action.RELEASE:
        _release(session, link, chosen, measure)
    else:
        _keep(session, link, chosen, measure)
    _tell(session, link, measure.zone)
    session.flush()
    return link


def _tell(session: Session, link: Link, zone: ZoneInfo) -> None:
    """What still waits on the link, if anything."""
    left = external.waiting(session, link.id)
    if left and link.guard is not None:
        spans = [words.span(event, zone) for event in left]
        why = f"{len(left)} still wait to be freed: {', '.join(spans[:SPANS_TOLD])}"
        freed = [list(words.ends(event, zone)) for event in left[:SPANS_TOLD]]
        guard = {**link.guard, "why": why, "freed": freed}
        alarms.tell(session, link, Guard.from_json(guard))
        link.guard = guard
        link.state_reason = why if link.state == "guarded" else link.state_reason
    elif not left:
        alarms.tell(session, link, None)
        link.guard = None
        if link.state == "guarded":
            link.state, link.state_reason = "active", None


def _chosen(session: Session, link_id: UUID, event_ids: Collection[UUID] | None) -> tuple[ExternalEvent, ...]:
    if event_ids is None:
        chosen = external.waiting(session, link_id)
        if not chosen:
            why = "nothing on this link waits to be freed"
            if kept := len(external.waiting(session, link_id, or_kept=True)):
                why += f"; {kept} {'was' if kept == 1 else 'were'} kept: name what of it is meant"
            raise Conflict.because("nothing_waits", why)
        return chosen
    known = {event.id: event for event in external.waiting(session, link_id, or_kept=True)}
    if unknown := set(event_ids) - known.keys():
        raise Refused.because("not_waiting", f"event {min(unknown)} neither waits nor was kept", "event_ids")
    return tuple(known[event_id] for event_id in dict.fromkeys(event_ids))


def _release(session: Session, link: Link, events: Collection[ExternalEvent], measure: Measure) -> None:
    """What of them is over stays, and what they take is free."""
    now = clock.now()
    held = holding.of_link(session, link, measure)
    ids = frozenset(event.id for event in events)
    units = frozenset(leaf for event_id in ids for leaf in held.leaves(event_id))
    locks.units(session, units)
    free(session, link, held, ids, measure, now)


def free(
    session: Session, link: Link, held: Held, ids: frozenset[UUID], measure: Measure, now: datetime
) -> None:
    """Forget these events of what is held: what they take is free from now on. Its units are locked."""
    gone = guard.release((one for one in held.known if one.id in ids), measure, now)
    for one in gone:
        row = held.rows[one.known.id]
        before = {"link_id": str(link.id), "span": words.span(row, measure.zone)}
        changes.record(
            session, "external_event", row.id, "released", before=before, property_id=link.property_id
        )
        if one.past is not None:
            holding.shorten(row, one.past, measure, now)
    external.end_blocks(session, ids, measure.cut(now))
    external.drop_events(session, [one.known.id for one in gone if one.past is None])
    session.flush()
    conflicts.reconcile(session, ids)
    if units := frozenset(leaf for event_id in ids for leaf in held.leaves(event_id)):
        outbox.inventory_changed(session, units, "link.released", link.id)


def _keep(session: Session, link: Link, events: Collection[ExternalEvent], measure: Measure) -> None:
    """They count as if their channel told them: what stands against them by now is a conflict."""
    now = clock.now()
    ids = frozenset(event.id for event in events)
    held = holding.of_link(session, link, measure)
    locks.units(session, frozenset(leaf for event_id in ids for leaf in held.leaves(event_id)))
    for event in events:
        event.kept_at = event.kept_at or now
        event.missing_since = event.missing_read_at = None
        event.missing_reads = event.missing_needs = 0
        after = {"link_id": str(link.id), "span": words.span(event, measure.zone)}
        changes.record(session, "external_event", event.id, "kept", after=after, property_id=link.property_id)
    session.flush()
    conflicts.reconcile(session, ids)
