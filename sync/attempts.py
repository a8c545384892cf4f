"""One sync of one link under its lease, and the ways in which it can end, with its run if it has news."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.errors import ConnectorError, RateLimited
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
from sync import citing, counting, hosts, payloads
from sync.payloads import Body
from sync.planning import headline, schedule
from sync.planning.headline import Gist
from sync.planning.politeness import Standing
from sync.planning.schedule import Refusals, Verdict
from sync.runtime import Runtime

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sync ended: changed, unchanged, failed, or busy (another is at it)."""

    state: str
    counts: dict[str, int] = field(default_factory=dict)
    summary: tuple[str, ...] = ()
    error: str | None = None
    run_id: UUID | None = None
    headline: str = ""
    """All of it in one line"""
    stored: int = field(default=0, compare=False)
    """Bytes of what the channel sent that were stored"""


BUSY = Outcome("busy")
PATIENCE = timedelta(hours=1)
"""For which a run of many waits for quotas, from the first that it met; then what is left has failed"""
UNTOLD = frozenset({"schedule", "check"})
"""Triggers of pulls that leave a run only if they have news"""
WRITTEN = ("created", "updated", "deleted")
"""Names of counts: what was written to a channel"""
NOTHING_DONE: Mapping[str, int] = MappingProxyType({})
NOTHING_NEW = Gist()


@dataclass(frozen=True, slots=True)
class Attempt:
    """`asked_for` is the oldest run that it answers: changes are told as that one's."""

    runtime: Runtime
    lease: Lease
    trigger: str
    asked_for: UUID | None
    host: Standing
    link: Pullable
    run_id: UUID = field(default_factory=new_id)
    """Of the changes that are made"""
    asked_at: datetime = field(default_factory=lambda: clock.now())
    """Of when the answer speaks, at the least: it is told no later than it was asked for"""

    noted: list[UUID] = field(default_factory=list)
    """The run, once a step of this sync has written it down as running"""
    kept: Counter[str] = field(default_factory=Counter)
    """What its steps did, which is written on its runs already"""

    @classmethod
    def of(
        cls,
        runtime: Runtime,
        lease: Lease,
        trigger: str,
        asked_for: UUID | None,
        host: Standing,
        link: Pullable,
    ) -> Attempt:
        return cls(runtime, lease, trigger, asked_for, host, link, asked_for or new_id())

    def unchanged(self, cursor: dict[str, str]) -> bool:
        """The usual end, in one statement; False where there is more to do than to note that all stays."""
        if self.asked_for is not None or self.host.failures or self.trigger not in UNTOLD:
            return False
        next_pull_at = self.next(clock.now())
        return pulls.end_unchanged(
            self.runtime.database, self.lease, self.link, self.asked_at, next_pull_at, cursor
        )

    def failed(
        self,
        error: ConnectorError,
        judge: Callable[[Link, int], Verdict] | None = None,
        counts: Mapping[str, int] = NOTHING_DONE,
        summary: tuple[str, ...] = (),
        gist: Gist = NOTHING_NEW,
        brought: Sequence[Body] = (),
    ) -> Outcome:
        """
        `judge` says what becomes of the link after so many failures, if not what becomes of a feed's;
        `counts`, `summary` and `gist` are of what was done before it failed, `brought` is what was read. What
        wrote something was no failure in a row: a quota that is used up again and again by a long list is met
        as often.
        """

        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            hosts.failed(session, self.host, error)
            wrote = any(counts.get(name) for name in WRITTEN)
            failures = 1 if wrote else link.failures + 1
            refused = schedule.refusals(Refusals(link.refused, link.refusals), error)
            if judge is not None:
                verdict = judge(link, failures)
            else:
                interval, jitter = interval_of(link), random.random()  # noqa: S311
                verdict = schedule.after_failure(error, clock.now(), interval, failures, jitter, refused)
            query.note(
                session,
                link.id,
                failures=failures,
                failing_since=link.failing_since or clock.now(),
                refused=refused.state,
                refusals=refused.number,
                state=link.state if verdict.state == "active" else verdict.state,
                state_reason=verdict.reason or error.message,
                next_pull_at=verdict.next_pull_at,
            )
            if self._waits_its_turn(session, error, link, by_event=judge is not None):
                counting.keep(session, self.lease.link_id, counting.left(counts, self.kept))
                answered = runs.begun(session, self.lease.link_id) if any(counts.values()) else ()
                stored = sum(payloads.keep(session, run.id, brought) for run in answered)
                runs.put_back(session, self.lease, began=True)
                query.release(session, self.lease)
                return Outcome("busy", error=error.message, stored=stored)
            said = self.headline(gist, counts, error.message)
            outcome = Outcome("failed", dict(counts), summary, error.message, headline=said)
            return self.end(session, outcome, lambda: (*brought, *_unread(error)))

        return self.transact(work)

    def _waits_its_turn(self, session: Session, error: ConnectorError, link: Link, *, by_event: bool) -> bool:
        """
        Whether a run of many goes on with this link later: a quota that many links use up together has not
        failed any of them. When it is full again is told by the channel, or is known of calendars' accounts.
        """
        if not isinstance(error, RateLimited) or not (by_event or error.retry_after is not None):
            return False
        asked = runs.begun(session, self.lease.link_id) if self.asked_for is not None else ()
        met = link.failing_since or clock.now()
        waits = (run.parent_id and clock.now() - max(met, run.started_at or met) < PATIENCE for run in asked)
        return bool(asked) and all(waits)

    def headline(self, gist: Gist, counts: Mapping[str, int], error: str | None = None) -> str:
        """Of a sync that did this."""
        today = clock.now().astimezone(ZoneInfo(self.link.time_zone)).date()
        return headline.line(gist, counts, today, error)

    def next(self, now: datetime) -> datetime:
        """When to come again after a success: sooner where somebody is about to arrive."""
        interval, arrives_at = timedelta(seconds=self.link.interval_seconds), self.link.arrives_at
        near = schedule.near_arrivals(interval, arrives_at - now if arrives_at is not None else None)
        return schedule.after_success(now, near, random.random())  # noqa: S311

    def given_back(self, soon: timedelta = timedelta()) -> Outcome:
        """What kept us from asking is ours, as that this process is about to end: this was no attempt."""
        with self.runtime.database.unit_of_work(self.lease.organization_id) as session:
            hosts_query.give_back(session, self.lease.link_id, self.lease.fence, clock.now() + soon)
            if self.asked_for is not None:
                runs.put_back(session, self.lease, began=False)
        return BUSY

    def set_aside(self) -> Outcome:
        """A sync that ended its worker three times waits for a person; what is held stays held."""
        reason = "pulling this calendar ended its worker several times; look at its content, then resume"

        def work(session: Session) -> Outcome:
            link = query.hold(session, self.lease)
            query.note(session, link.id, state="paused", state_reason=reason)
            return self.end(session, Outcome("failed", error=reason))

        return self.transact(work)

    def transact(self, work: Callable[[Session], Outcome]) -> Outcome:
        """The last one of this sync. Busy where the lease was lost."""
        try:
            outcome = self.run(work)
        except Fenced:
            return BUSY
        if outcome.stored:
            payloads.make_room(self.runtime, self.lease.organization_id, outcome.stored)
        return outcome

    def run(self, work: Callable[[Session], T]) -> T:
        """One transaction of this sync; work begins with `query.hold`, or raises Fenced."""
        actor = Actor("worker", run_id=self.run_id)
        return self.runtime.database.transact(self.lease.organization_id, work, actor)

    def step(self, work: Callable[[Session], T]) -> T:
        """
        One of several transactions of this sync. The first whose rows cite the run writes it down as running:
        a crash leaves no row that cites a run which is not there, and the next sync of the link ends it.
        """

        def whole(session: Session) -> tuple[T, list[UUID], Counter[str]]:
            result = work(session)
            noted: list[UUID] = []
            if citing.cites(session) and self.asked_for is None and not self.noted:
                session.add(self._run(self.run_id, "running"))
                session.flush()
                noted.append(self.run_id)
            did = counting.done(session) if self.asked_for or self.noted or noted else Counter()
            counting.keep(session, self.lease.link_id, did)
            return result, noted, did

        result, noted, did = self.run(whole)
        self.noted.extend(noted)
        self.kept.update(did)
        return result

    def end(
        self, session: Session, outcome: Outcome, brought: Callable[[], Sequence[Body]] = tuple
    ) -> Outcome:
        """
        End the run and give the lease back. Who asked meanwhile asked for what comes after: at once.

        What it `brought` is kept with a run that is recorded; else nobody asks for it.
        """
        outcome = self._record(session, outcome, brought)
        link = query.one(session, self.lease.link_id)
        if link.state not in PULLED_STATES:
            runs.cancel_waiting(session, link.id, clock.now(), link.state_reason or link.state)
        elif runs.queued(session, link.id):
            query.note(session, link.id, next_pull_at=clock.now())
        query.release(session, self.lease)
        return outcome

    def _record(self, session: Session, outcome: Outcome, brought: Callable[[], Sequence[Body]]) -> Outcome:
        """
        Write down the runs that were asked for; the timetable's pulls leave one only if they have news, or
        have written a row that cites it.
        """
        now = clock.now()
        begun = self.asked_for is not None or bool(self.noted)
        answered = runs.begun(session, self.lease.link_id) if begun else ()
        kept = self.kept if answered else NOTHING_DONE
        if not answered:
            if self.trigger in UNTOLD and outcome.state == "unchanged" and not citing.cites(session):
                return outcome
            run = self._run(new_id() if begun else self.run_id, "running")
            session.add(run)
            answered = (run,)
        said = outcome.headline or self.headline(NOTHING_NEW, outcome.counts, outcome.error)
        for run in answered:
            run.state = "failed" if outcome.error else "done"
            run.finished_at = now
            counting.tell(run, outcome.counts, kept, said, outcome.summary)
            run.error = outcome.error
        session.flush()
        bodies = brought()
        stored = sum(payloads.keep(session, run.id, bodies) for run in answered)
        return replace(outcome, run_id=answered[0].id, headline=said, stored=stored)

    def _run(self, run_id: UUID, state: str) -> SyncRun:
        now = clock.now()
        return SyncRun(
            organization_id=self.lease.organization_id,
            id=run_id,
            link_id=self.lease.link_id,
            trigger=self.trigger,
            state=state,
            created_at=now,
            started_at=now,
            counts={},
            summary=[],
        )


def _unread(error: ConnectorError) -> tuple[Body, ...]:
    """What could not be read, for who wants to know why."""
    return (Body.of(error.payload, payloads.UNREAD),) if error.payload else ()


def interval_of(link: Link) -> timedelta:
    return timedelta(seconds=link.interval_seconds)
