"""
Pulling one link: lease, fetch outside of any transaction, then apply all in one.

Safe to call at any time, any number of times, from anywhere: the lease in the database decides who
works, the fence aborts whoever lost it, and nothing is written before everything is known.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import Pulled
from connectors.errors import ConnectorError
from hub import clock
from hub.database import Actor
from hub.ids import new_id
from hub.models.links import Link
from hub.models.records import SyncRun
from hub.queries import links as query
from hub.queries import runs
from hub.queries.links import Fenced, Lease
from sync import remote
from sync.apply import Applied, apply
from sync.planning import schedule
from sync.runtime import Runtime

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pull ended: changed, unchanged, failed, or busy (another is at it)."""

    state: str
    counts: dict[str, int] = field(default_factory=dict)
    summary: tuple[str, ...] = ()
    error: str | None = None
    run_id: UUID | None = None


BUSY = Outcome("busy")


def pull(runtime: Runtime, organization_id: UUID, link_id: UUID, *, trigger: str = "schedule") -> Outcome:
    """Bring what we hold of a link's calendar up to date. An outage changes nothing that is held."""
    lease, ask = _begin(runtime, organization_id, link_id)
    if lease is None:
        return BUSY
    attempt = _Attempt(runtime, lease, trigger)
    if lease.attempts > schedule.CRASHES_BEFORE_SETTING_ASIDE:
        return attempt.set_aside()
    try:
        pulled = ask()
    except ConnectorError as error:
        return attempt.failed(error)
    try:
        return attempt.apply(pulled)
    except Fenced:
        return BUSY


def _begin(
    runtime: Runtime, organization_id: UUID, link_id: UUID
) -> tuple[Lease | None, Callable[[], Pulled]]:
    """Take the lease; all that the question to the channel needs is read here, before it is asked."""
    lasting = timedelta(seconds=runtime.settings.lease_seconds)
    with runtime.database.unit_of_work(organization_id) as session:
        lease = query.acquire(session, link_id, lasting)
        if lease is None:
            query.one(session, link_id)
            return None, _nothing
        link = query.one(session, link_id)
        if run := runs.waiting(session, link_id):
            run.state = "running"
            run.started_at = run.started_at or clock.now()
        try:
            question = remote.question(session, link)
        except ConnectorError as error:
            return lease, partial(_raise, error)
    return lease, partial(remote.ask, question, runtime.network)


def _nothing() -> Pulled:
    return Pulled((), {}, full=False, unchanged=True)


def _raise(error: ConnectorError) -> Pulled:
    raise error


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One pull under its lease, and the ways in which it can end."""

    runtime: Runtime
    lease: Lease
    trigger: str

    def apply(self, pulled: Pulled) -> Outcome:
        run_id = new_id()

        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            now = clock.now()
            run = runs.waiting(session, link.id)
            session.info["actor"] = Actor("worker", run_id=run.id if run else run_id)
            applied = apply(session, link, pulled, now)
            query.note(
                session,
                link.id,
                cursor=pulled.cursor,
                verified_at=now,
                failures=0,
                state="active" if link.state in ("needs_auth", "lost") else link.state,
                state_reason=None,
                next_pull_at=schedule.after_success(now, _interval(link), random.random()),  # noqa: S311
            )
            outcome = Outcome("changed" if applied.changed else "unchanged", applied.counts, applied.summary)
            outcome = self._record(session, run, run_id, outcome, applied)
            query.release(session, self.lease)
            return outcome

        return self.runtime.database.transact(self.lease.organization_id, work, Actor("worker"))

    def failed(self, error: ConnectorError) -> Outcome:
        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            now = clock.now()
            failures = link.failures + 1
            verdict = schedule.after_failure(
                error,
                now,
                _interval(link),
                failures,
                random.random(),  # noqa: S311
            )
            query.note(
                session,
                link.id,
                failures=failures,
                state=verdict.state if link.state == "active" else link.state,
                state_reason=verdict.reason or error.message,
                next_pull_at=verdict.next_pull_at,
            )
            outcome = Outcome("failed", error=error.message)
            outcome = self._record(session, runs.waiting(session, link.id), new_id(), outcome, Applied())
            query.release(session, self.lease)
            return outcome

        return self._transact(work)

    def set_aside(self) -> Outcome:
        """A pull that ended its worker three times waits for a person; what is held stays held."""
        reason = "pulling this calendar ended its worker several times; look at its content, then resume"

        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            query.note(session, link.id, state="paused", state_reason=reason)
            run = runs.waiting(session, link.id)
            outcome = self._record(session, run, new_id(), Outcome("failed", error=reason), Applied())
            query.release(session, self.lease)
            return outcome

        return self._transact(work)

    def _transact(self, work: Callable[[Session], Outcome]) -> Outcome:
        try:
            return self.runtime.database.transact(self.lease.organization_id, work, Actor("worker"))
        except Fenced:
            return BUSY

    def _record(
        self, session: Session, run: SyncRun | None, run_id: UUID, outcome: Outcome, applied: Applied
    ) -> Outcome:
        """End the run that was asked for; the timetable's pulls leave one only if they have news."""
        now = clock.now()
        if run is None:
            if self.trigger == "schedule" and outcome.state == "unchanged":
                return outcome
            run = SyncRun(
                organization_id=self.lease.organization_id,
                id=run_id,
                link_id=self.lease.link_id,
                trigger=self.trigger,
                created_at=now,
                started_at=now,
            )
            session.add(run)
        run.state = "failed" if outcome.error else "done"
        run.finished_at = now
        run.counts = dict(applied.counts)
        run.summary = list(applied.summary)
        run.error = outcome.error
        session.flush()
        return replace(outcome, run_id=run.id)


def _interval(link: Link) -> timedelta:
    return timedelta(seconds=link.interval_seconds)
