"""
Undoing a sync: what it changed is put back as far as that can be, in one transaction; the rest says why not.

Locks: link, all units of its property, bookings, allocations. Everything is read under them, so that of two
who undo the same sync the second finds nothing left. Each step is done within a savepoint: one that is
refused leaves nothing behind, and the steps after it are planned without it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict, Reason, Refused
from hub.models.links import Link
from hub.models.records import SyncRun
from hub.queries import inventory, locks, mirrors, runs
from hub.queries import links as links_query
from hub.queries import undoing as query
from hub.services import changes
from sync import undoing_reading, undoing_steps
from sync.planning import undoing as planning
from sync.planning import undoing_words as words
from sync.planning.undone import Act, Row, Step, There

UNDONE = "undone"
"""In the change log of a run"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step, or would; `left` says why nothing."""

    step: Step
    done: bool = False
    left: Reason | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    run_id: UUID
    headline: str
    steps: tuple[Outcome, ...] = ()
    more: int = 0
    """Changes that could be undone beyond those: undo again"""
    note: str | None = None
    """What else is to be known, once"""


def plan(session: Session, run_id: UUID, only: Collection[UUID] | None = None) -> Undo:
    """What `undo` would do now: the very same, which is taken back again, locks and all."""
    with session.begin_nested() as trial:
        found = undo(session, run_id, only)
        trial.rollback()
    session.info.pop(locks.LOCKED, None)
    return replace(found, steps=tuple(replace(one, done=False) for one in found.steps))


def undo(session: Session, run_id: UUID, only: Collection[UUID] | None = None) -> Undo:
    """
    Undo a sync of one link, or `only` these of its changes; what it does is a person's, and no run's.

    Conflict for a run of many links, and for one that has not ended; Refused for what is no change of it.
    """
    run, link = _of_link(session, run_id)
    link = links_query.locked(session, link.id)
    offers = links_query.units_in(session, link.property_id, None, None, None)
    locks.units(session, inventory.leaves(offers))
    rows, there = _read(session, run, link, only)

    def take(step: Step) -> Reason | None:
        return undoing_steps.refusal(session, run, link, step)

    found = planning.plan(rows, there, take, planning.MOST)
    outcomes = tuple(_became(step, step.why or found.refused.get(step.change_id)) for step in found.steps)
    acts = [act for one in outcomes if one.done for act in one.step.acts]
    if done := sum(one.done for one in outcomes):
        mirrors.mark_dirty(session, [link.id], clock.now())
        after = {"done": done, "left": found.left}
        changes.record(session, "sync_run", run.id, UNDONE, after=after, property_id=link.property_id)
        session.flush()
    return _told(run, outcomes, acts, found)


def _became(step: Step, left: Reason | None) -> Outcome:
    return Outcome(step, left is None, left)


def _of_link(session: Session, run_id: UUID) -> tuple[SyncRun, Link]:
    run = runs.one(session, run_id)
    if run.link_id is None:
        raise Conflict.because("of_many", "this is a run of many links: undo its syncs one by one")
    if run.state in runs.OPEN:
        raise Conflict.because("not_over", "this sync has not ended yet: what it changes is not all there")
    return run, links_query.one(session, run.link_id)


def _read(
    session: Session, run: SyncRun, link: Link, only: Collection[UUID] | None
) -> tuple[Sequence[Row], There]:
    """Its changes, or `only` these with their series, and what is there now of them."""
    rows = query.changes_of(session, run.id, planning.KINDS)
    if unknown := set(only or ()) - {row.id for row in rows}:
        why = f"{min(unknown)} is no change of this sync that could be undone"
        raise Refused.because("unknown", why, "only")
    there = undoing_reading.there(session, run, link, rows, clock.now())
    return rows if only is None else planning.with_series(rows, there, frozenset(only)), there


def _told(run: SyncRun, outcomes: tuple[Outcome, ...], acts: list[Act], found: planning.Plan) -> Undo:
    note = words.WRITTEN if words.wrote_there(run.counts) else None
    return Undo(run.id, words.headline(acts, found.left, found.more), outcomes, found.more, note)
