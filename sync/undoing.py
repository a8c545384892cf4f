"""
Undoing a sync: what it changed is put back as far as that can be, in one transaction; the rest says why not.

Locks: link, all units of its property, bookings, allocations. Everything is read under them, so that of two
who undo the same sync the second finds nothing left. Each step is done within a savepoint: one that is
refused leaves nothing behind, and the steps after it are planned anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict, Reason, Refused
from hub.models.links import Link
from hub.models.records import Change, SyncRun
from hub.queries import inventory, locks, mirrors, runs
from hub.queries import links as links_query
from hub.queries import undoing as query
from hub.services import changes
from sync import undoing_reading, undoing_steps
from sync.planning import undoing as planning
from sync.planning import undoing_words as words
from sync.planning.undone import Act, Asks, Step

UNDONE = "undone"
"""In the change log of a run"""
DENIED = Reason("not_allowed", "your rights do not cover this")

May = Callable[[Asks], bool]
"""Whether whoever asks may do that elsewhere"""


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


def plan(
    session: Session, run_id: UUID, only: Collection[UUID] | None = None, may: May = lambda _asks: True
) -> Undo:
    """What `undo` would do now. Nothing is locked, and nothing written."""
    run, link = _of_link(session, run_id)
    rows = _rows(session, run, only)
    found = _planned(session, run, link, rows, may)
    outcomes = tuple(Outcome(step, left=step.why) for step in found.steps)
    acts = [act for step in found.steps if step.possible for act in step.acts]
    return _told(run, outcomes, acts, found.left, found.more)


def undo(
    session: Session, run_id: UUID, only: Collection[UUID] | None = None, may: May = lambda _asks: True
) -> Undo:
    """
    Undo a sync of one link, or `only` these of its changes; what it does is a person's, and no run's.

    Conflict for a run of many links, and for one that has not ended; Refused for what is no change of it.
    """
    run, link = _of_link(session, run_id)
    link = links_query.locked(session, link.id)
    offers = links_query.units_in(session, link.property_id, None, None, None)
    locks.units(session, inventory.leaves(offers))
    outcomes, left, more = _done(session, run, link, _rows(session, run, only), may)
    acts = [act for one in outcomes if one.done for act in one.step.acts]
    done = sum(one.done for one in outcomes)
    if done:
        mirrors.mark_dirty(session, [link.id], clock.now())
        after = {"done": done, "left": left}
        changes.record(session, "sync_run", run.id, UNDONE, after=after, property_id=link.property_id)
        session.flush()
    return _told(run, outcomes, acts, left, more)


def _done(
    session: Session, run: SyncRun, link: Link, rows: Sequence[Change], may: May
) -> tuple[tuple[Outcome, ...], int, int]:
    """Every step, how many changes are left, and how many are beyond what is done at a time."""
    outcomes: list[Outcome] = []
    while True:
        most = planning.MOST - sum(one.done for one in outcomes)
        found = _planned(session, run, link, rows, may, most)
        refused = None
        for step in found.steps:
            why = step.why or undoing_steps.refusal(session, run, link, step)
            outcomes.append(Outcome(step, why is None, why))
            if step.possible and why is not None:
                refused = step
                break
        if refused is None:
            untold = found.left - sum(not step.possible for step in found.steps)
            return tuple(outcomes), untold + sum(not one.done for one in outcomes), found.more
        # What comes after it was planned as if it had been done.
        rows = rows[[row.id for row in rows].index(refused.change_id) + 1 :]


def _planned(
    session: Session, run: SyncRun, link: Link, rows: Sequence[Change], may: May, most: int = planning.MOST
) -> planning.Plan:
    """What whoever asks may not do is left, and the rest is planned without it; so is all of its series."""
    there = undoing_reading.there(session, run, link, rows, clock.now())
    family = {row.id: there.events[row.entity_id].item_id for row in rows if row.entity_id in there.events}
    denied: dict[UUID, Step] = {}
    barred: set[UUID | None] = set()
    while True:
        found = planning.plan([row for row in rows if row.id not in denied], there, most)
        possible = [step for step in found.steps if step.possible]
        barred |= {family.get(step.change_id) for step in possible if not all(map(may, step.asks))} - {None}
        fresh = [
            replace(step, why=DENIED)
            for step in possible
            if family.get(step.change_id) in barred or not all(map(may, step.asks))
        ]
        if not fresh:
            break
        denied |= {step.change_id: step for step in fresh}
    order = {row.id: number for number, row in enumerate(rows)}
    told = sorted((*found.steps, *list(denied.values())[:most]), key=lambda step: order[step.change_id])
    return replace(found, steps=tuple(told), left=found.left + len(denied))


def _of_link(session: Session, run_id: UUID) -> tuple[SyncRun, Link]:
    run = runs.one(session, run_id)
    if run.link_id is None:
        raise Conflict.because("of_many", "this is a run of many links: undo its syncs one by one")
    if run.state in runs.OPEN:
        raise Conflict.because("not_over", "this sync has not ended yet: what it changes is not all there")
    return run, links_query.one(session, run.link_id)


def _rows(session: Session, run: SyncRun, only: Collection[UUID] | None) -> tuple[Change, ...]:
    rows = query.changes_of(session, run.id, planning.KINDS, only)
    if unknown := set(only or ()) - {row.id for row in rows}:
        why = f"{min(unknown)} is no change of this sync that could be undone"
        raise Refused.because("unknown", why, "only")
    return rows


def _told(run: SyncRun, outcomes: tuple[Outcome, ...], acts: list[Act], left: int, more: int) -> Undo:
    note = words.WRITTEN if words.wrote_there(run.counts) else None
    return Undo(run.id, words.headline(acts, left, more), outcomes, more, note)
