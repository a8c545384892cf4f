"""
Pulling one link: lease, fetch outside of any transaction, then apply all in one.

Safe to call at any time, any number of times, from anywhere: the lease in the database decides who
works, the fence aborts whoever lost it, and nothing is written before everything is known.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import Pulled
from connectors.errors import ConnectorError, Unavailable
from connectors.transport import Closing
from hub import clock
from hub.domain.gaps import mean_gap
from hub.models.links import Link
from hub.queries import hosts as hosts_query
from hub.queries import links as query
from hub.queries import pulls, runs
from hub.queries.links import Lease
from hub.queries.pulls import Pullable
from sync import alarms, hosts, leasing, operators, passes, payloads, remote
from sync.apply import Applied, apply
from sync.attempts import BUSY, UNTOLD, Attempt, Outcome
from sync.passes import Prepared
from sync.payloads import Body
from sync.planning import headline, schedule, words
from sync.planning.guard import Guard
from sync.planning.politeness import Later, Standing
from sync.runtime import Runtime

OURS = frozenset({"no_reader", "overloaded"})
"""Codes of what keeps us from reading a calendar, and says nothing about it"""
OUR_FAULT = timedelta(seconds=5)

log = logging.getLogger(__name__)


def pull(runtime: Runtime, organization_id: UUID, link_id: UUID, *, trigger: str = "schedule") -> Outcome:
    """Bring what we hold of a link's calendar up to date. An outage changes nothing that is held."""
    begun = _begin(runtime, organization_id, link_id, trigger)
    if isinstance(begun, Outcome):
        return begun
    attempt = Attempt.of(runtime, begun.lease, trigger, begun.asked_for, begun.host, begun.link)
    if begun.lease.attempts > schedule.CRASHES_BEFORE_SETTING_ASIDE:
        return attempt.set_aside()
    if isinstance(begun.ask, Prepared):
        return passes.sync(attempt, begun.ask)
    try:
        with leasing.kept(runtime, begun.lease):
            hosts.await_turn(begun.host)
            pulled = begun.ask()
    except ConnectorError as error:
        return attempt.given_back(soon=OUR_FAULT) if error.code in OURS else attempt.failed(error)
    except Closing:
        return attempt.given_back()
    except Exception as error:  # a defect of ours: told as one, and no reason to kill the worker
        log.exception("asking for the calendar of link %s failed", link_id)
        defect = f"a defect of the hub ({type(error).__name__}); what is held stays held"
        return attempt.failed(Unavailable(defect, code="defect"))
    if pulled.unchanged and attempt.unchanged(pulled.cursor):
        return Outcome("unchanged")
    pulled, read = payloads.taken(pulled)
    return take_in(attempt, pulled, read)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a pull has in its hands before it asks. `asked_for` is the oldest run that it answers."""

    lease: Lease
    link: Pullable
    asked_for: UUID | None
    host: Standing
    ask: Callable[[], Pulled] | Prepared


def _begin(runtime: Runtime, organization_id: UUID, link_id: UUID, trigger: str) -> _Begun | Outcome:
    """
    Take the lease, and the runs that were asked for, if any; all that the question to the channel needs is
    read here, before it is asked. Busy where another has the lease, or the host must be left alone.
    """
    lasting = timedelta(seconds=runtime.settings.lease_seconds)
    by_hand = trigger not in UNTOLD
    with runtime.database.unit_of_work(organization_id) as session:
        lease = query.acquire(session, link_id, lasting)
        link = pulls.read(session, link_id, clock.now())
        if lease is None:
            return BUSY
        asked = runs.waiting(session, link_id) if link.is_asked_for else ()
        standing: Standing | Later = Standing("")
        ask: Callable[[], Pulled] | Prepared
        if link.rests_until is not None and link.rests_until > clock.now():
            hosts_query.give_back(session, link_id, lease.fence, link.rests_until)
            return BUSY
        if link.by_event:
            try:
                ask = passes.prepare(session, link, runtime.network, runtime.import_horizon)
            except ConnectorError as error:
                ask = partial(_raise, error)
        else:
            try:
                question = remote.of_pull(session, link, runtime.import_horizon)
                operators.check(session, runtime.network, question.source, question.settings)
                ask = partial(remote.ask, question, runtime.network)
                host = hosts.known(session, link_id, link.host, question.settings)
                wanted = by_hand or bool(asked)
                standing = hosts.begin(
                    session, lease, host, runtime.settings, wanted=wanted, waits=not by_hand
                )
            except ConnectorError as error:
                ask = partial(_raise, error)
        if isinstance(standing, Later):
            return Outcome("busy", error=standing.why)
        for run in asked:
            run.state = "running"
            run.started_at = run.started_at or clock.now()
        return _Begun(lease, link, asked[0].id if asked else None, standing, ask)


def _raise(error: ConnectorError) -> Pulled:
    raise error


def take_in(attempt: Attempt, pulled: Pulled, read: tuple[Body, ...] = ()) -> Outcome:
    """All of it in one transaction, which ends the run and gives the lease back; `read` is what it is of."""

    def work(session: Session) -> Outcome:
        link = query.hold(session, attempt.lease)
        now = clock.now()
        applied = apply(session, link, pulled, now)
        hosts.answered(session, attempt.host)
        waits = applied.guard if applied.read else guard_of(link)
        next_pull_at = attempt.next(now)
        if waits is not None:
            jitter = random.random()  # noqa: S311
            next_pull_at = schedule.while_waiting(now, next_pull_at, waits.again_at, jitter)
        tripped = waits is not None and waits.tripped
        alarms.tell(session, link, waits, attempt.asked_at)
        query.note(
            session,
            link.id,
            cursor=pulled.cursor,
            source=pulled.source or link.source,
            returns_ours=link.returns_ours if pulled.unchanged else pulled.returns_ours,
            whole_days=link.whole_days if pulled.unchanged else pulled.whole_days,
            guard=waits.to_json() if waits else None,
            verified_at=attempt.asked_at,
            measured_seconds=mean_gap(link.measured_seconds, link.verified_at, now),
            failures=0,
            failing_since=None,
            refused="",
            refusals=0,
            state="guarded" if tripped else "active",
            state_reason=waits.why if waits and tripped else None,
            next_pull_at=next_pull_at,
        )
        outcome = outcome_of(pulled, applied, now.astimezone(ZoneInfo(attempt.link.time_zone)).date())
        return attempt.end(session, outcome, lambda: read)

    return attempt.transact(work)


def outcome_of(pulled: Pulled, applied: Applied, today: date) -> Outcome:
    """What a reading that was applied is told as."""
    unread = len(pulled.problems)
    counts = applied.counts | ({"problems": unread} if unread else {})
    return Outcome(
        "changed" if applied.changed else "unchanged",
        counts,
        (*applied.summary, *words.problems(unread)),
        headline=headline.line(applied.gist, counts, today),
    )


def guard_of(link: Link) -> Guard | None:
    """What waits on a link."""
    return Guard.from_json(link.guard) if link.guard is not None else None
