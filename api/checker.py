"""
Waiting for channels: who is about to book waits here, without a thread, until they answered or time is up.

One look every few hundredths of a second, at all links that anybody waits for, tells everybody. A host that
did not answer is not waited for again at once: each process finds that out for itself. So it does where no
puller takes what is called out, which says nothing of any host.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from fastapi.concurrency import run_in_threadpool

from api.awaiting import Awaiting
from api.waiting import AllWait, TooManyWait
from hub import clock
from hub.domain.evidence import Sight, Verdict
from sync import precheck
from sync.planning import checking
from sync.planning.breaker import FIRST_REST, LONGEST_REST, WELL, Breaker
from sync.planning.checking import Candidate, Plan
from sync.runtime import Runtime

CALLS_TO_BE_HEARD = 2
TO_BE_HEARD = timedelta(seconds=0.5)
"""Who called out so often, for so long, and saw nobody take anything, takes it that nobody pulls"""

MOST_OF_IT = 0.5
"""Who waited so much of the deadline counts as having waited all of it: the rest went before, on our side"""


@dataclass(slots=True)
class Checker:
    """Of one process. `most` may wait at once, half of them of one organization."""

    runtime: Callable[[], Runtime]
    most: int
    _waiting: Counter[UUID] = field(default_factory=Counter)
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _links: Awaiting = field(init=False)

    def __post_init__(self) -> None:
        self._links = Awaiting(self.runtime, heard=lambda: self._breakers.pop(checking.ALL, None))

    def spared(self, patience: timedelta) -> dict[str, str]:
        """Hosts for which nobody waits so long at this moment, and why."""
        now = clock.now()
        return {
            host: checking.NOBODY if host == checking.ALL else checking.SILENT
            for host, one in list(self._breakers.items())
            if one.spares(now, patience)
        }

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
            with self._links.wait_for(organization_id, plan, left):
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
                await asyncio.wait_for(self._links.looked.wait(), remains)
            except TimeoutError:
                continue
        found |= self._late(open_.values(), plan.deadline, began)
        return answered

    def _late(self, late: Collection[Candidate], deadline: timedelta, began: float) -> dict[UUID, Sight]:
        """Time is up for these. Only of what somebody pulled meanwhile it is the host that was silent."""
        waited = timedelta(seconds=time.monotonic() - began)
        patience = deadline if waited >= MOST_OF_IT * deadline else waited
        found: dict[UUID, Sight] = {}
        for one in late:
            awaited, why = self._links.awaited[one.link_id], ""
            if awaited.pulled_at >= began:
                self._miss(one.host, patience)
            else:
                why = checking.PUT_OFF if awaited.put_off_at >= began else checking.UNTAKEN
            standing = self._links.standing.get(one.link_id)
            found[one.link_id] = replace(one.sight(Verdict.LATE, standing, why), waited=waited)
        calls = min(self._links.awaited[one.link_id].calls for one in late)
        heard = self._links.taken_at >= began or calls < CALLS_TO_BE_HEARD or waited < TO_BE_HEARD
        if not heard:
            self._miss(checking.ALL, patience, FIRST_REST)
        return found

    def _answers(self, asked: Iterable[Candidate], plan: Plan) -> dict[UUID, Sight]:
        found: dict[UUID, Sight] = {}
        for one in asked:
            if self._links.awaited[one.link_id].gone:
                found[one.link_id] = one.sight(Verdict.UNREACHABLE, why=checking.GONE)
                continue
            standing = self._links.standing.get(one.link_id)
            sight = checking.answer(one, standing, plan.since) if standing is not None else None
            if sight is not None:
                found[one.link_id] = sight
        return found

    def _try(self, plan: Plan) -> None:
        now = clock.now()
        for host in {checking.ALL, *(one.host for one in plan.asked)} & self._breakers.keys():
            self._breakers[host] = self._breakers[host].tried(now, plan.deadline)

    def _miss(self, host: str, patience: timedelta, longest: timedelta = LONGEST_REST) -> None:
        self._breakers[host] = self._breakers.get(host, WELL).missed(clock.now(), patience, longest)

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
