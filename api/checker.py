"""
Waiting for channels: who is about to book waits here, without a thread, until they answered or time is up.

One look every few hundredths of a second, at all links that anybody waits for, tells everybody. A host that
did not answer is not waited for again at once: each process finds that out for itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.waiting import AllWait, TooManyWait
from hub import clock
from hub.domain.evidence import Sight, Verdict
from hub.errors import HubError
from sync import precheck
from sync.planning import checking
from sync.planning.breaker import WELL, Breaker
from sync.planning.checking import Candidate, Plan, Standing
from sync.runtime import Runtime

EVERY = 0.025
"""Seconds between two looks at what is waited for"""
AGAIN = 0.25
"""Seconds after which a link that nobody pulls is called out again: whoever heard was busy with it"""

MOST_OF_IT = 0.5
"""Who waited so much of the deadline counts as having waited all of it: the rest went before, on our side"""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Awaited:
    """A link that somebody waits for."""

    organization_id: UUID
    waiting: int = 0
    called_at: float = 0.0


@dataclass(slots=True)
class Checker:
    """Of one process. `most` may wait at once, half of them of one organization."""

    runtime: Callable[[], Runtime]
    most: int
    _waiting: Counter[UUID] = field(default_factory=Counter)
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _awaited: dict[UUID, _Awaited] = field(default_factory=dict)
    _standing: dict[UUID, Standing] = field(default_factory=dict)
    """As they were looked at last, of those that somebody waits for"""
    _looked: asyncio.Event = field(default_factory=asyncio.Event)
    _looking: asyncio.Task[None] | None = None

    def spared(self, patience: timedelta) -> dict[str, str]:
        """Hosts for which nobody waits so long at this moment, and why."""
        now = clock.now()
        spared = [host for host, one in list(self._breakers.items()) if one.spares(now, patience)]
        return dict.fromkeys(spared, "it did not answer a moment ago")

    async def sights(
        self, organization_id: UUID, plan: Plan, enough: Callable[[Mapping[UUID, Sight]], bool], left: float
    ) -> dict[UUID, Sight]:
        """
        How the plan's links stand once those that must be asked have answered, or nobody waits any longer: it
        is `enough`, or so many seconds have passed. What did not answer although it is enough is not told.
        """
        found = dict(plan.sights)
        if not plan.asked:
            return found
        with self._place(organization_id):
            self._try(plan)
            with self._awaiting(organization_id, plan):
                answered = await self._wait(plan, found, enough, left)
        await self._version(organization_id, found, answered)
        return found

    async def _wait(
        self,
        plan: Plan,
        found: dict[UUID, Sight],
        enough: Callable[[Mapping[UUID, Sight]], bool],
        left: float,
    ) -> list[UUID]:
        """Fill in what the asked links answered; those of them that did."""
        began = time.monotonic()
        open_ = {one.link_id: one for one in plan.asked}
        answered: list[UUID] = []
        while open_:
            for link_id, sight in self._answers(open_.values(), plan).items():
                one = open_.pop(link_id)
                found[link_id] = replace(sight, waited=timedelta(seconds=time.monotonic() - began))
                answered.append(link_id)
                if sight.good:  # one calendar that is none says nothing of its host's others
                    self._breakers.pop(one.host, None)
            remains = began + left - time.monotonic()
            if not open_ or enough(found):
                return answered
            if remains <= 0:
                break
            try:
                await asyncio.wait_for(self._looked.wait(), remains)
            except TimeoutError:
                continue
        waited = timedelta(seconds=time.monotonic() - began)
        for one in open_.values():
            self._miss(one, plan.deadline if waited >= MOST_OF_IT * plan.deadline else waited)
            standing = self._standing.get(one.link_id)
            found[one.link_id] = replace(one.sight(Verdict.LATE, standing), waited=waited)
        return answered

    def _answers(self, asked: Iterable[Candidate], plan: Plan) -> dict[UUID, Sight]:
        found: dict[UUID, Sight] = {}
        for one in asked:
            standing = self._standing.get(one.link_id)
            sight = checking.answer(one, standing, plan.since) if standing is not None else None
            if sight is not None:
                found[one.link_id] = sight
        return found

    def _try(self, plan: Plan) -> None:
        now = clock.now()
        for one in plan.asked:
            if one.host in self._breakers:
                self._breakers[one.host] = self._breakers[one.host].tried(now, plan.deadline)

    def _miss(self, one: Candidate, patience: timedelta) -> None:
        self._breakers[one.host] = self._breakers.get(one.host, WELL).missed(clock.now(), patience)

    async def _version(self, organization_id: UUID, found: dict[UUID, Sight], answered: list[UUID]) -> None:
        """What was read just now, by the channel's own mark."""
        good = [found[link_id] for link_id in answered if found[link_id].good]
        if good:
            work = partial(precheck.versioned, sights=good)
            found |= await run_in_threadpool(self.runtime().database.transact, organization_id, work)

    @contextmanager
    def _place(self, organization_id: UUID) -> Iterator[None]:
        if self._waiting[organization_id] >= max(1, self.most // 2):
            words = "too many bookings of your organization wait for channels already; try again in a moment"
            raise TooManyWait.because("too_many_wait", words)
        if self._waiting.total() >= self.most:
            raise AllWait.because("busy", "too many bookings wait for channels; try again in a moment")
        self._waiting[organization_id] += 1
        try:
            yield
        finally:
            self._waiting[organization_id] -= 1
            self._waiting += Counter()

    @contextmanager
    def _awaiting(self, organization_id: UUID, plan: Plan) -> Iterator[None]:
        for one in plan.asked:
            if one.link_id not in self._awaited:
                self._awaited[one.link_id] = _Awaited(organization_id)
                self._standing.pop(one.link_id, None)  # of an earlier wait
            self._awaited[one.link_id].waiting += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_on())
        try:
            yield
        finally:
            for one in plan.asked:
                awaited = self._awaited[one.link_id]
                awaited.waiting -= 1
                if not awaited.waiting:
                    del self._awaited[one.link_id]

    async def _look_on(self) -> None:
        """Until nobody waits. Whoever comes after that begins another."""
        while self._awaited:
            try:
                await self._look()
            except (SQLAlchemyError, psycopg.Error, HubError):
                log.warning("the links that bookings wait for could not be looked at", exc_info=True)
            looked, self._looked = self._looked, asyncio.Event()
            looked.set()
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        database = self.runtime().database
        await self._call()
        self._standing = await run_in_threadpool(precheck.look, database, list(self._awaited))

    async def _call(self) -> None:
        """Call out what nobody pulls yet, or again: whoever had it may have begun too early."""
        now = time.monotonic()
        due: dict[UUID, list[UUID]] = {}
        for link_id, one in self._awaited.items():
            standing = self._standing.get(link_id)
            leased = standing is not None and standing.leased
            if not one.called_at or (not leased and now - one.called_at > AGAIN):
                one.called_at = now
                due.setdefault(one.organization_id, []).append(link_id)
        for organization_id, link_ids in due.items():
            await run_in_threadpool(self._ask, organization_id, link_ids)

    def _ask(self, organization_id: UUID, link_ids: list[UUID]) -> None:
        def work(session: Session) -> None:
            precheck.ask(session, link_ids)

        self.runtime().database.transact(organization_id, work)
