"""Around the blocks of a link's events: the locks, what else is on the units, and the rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import RemoteEvent
from hub.database import StaleRead, organization_of
from hub.domain.availability import Taken
from hub.domain.offers import Offer
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import external as query
from hub.queries import inventory, locks
from hub.queries import links as links_query
from sync.planning import imports
from sync.planning.imports import Blocked


def lock(session: Session, link: Link, offers: Sequence[Offer], more: frozenset[UUID] = frozenset()) -> None:
    """Lock all units in scope; StaleRead where these, or what they are made of, changed during the wait."""
    locks.units(session, inventory.leaves(offers) | more)
    if links_query.scope(session, link) != offers:
        raise StaleRead


def place(
    session: Session,
    events: Sequence[tuple[UUID, RemoteEvent]],
    offers: Sequence[Offer],
    zone: ZoneInfo,
    had: Mapping[UUID, frozenset[UUID]],
    without: Collection[UUID],
    now: datetime,
) -> dict[UUID, tuple[Blocked, ...]]:
    """Blocks for these events, of which some `had` leaves; what the events `without` take does not count."""
    if not offers:
        return imports.unplaced(events, zone)
    taken = _taken(session, offers, [event for _, event in events], zone, without, now)
    return imports.assign(events, offers, taken, had)


def write(session: Session, link: Link, placed: Mapping[UUID, Sequence[Blocked]]) -> None:
    """These are from now on all blocks of these events."""
    rows = [
        {
            "organization_id": organization_of(session),
            "id": new_id(),
            "link_id": link.id,
            "event_id": event_id,
            "unit_id": one.unit_id,
            "starts_at": one.period.starts_at,
            "ends_at": one.period.ends_at,
            "free_at": one.free_at,
        }
        for event_id, found in placed.items()
        for one in found
    ]
    query.replace_blocks(session, placed.keys(), rows)


def leaves(blocks: Collection[Blocked]) -> frozenset[UUID]:
    return frozenset(one.unit_id for one in blocks if one.unit_id is not None)


def _taken(
    session: Session,
    offers: Sequence[Offer],
    events: Sequence[RemoteEvent],
    zone: ZoneInfo,
    without: Collection[UUID],
    now: datetime,
) -> tuple[Taken, ...]:
    """All else on the units around these events; only a calendar of several units asks."""
    reach = imports.reach(events, offers, zone)
    if len(offers) < 2 or reach is None:
        return ()
    return inventory.takings(session, inventory.leaves(offers), reach, now, without=without).live
