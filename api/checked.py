"""Selling with the channels' word: suggest units, ask their links, then book; or look further."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api.callers import Caller
from api.checker import Checker
from hub import clock
from hub.domain.evidence import Evidence, Sight
from hub.errors import Conflict
from hub.services.checks import Unasked
from hub.services.placement import Suggested
from sync import precheck
from sync.precheck import Prepared

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of it already: nobody had to be asked."""

    result: T


FIRST = 12
"""Units of a type whose channels are asked at first; all of them, if none of these can be had"""
ROUNDS = 3
AT_LEAST = 0.2
"""Seconds that a further round may wait, however long the first ones took"""

Gather = Callable[[Session, int | None], Suggested | Done[T] | None]
"""
What could be sold, of each type at most so many units; None where nothing is to be asked. Where no channel
has a say, it may do it at once: `Unasked` where one turns out to have, and all begins again.
"""
Act = Callable[[Evidence, frozenset[UUID] | None], T]
"""Do it in a transaction of its own, by type among these units"""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request that waits for channels before it acts."""

    caller: Caller
    checker: Checker

    async def act(self, gather: Gather[T], act: Act[T]) -> T:
        """Conflict, Refused as `act`; what `gather` refuses is refused before anybody is asked."""
        began = time.monotonic()
        most: int | None = FIRST
        for number in range(ROUNDS):
            try:
                found = await run_in_threadpool(self._prepare, gather, most)
            except Unasked:
                continue
            if isinstance(found, Done):
                return found.result
            if found is None:
                return await run_in_threadpool(act, Evidence(clock.now()), None)
            suggested, prepared, at = found
            deadline = prepared.plan.deadline.total_seconds()
            left = max(deadline - (time.monotonic() - began), min(AT_LEAST, deadline))
            last = number == ROUNDS - 1
            # Only of units that are free one each is enough; in the end all have their say.
            enough = _enough(suggested, prepared) if suggested.free and not last else _never
            sights = await self.checker.sights(self.caller.organization_id, prepared.plan, enough, left)
            evidence = Evidence(at, sights)
            choices = _choices(suggested, prepared, evidence)
            try:
                return await self._try(act, evidence, choices)
            except Conflict:
                if choices[-1] is None or last:
                    raise
            except Unasked:
                if last:
                    break
            # What the pulls brought is known by now: of those that are still free some were not waited for.
            most = FIRST if suggested.complete and suggested.free else None
        raise Conflict.because("busy", "others are changing the same units at this moment; try again")

    async def _try(self, act: Act[T], evidence: Evidence, choices: Sequence[frozenset[UUID] | None]) -> T:
        """With what its channels vouched for, else with what the policy makes of the rest."""
        for among in choices[:-1]:
            try:
                return await run_in_threadpool(act, evidence, among)
            except Conflict:
                continue
        return await run_in_threadpool(act, evidence, choices[-1])

    def _prepare(
        self, gather: Gather[T], most: int | None
    ) -> tuple[Suggested, Prepared, datetime] | Done[T] | None:
        def work(session: Session) -> tuple[Suggested, Prepared, datetime] | Done[T] | None:
            now = clock.now()
            suggested = gather(session, most)
            if suggested is None or isinstance(suggested, Done):
                return suggested
            return suggested, precheck.prepare(session, suggested.units, now, self.checker.spared), now

        return self.caller.transact(work)


def _never(_sights: Mapping[UUID, Sight]) -> bool:
    return False


def _enough(suggested: Suggested, prepared: Prepared) -> Callable[[Mapping[UUID, Sight]], bool]:
    """Whether every item can have a unit whose links are all known to be good, and no two the same."""
    links = {one.unit.id: one.link_ids for one in prepared.units}

    def enough(sights: Mapping[UUID, Sight]) -> bool:
        good = {
            unit_id
            for unit_id, link_ids in links.items()
            if all(link_id in sights and sights[link_id].good for link_id in link_ids)
        }
        taken: set[UUID] = set()
        for units in sorted(suggested.items, key=len):
            free = [u.id for u in units if (u.id in good or u.id not in links) and u.id not in taken]
            if not free:
                return False
            taken.add(free[0])
        return True

    return enough


def _choices(
    suggested: Suggested, prepared: Prepared, evidence: Evidence
) -> Sequence[frozenset[UUID] | None]:
    """Among which units to look: the good ones, then those that were asked, where that is not the same."""
    if all(len(units) <= 1 for units in suggested.items):
        return [None] if suggested.complete else [frozenset(unit.id for unit in suggested.units)]
    links = {one.unit.id: one.link_ids for one in prepared.units}
    asked = frozenset(u.id for u in suggested.units if evidence.covers(links.get(u.id, frozenset())))
    good = frozenset(unit_id for unit_id in asked if not evidence.bad(links.get(unit_id, frozenset())))
    everything = None if suggested.complete and len(asked) == len(suggested.units) else asked
    return [good, everything] if good and good != asked else [everything]


async def _asking(request: Request) -> Checker:
    checker: Checker = request.app.state.checker
    return checker


Checked = Annotated[Checker, Depends(_asking)]
