"""
What a sync of a link would do now: the very code that does it, in one transaction that is undone.

What the channel says is asked for while no transaction is open. A calendar that is synced event by event
may have to be asked more while the pass goes on: a question that was not answered yet ends the rehearsal, is
asked, and the rehearsal begins again with the answer. What would be written there is put on a list instead.
So no row changes, no lease is taken, no run is left, and nothing is sent but questions. It says what applying
does, if nothing moves meanwhile, here or there; what a channel refuses is known only once it has been asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Page
from connectors.contract import Pulled
from connectors.errors import CursorExpired, Unavailable
from hub import clock
from hub.database import Actor, StaleRead
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import inventory, locks, pulls
from hub.queries import links as query
from hub.queries import sync as items
from hub.queries.links import Lease
from hub.queries.pulls import Pullable
from sync import hosts, operators, passes, rehearsing, remote, shadows
from sync import pull as pulling
from sync.attempts import Attempt, Outcome
from sync.calendars import LinkedCalendar
from sync.passes import Prepared
from sync.payloads import Body
from sync.planning import headline
from sync.planning.guard import Guard
from sync.planning.politeness import Standing
from sync.rehearsing import Known, Rehearsed, Unasked, Write
from sync.remote import Question
from sync.runtime import Runtime

T = TypeVar("T")

SECONDS = 10.0
"""For which a rehearsal may hold the locks of units; what it has not come to by then is not told"""
QUESTIONS = 200
"""How many events the channel is asked for one by one"""
ALTOGETHER = 60.0
"""Seconds after which nothing more is asked: every question begins the rehearsal again, and somebody waits"""
TRIES = 4
"""Of one step that lost a race"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do: told as its run would tell it."""

    changed: bool
    headline: str
    summary: tuple[str, ...]
    counts: dict[str, int]
    guard: str | None
    """Why time that is not told any more would not be free yet, where some is"""
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """`pulled` is what a feed said; None of a calendar that is synced event by event."""

    plan: Plan
    pulled: Pulled | None = None


def rehearse(runtime: Runtime, organization_id: UUID, link_id: UUID) -> DryRun:
    """Raises ConnectorError where the channel does not answer, or asked not to be asked yet."""

    def read(session: Session) -> tuple[Pullable, Prepared | Question]:
        link = pulls.read(session, link_id, clock.now())
        hosts.check_wish(session, link.host, link.rests_until)
        if link.by_event:
            return link, passes.prepare(session, link, runtime.network, runtime.import_horizon)
        question = remote.of_pull(session, link, runtime.import_horizon)
        operators.check(session, runtime.network, question.source, question.settings)
        return link, question

    link, needed = runtime.database.transact(organization_id, read)
    stage = _Stage(runtime, organization_id, link_id, link)
    if isinstance(needed, Prepared):
        return DryRun(_by_event(stage, needed))
    pulled = replace(remote.ask(needed, runtime.network), payload=None)
    return DryRun(stage.play(lambda attempt: pulling.take_in(attempt, pulled)), pulled)


def _by_event(stage: _Stage, prepared: Prepared) -> Plan:
    known = Known()
    _listed(stage, prepared.calendar, known)
    ends = time.monotonic() + ALTOGETHER
    for _ in range(QUESTIONS):
        if time.monotonic() > ends:
            break
        try:
            return _pass(stage, prepared, known)
        except Unasked as question:
            known.ask(prepared.calendar, question.key, question.ask)
    message = "this calendar would have to be asked about too many events one by one: sync it instead"
    raise Unavailable(message, code="too_much")


def _pass(stage: _Stage, prepared: Prepared, known: Known) -> Plan:
    writes: list[Write] = []

    def act(attempt: _Attempt) -> Outcome:
        writes.clear()
        calendar = Rehearsed.of(prepared.calendar, known, attempt.shadow, writes)
        return passes.rehearse(attempt, replace(prepared, calendar=calendar), SECONDS)

    return replace(stage.play(act), writes=tuple(writes))


def _listed(stage: _Stage, calendar: LinkedCalendar, known: Known) -> None:
    """Ask what is sure to be needed: all pages, and the events that a full listing does not name."""
    cursor, page, named = stage.link.cursor, None, set[str]()
    while True:
        found = known.ask(calendar, *rehearsing.page_of(cursor, page))
        if isinstance(found, CursorExpired):
            if cursor is None:
                raise found
            cursor, page, named = None, None, set()
            continue
        told = cast("Page", found)
        named.update(event.id for event in told.events)
        if told.next_page is None:
            break
        page = told.next_page
    for event_id in stage.unnamed(named) if told.full else ():
        known.ask(calendar, *rehearsing.event_of(event_id))


class _Undone(Exception):
    """Ends the rehearsal's transaction: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a rehearsal is played."""

    runtime: Runtime
    organization_id: UUID
    link_id: UUID
    link: Pullable

    def play(self, act: Callable[[_Attempt], Outcome]) -> Plan:
        plans: list[Plan] = []

        def work(session: Session) -> None:
            plans.clear()
            link = query.locked(session, self.link_id)
            fence = link.fence
            if link.calendar_key is not None:
                # A pass locks units in many transactions; in one it must be all of them at once, in order.
                offers = query.units_in(session, link.property_id, None, None, None)
                locks.units(session, inventory.leaves(offers))
            lease, nobody = Lease(self.organization_id, self.link_id, fence, 1), Standing("")
            attempt = _Attempt(self.runtime, lease, "schedule", None, nobody, self.link, session=session)
            outcome = act(attempt)
            plans.append(_plan(outcome, query.one(session, self.link_id)))
            raise _Undone

        try:
            actor = Actor("worker", run_id=new_id())
            self.runtime.database.transact(self.organization_id, work, actor)
        except _Undone:
            return plans[0]
        raise AssertionError("unreachable")

    def unnamed(self, listed: Collection[str]) -> Sequence[str]:
        """What lives as far as we know, and is not in a full listing."""

        def work(session: Session) -> list[str]:
            generation = query.one(session, self.link_id).generation + 1
            found = items.unseen(session, self.link_id, generation, len(listed) + QUESTIONS)
            return [item.remote_id for item in found if item.remote_id not in listed]

        return self.runtime.database.transact(self.organization_id, work)[:QUESTIONS]


def _plan(outcome: Outcome, link: Link) -> Plan:
    guard = Guard.from_json(link.guard) if link.guard is not None else None
    changed = headline.has_changed(outcome.counts)
    return Plan(changed, outcome.headline, outcome.summary, outcome.counts, guard.why if guard else None)


@dataclass(frozen=True, slots=True)
class _Attempt(Attempt):
    """A sync whose every transaction is a part of one, and which ends without a trace."""

    session: Session = field(kw_only=True)

    def unchanged(self, cursor: dict[str, str]) -> bool:  # noqa: ARG002 -- as its base has it
        return False

    def run(self, work: Callable[[Session], T]) -> T:
        """As a transaction of its own: it finds nothing in memory, and is undone alone if it fails."""
        for _ in range(TRIES):
            self.session.info.pop(locks.LOCKED, None)
            try:
                with self.session.begin_nested():
                    return work(self.session)
            except StaleRead:
                continue
            finally:
                self.session.expunge_all()
        raise StaleRead

    def step(self, work: Callable[[Session], T]) -> T:
        return self.run(work)

    def end(
        self,
        session: Session,  # noqa: ARG002 -- as its base has it
        outcome: Outcome,
        brought: Callable[[], Sequence[Body]] = tuple,  # noqa: ARG002
    ) -> Outcome:
        return outcome

    def shadow(self, event_id: str) -> CalendarEvent | None:
        """What was last seen of an event."""
        item = items.by_remote(self.session, self.lease.link_id, [event_id]).get(event_id)
        return shadows.of_item(self.session, item) if item is not None else None
