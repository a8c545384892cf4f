"""How held events stand, judged anew without reading their calendar: our feeds and time went on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub.domain.offers import Offer
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.queries import links as links_query
from hub.services import asking, outbox
from sync import blocks, conflicts, echo, holding
from sync.planning import leaving_out
from sync.planning.echoes import Standing, Verdict
from sync.planning.measure import Measure
from sync.standings import Standings, ours_by_id


def restand(
    session: Session,
    link: Link,
    now: datetime,
    turned: Collection[UUID] = (),
    confirm: Callable[[], None] = lambda: None,
) -> int:
    """
    What we withdrew drains, what may no longer be an echo is told and may clash: how many stand otherwise.
    What stands in a calendar that is synced event by event is never ours: what is ours bears our marker.

    Of the events `turned` a person says that they are to be left out, or to count again, as they are not now;
    `confirm` is asked under the locks, before anything is written.

    The link's row is locked. Takes the locks of all units in scope, and only if what is blocked, or told of
    it, changes.
    """
    offers = links_query.scope(session, link)
    measure = Measure.of(offers, ZoneInfo(asking.property_of(session, link.property_id).time_zone))
    held = holding.of_link(session, link, measure)
    rows = [row for row in held.rows.values() if row.ends_at > now and row.item_id is None]
    left_out = {row.id for row in rows if holding.is_left_out(row)} ^ set(turned)
    judged = dict.fromkeys(turned, Verdict(Standing.EXTERNAL))
    judged |= echo.judge_stored(session, link, offers, rows, measure, now)
    verdicts = judged | dict.fromkeys(left_out, leaving_out.LEFT_OUT)
    standings = Standings({held.rows[event_id].key: verdict for event_id, verdict in verdicts.items()})
    changed = [row for row in rows if row.id in verdicts and standings.differs(row, row.key)]
    taking = [row for row in changed if _takes_otherwise(row, verdicts)]
    if taking:
        blocks.lock(session, link, offers, held.every_leaf)
    confirm()
    for row in changed:
        standings.put(row)
    session.flush()
    if taking:
        had = {row.id: held.leaves(row.id) for row in taking}
        _write(session, link, offers, measure, taking, {k: v for k, v in had.items() if v}, now)
    return len(changed)


def _takes_otherwise(row: ExternalEvent, verdicts: Mapping[UUID, Verdict]) -> bool:
    verdict = verdicts[row.id]
    return (holding.ours_of(row), holding.muted_of(row)) != (verdict.ours, verdict.muted)


def _write(
    session: Session,
    link: Link,
    offers: Sequence[Offer],
    measure: Measure,
    rows: Sequence[ExternalEvent],
    had: Mapping[UUID, frozenset[UUID]],
    now: datetime,
) -> None:
    asking_for = [(row.id, holding.when_of(row)) for row in rows]
    touched = frozenset(row.id for row in rows)
    ours = ours_by_id(rows)
    placed = blocks.place(session, asking_for, offers, measure.zone, had, touched, now, ours)
    blocks.write(session, link, placed, {row.id: holding.muted_of(row) for row in rows})
    conflicts.reconcile(session, touched)
    units = frozenset().union(*had.values(), *(blocks.leaves(found) for found in placed.values()))
    if units:
        outbox.inventory_changed(session, units, "link.restood", link.id)
