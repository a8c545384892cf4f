"""
Syncs of many links as one run: a child for each link, which the next worker takes.

What is written of the run itself is what was asked for, and whether somebody ended it: how it stands is how
its children do. Nothing here talks to a channel, so all of it is done at once; and all of it may be asked for
twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.errors import Conflict
from hub.ids import new_id
from hub.models.records import SyncRun
from hub.queries import parents as query
from hub.queries import runs
from hub.queries.parents import Told
from hub.queries.selected import Criteria
from hub.services import changes
from sync import requests, selecting
from sync.planning import progress as planning
from sync.planning.progress import Progress, Resting, Tally
from sync.requests import LeftOut
from sync.selecting import Mode

CANCELLED = "the run was cancelled before this link's turn came"


@dataclass(frozen=True, slots=True)
class Shown:
    """A run as it stands now. Of a sync of one link there is nothing to add."""

    run: SyncRun
    progress: Progress | None
    counts: Mapping[str, int]

    @property
    def over(self) -> bool:
        if self.progress is not None:
            return self.progress.over
        return self.run.state not in runs.OPEN


def ask(session: Session, wanted: Criteria, mode: Mode, *, trigger: str = "request") -> SyncRun:
    """
    One run of every link that matches, with a child for each that is pulled; an equal request that is under
    way is joined. Links that rest are left out, and told; those that only export a feed where they are named.

    Refused for what there is not, and where too much or nothing is asked for.
    """
    selecting.check(session, wanted)
    within = query.limit(session)
    criteria = wanted.to_json()
    request_hash = _hash(organization_of(session), criteria, mode, within)
    query.alone(session, request_hash)
    if joined := query.unfinished(session, request_hash):
        return joined
    chosen = selecting.choose(session, wanted, mode)
    admitted, left_out = requests.admit(session, chosen.asked)
    if mode.pushes:
        selecting.compare(session, wanted, chosen)
    owners = within if within is not None else sorted(chosen.property_ids) or None
    parent = SyncRun(
        organization_id=organization_of(session),
        id=new_id(),
        trigger=trigger,
        state="running",
        criteria=criteria,
        mode=mode.value,
        request_hash=request_hash,
        left_out=[_left_out(one) for one in left_out],
        property_ids=owners,
        created_at=clock.now(),
    )
    session.add(parent)
    session.flush()
    session.add_all([requests.new(session, link_id, trigger, parent.id) for link_id in admitted])
    changes.record(
        session, "sync_run", parent.id, "asked", after={"links": len(admitted), "mode": mode.value}
    )
    session.flush()
    return parent


def cancel(session: Session, run_id: UUID) -> SyncRun:
    """
    What waits is given up; what is at work ends by itself, or waits once more if its worker was lost, and is
    given up by whoever asks again. Conflict for a run that is over.
    """
    parent = _parent(session, run_id)
    before = parent.state
    if before != "cancelled":
        tally = shown(session, [parent])[0].progress
        if tally is None or tally.over:
            raise Conflict.because("over", "this run is over: there is nothing left to cancel")
    parent.state = "cancelled"
    number = query.cancel(session, parent.id, clock.now(), CANCELLED)
    if number or before != "cancelled":
        changes.record(session, "sync_run", parent.id, "cancelled", after={"links": number})
    session.flush()
    return parent


def resume(session: Session, run_id: UUID) -> SyncRun:
    """
    What was cancelled waits again, and all that waits is due at once. Links that rest stay cancelled.
    Conflict where nothing was cancelled and nothing waits, or all of it rests.
    """
    parent = _parent(session, run_id)
    waiting = query.links_of(session, parent.id, "queued")
    given_up = query.links_of(session, parent.id, "cancelled")
    if not given_up and (waiting or query.links_of(session, parent.id, "running")):
        requests.admit(session, waiting)
        if parent.state == "cancelled":  # when all that was left of it was at work
            parent.state = "running"
            changes.record(session, "sync_run", parent.id, "resumed", after={"links": 0})
            session.flush()
        return parent
    if not given_up:
        raise Conflict.because("over", "this run is over: nothing of it was cancelled; ask for another")
    admitted, left_out = requests.admit(session, {*given_up, *waiting})
    again = set(given_up).intersection(admitted)
    if not again and not waiting:
        raise Conflict(left_out[0].reason)
    parent.state = "running"
    number = query.queue_again(session, parent.id, again)
    changes.record(session, "sync_run", parent.id, "resumed", after={"links": number})
    session.flush()
    return parent


def retry(session: Session, run_id: UUID) -> SyncRun:
    """
    What failed is asked for again, each by a new child. Links that rest meanwhile stay failed. Conflict for a
    run that was cancelled, where nothing failed, or where all that failed rests.
    """
    parent = _parent(session, run_id)
    if parent.state == "cancelled":
        raise Conflict.because("cancelled", "this run was cancelled; resume it first")
    failed = query.links_of(session, parent.id, "failed")
    if not failed:
        if query.links_of(session, parent.id, "retried"):
            return parent
        raise Conflict.because("nothing_failed", "nothing of this run failed")
    admitted, left_out = requests.admit(session, failed)
    if not admitted:
        raise Conflict(left_out[0].reason)
    query.mark_retried(session, parent.id, admitted)
    session.add_all([requests.new(session, link_id, parent.trigger, parent.id) for link_id in admitted])
    changes.record(session, "sync_run", parent.id, "retried", after={"links": len(admitted)})
    session.flush()
    return parent


def shown(session: Session, rows: Sequence[SyncRun]) -> list[Shown]:
    """These runs as they stand now, in two statements; in three where any is under way."""
    now = clock.now()
    parents = [run.id for run in rows if run.link_id is None]
    told = query.told(session, parents, now - planning.WINDOW, now) if parents else {}
    return [
        Shown(run, _progress(run, told[run.id]), told[run.id].counts)
        if run.link_id is None
        else Shown(run, None, run.counts)
        for run in rows
    ]


def one(session: Session, run_id: UUID) -> Shown:
    return shown(session, [runs.one(session, run_id)])[0]


def _progress(run: SyncRun, told: Told) -> Progress:
    found = told.tally._asdict() if told.tally is not None else {}
    found.pop("parent_id", None)
    resting = Resting(told.resting.until, tuple(told.resting.hosts)) if told.resting is not None else None
    return planning.progress(
        Tally(**found), run.created_at, clock.now(), cancelled=run.state == "cancelled", resting=resting
    )


def _parent(session: Session, run_id: UUID) -> SyncRun:
    run = query.locked(session, run_id)
    if run.link_id is not None:
        raise Conflict.because("one_link", "this is the sync of one link, and no run of many")
    return run


def _hash(
    organization_id: UUID, criteria: Mapping[str, object], mode: Mode, within: Sequence[UUID] | None
) -> bytes:
    """
    Equal for equal requests of an organization, and of no two: they wait for each other by it. Of whoever is
    limited to properties the same words mean other links.
    """
    limits = sorted(map(str, within)) if within is not None else None
    said = json.dumps([str(organization_id), criteria, mode.value, limits], sort_keys=True)
    return hashlib.sha256(said.encode()).digest()


def _left_out(one: LeftOut) -> dict[str, str]:
    return {"link_id": str(one.link_id), "code": one.reason.code, "message": one.reason.message}
