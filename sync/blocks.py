"""Around the blocks of a link's events: the locks, what else is on the units, and the rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import When
from hub.database import StaleRead, organization_of
from hub.domain.availability import Taken
from hub.domain.offers import Offer
from hub.domain.periods import Period, difference
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import external as query
from hub.queries import inventory, locks
from hub.queries import links as links_query
from sync import citing
from sync.planning import placing
from sync.planning.placing import NOTHING_OURS, Blocked, Ours


def lock(session: Session, link: Link, offers: Sequence[Offer], more: frozenset[UUID] = frozenset()) -> None:
    """Lock all units in scope; StaleRead where these, or what they are made of, changed during the wait."""
    locks.units(session, inventory.leaves(offers) | more)
    if links_query.scope(session, link) != offers:
        raise StaleRead


def place(
    session: Session,
    events: Sequence[tuple[UUID, When]],
    offers: Sequence[Offer],
    zone: ZoneInfo,
    had: Mapping[UUID, frozenset[UUID]],
    without: Collection[UUID],
    now: datetime,
    ours: Ours = NOTHING_OURS,
) -> dict[UUID, tuple[Blocked, ...]]:
    """Blocks for these events, of which some `had` leaves; what the events `without` take does not count."""
    if not offers:
        return placing.unplaced(events, zone, ours)
    taken = _taken(session, offers, [when for _, when in events], zone, without, now)
    rests = query.remainders_beside(session, events[0][0]) if len(offers) > 1 and events else frozenset()
    return placing.assign(events, offers, taken, had, ours, rests)


def write(
    session: Session,
    link: Link,
    placed: Mapping[UUID, Sequence[Blocked]],
    muted: Mapping[UUID, Sequence[Period]],
    new: Collection[UUID] = frozenset(),
) -> None:
    """
    These are from now on all blocks of these events; what is `muted` of them is told to nobody. Those that
    are `new` have had none. Each cites the run of the sync that writes it; what is fitted anew without one,
    the run that brought its event.
    """
    organization_id, run_id = organization_of(session), citing.run_of(session)
    brought_by = query.runs_of(session, placed.keys()) if run_id is None else {}
    rows = [
        {
            "organization_id": organization_id,
            "id": new_id(),
            "link_id": link.id,
            "event_id": event_id,
            "unit_id": one.unit_id,
            "starts_at": one.period.starts_at,
            "ends_at": one.period.ends_at,
            "free_at": one.free_at,
            "muted": quiet,
            "run_id": run_id or brought_by.get(event_id),
        }
        for event_id, found in placed.items()
        for one, quiet in _apart(found, muted.get(event_id, ()))
    ]
    query.replace_blocks(session, placed.keys(), rows, new)


def _apart(found: Sequence[Blocked], muted: Sequence[Period]) -> list[tuple[Blocked, bool]]:
    """What is muted and what is not, as blocks of their own."""
    if not muted:
        return [(one, False) for one in found]
    return [
        (piece, quiet)
        for one in found
        for quiet, not_its in ((False, muted), (True, difference((one.period,), muted)))
        for piece in placing.pieces(one, not_its)
    ]


def settled(blocks: Collection[Blocked]) -> frozenset[UUID]:
    """The units that an event has for all of its time; none where it waits for one with some of it."""
    return frozenset() if any(one.unit_id is None for one in blocks) else leaves(blocks)


def leaves(blocks: Collection[Blocked]) -> frozenset[UUID]:
    return frozenset(one.unit_id for one in blocks if one.unit_id is not None)


def _taken(
    session: Session,
    offers: Sequence[Offer],
    whens: Sequence[When],
    zone: ZoneInfo,
    without: Collection[UUID],
    now: datetime,
) -> tuple[Taken, ...]:
    """All else on the units around these events; only a calendar of several units asks."""
    reach = placing.reach(whens, offers, zone)
    if len(offers) < 2 or reach is None:
        return ()
    return inventory.takings(session, inventory.leaves(offers), reach, now, without=without).live
