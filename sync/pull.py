"""
Pulling one link: lease, fetch outside of any transaction, then apply all in one.

Safe to call at any time, any number of times, from anywhere: the lease in the database decides who
works, the fence aborts whoever lost it, and nothing is written before everything is known.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import Pulled
from connectors.errors import ConnectorError, Unavailable
from connectors.transport import Closing
from hub import clock
from hub.database import Actor
from hub.ids import new_id
from hub.models.links import PULLED_STATES, Link
from hub.models.records import SyncRun
from hub.queries import hosts as hosts_query
from hub.queries import links as query
from hub.queries import pulls, runs
from hub.queries.links import Fenced, Lease
from hub.queries.pulls import Pullable
from sync import hosts, leasing, remote
from sync.apply import apply
from sync.planning import schedule, words
from sync.planning.guard import Guard
from sync.planning.politeness import Later, Standing
from sync.planning.schedule import Refusals
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

OURS = frozenset({"no_reader", "overloaded"})
"""Codes of what keeps us from reading a calendar, and says nothing about it"""
OUR_FAULT = timedelta(seconds=5)

log = logging.getLogger(__name__)


def pull(runtime: Runtime, organization_id: UUID, link_id: UUID, *, trigger: str = "schedule") -> Outcome:
    """Bring what we hold of a link's calendar up to date. An outage changes nothing that is held."""
    begun = _begin(runtime, organization_id, link_id, trigger)
    if isinstance(begun, Outcome):
        return begun
    attempt = _Attempt(runtime, begun.lease, trigger, begun.asked_for, begun.host, begun.link.arrives_at)
    if begun.lease.attempts > schedule.CRASHES_BEFORE_SETTING_ASIDE:
        return attempt.set_aside()
    try:
        with leasing.kept(runtime, begun.lease):
            pulled = begun.ask()
    except ConnectorError as error:
        return attempt.given_back(soon=OUR_FAULT) if error.code in OURS else attempt.failed(error)
    except Closing:
        return attempt.given_back()
    except Exception as error:  # a defect of ours: told as one, and no reason to kill the worker
        log.exception("asking for the calendar of link %s failed", link_id)
        defect = f"a defect of the hub ({type(error).__name__}); what is held stays held"
        return attempt.failed(Unavailable(defect, code="defect"))
    if pulled.unchanged and trigger == "schedule" and attempt.unchanged(begun.link, pulled):
        return Outcome("unchanged")
    return attempt.apply(pulled)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a pull has in its hands before it asks. `asked_for` is the run that it answers."""

    lease: Lease
    link: Pullable
    asked_for: UUID | None
    host: Standing
    ask: Callable[[], Pulled]


def _begin(runtime: Runtime, organization_id: UUID, link_id: UUID, trigger: str) -> _Begun | Outcome:
    """
    Take the lease, and the run that was asked for, if any; all that the question to the channel needs is
    read here, before it is asked. Busy where another has the lease, or the host must be left alone.
    """
    lasting = timedelta(seconds=runtime.settings.lease_seconds)
    by_hand = trigger != "schedule"
    with runtime.database.unit_of_work(organization_id) as session:
        lease = query.acquire(session, link_id, lasting)
        link = pulls.read(session, link_id, clock.now())
        if lease is None:
            return BUSY
        run = runs.waiting(session, link_id) if link.is_asked_for else None
        standing: Standing | Later = Standing("")
        try:
            question = remote.of_pull(session, link, runtime.import_horizon)
            ask = partial(remote.ask, question, runtime.network)
            host = hosts.known(session, link_id, link.host, question.settings)
            wanted = by_hand or run is not None
            standing = hosts.begin(session, lease, host, runtime.settings, wanted=wanted, waits=not by_hand)
        except ConnectorError as error:
            ask = partial(_raise, error)
        if isinstance(standing, Later):
            return Outcome("busy", error=standing.why)
        if run is not None:
            run.state = "running"
            run.started_at = run.started_at or clock.now()
        return _Begun(lease, link, run.id if run else None, standing, ask)


def _raise(error: ConnectorError) -> Pulled:
    raise error


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One pull under its lease, and the ways in which it can end. `asked_for` is the run that it answers."""

    runtime: Runtime
    lease: Lease
    trigger: str
    asked_for: UUID | None
    host: Standing
    arrives_at: datetime | None

    def unchanged(self, link: Pullable, pulled: Pulled) -> bool:
        """The usual end, in one statement; False where there is more to do than to note that all stays."""
        if self.asked_for is not None or self.host.failures:
            return False
        now = clock.now()
        next_pull_at = self._next(now, timedelta(seconds=link.interval_seconds))
        with self.runtime.database.unit_of_work(self.lease.organization_id) as session:
            return pulls.end_unchanged(
                session, self.lease, link.next_pull_at, now, next_pull_at, pulled.cursor
            )

    def apply(self, pulled: Pulled) -> Outcome:
        run_id = self.asked_for or new_id()

        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            now = clock.now()
            applied = apply(session, link, pulled, now)
            hosts.answered(session, self.host)
            waits = applied.guard if applied.read else guard_of(link)
            next_pull_at = self._next(now, _interval(link))
            if waits is not None:
                jitter = random.random()  # noqa: S311
                next_pull_at = schedule.while_waiting(now, next_pull_at, waits.again_at, jitter)
            tripped = waits is not None and waits.tripped
            query.note(
                session,
                link.id,
                cursor=pulled.cursor,
                source=pulled.source or link.source,
                returns_ours=link.returns_ours if pulled.unchanged else pulled.returns_ours,
                whole_days=link.whole_days if pulled.unchanged else pulled.whole_days,
                guard=waits.to_json() if waits else None,
                verified_at=now,
                failures=0,
                refused="",
                refusals=0,
                state="guarded" if tripped else "active",
                state_reason=waits.why if waits and tripped else None,
                next_pull_at=next_pull_at,
            )
            unread = len(pulled.problems)
            outcome = Outcome(
                "changed" if applied.changed else "unchanged",
                applied.counts | ({"problems": unread} if unread else {}),
                (*applied.summary, *words.problems(unread)),
            )
            return self._end(session, run_id, outcome)

        return self._transact(work, run_id)

    def failed(self, error: ConnectorError) -> Outcome:
        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            hosts.failed(session, self.host, error)
            failures = link.failures + 1
            refused = schedule.refusals(Refusals(link.refused, link.refusals), error)
            jitter = random.random()  # noqa: S311
            verdict = schedule.after_failure(error, clock.now(), _interval(link), failures, jitter, refused)
            query.note(
                session,
                link.id,
                failures=failures,
                refused=refused.state,
                refusals=refused.number,
                state=link.state if verdict.state == "active" else verdict.state,
                state_reason=verdict.reason or error.message,
                next_pull_at=verdict.next_pull_at,
            )
            return self._end(session, self.asked_for or new_id(), Outcome("failed", error=error.message))

        return self._transact(work)

    def _next(self, now: datetime, interval: timedelta) -> datetime:
        """When to come again after a success: sooner where somebody is about to arrive."""
        arrives_in = self.arrives_at - now if self.arrives_at is not None else None
        near = schedule.near_arrivals(interval, arrives_in)
        return schedule.after_success(now, near, random.random())  # noqa: S311

    def given_back(self, soon: timedelta = timedelta()) -> Outcome:
        """What kept us from asking is ours, as that this process is about to end: this was no attempt."""
        with self.runtime.database.unit_of_work(self.lease.organization_id) as session:
            hosts_query.give_back(session, self.lease.link_id, self.lease.fence, clock.now() + soon)
        return BUSY

    def set_aside(self) -> Outcome:
        """A pull that ended its worker three times waits for a person; what is held stays held."""
        reason = "pulling this calendar ended its worker several times; look at its content, then resume"

        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            query.note(session, link.id, state="paused", state_reason=reason)
            return self._end(session, self.asked_for or new_id(), Outcome("failed", error=reason))

        return self._transact(work)

    def _transact(self, work: Callable[[Session], Outcome], run_id: UUID | None = None) -> Outcome:
        actor = Actor("worker", run_id=run_id)
        try:
            return self.runtime.database.transact(self.lease.organization_id, work, actor)
        except Fenced:
            return BUSY

    def _end(self, session: Session, run_id: UUID, outcome: Outcome) -> Outcome:
        """End the run and give the lease back. Who asked meanwhile asked for what comes after: at once."""
        outcome = self._record(session, run_id, outcome)
        link = query.one(session, self.lease.link_id)
        if link.state not in PULLED_STATES:
            runs.cancel_waiting(session, link.id, clock.now(), link.state_reason or link.state)
        elif runs.queued(session, link.id):
            query.note(session, link.id, next_pull_at=clock.now())
        query.release(session, self.lease)
        return outcome

    def _record(self, session: Session, run_id: UUID, outcome: Outcome) -> Outcome:
        """Write down the run that was asked for; the timetable's pulls leave one only if they have news."""
        now = clock.now()
        run = runs.begun(session, run_id) if self.asked_for is not None else None
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
        run.counts = dict(outcome.counts)
        run.summary = list(outcome.summary)
        run.error = outcome.error
        session.flush()
        return replace(outcome, run_id=run.id)


def guard_of(link: Link) -> Guard | None:
    """What waits on a link."""
    return Guard.from_json(link.guard) if link.guard is not None else None


def _interval(link: Link) -> timedelta:
    return timedelta(seconds=link.interval_seconds)
