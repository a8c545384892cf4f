"""
What is waited for in one process: links are called out to the pullers, and one look tells all how they stand.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import psycopg
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub import clock
from hub.errors import HubError
from sync import precheck
from sync.planning import checking
from sync.planning.checking import Plan, Standing
from sync.runtime import Runtime

EVERY = 0.025
"""Seconds between two looks at what is waited for"""
AGAIN = 0.25
"""Seconds after which a link that nobody pulls is called out again: whoever heard was busy with it"""

APART = 1.0
"""
Seconds between two pulls of one link that this process calls out, however young the answer has to be; of who
could not wait that long, half of what it can wait
"""
LOOKS_TO_BE_GONE = 2

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Awaited:
    """A link that somebody waits for."""

    organization_id: UUID
    verified_at: datetime | None
    """As whoever waits for it found it"""
    apart: float = APART
    waiting: int = 0
    calls: int = 0
    called_at: float = 0.0
    pulled_at: float = 0.0
    """When it was last seen that somebody pulls it"""
    put_off_at: float = 0.0
    """When it was last seen that somebody heard, and may not pull it yet"""
    missed: int = 0
    """Looks in a row at which there was no such link"""

    @property
    def gone(self) -> bool:
        return self.missed >= LOOKS_TO_BE_GONE


@dataclass(frozen=True, slots=True)
class _Call:
    """The last time that a link was called out: to measure by, and to compare with what others write."""

    moment: float
    at: datetime


@dataclass(slots=True)
class Awaiting:
    """Of one process. `heard` is called when a puller is seen to begin with something, or to put it off."""

    runtime: Callable[[], Runtime]
    heard: Callable[[], object]
    awaited: dict[UUID, Awaited] = field(default_factory=dict)
    standing: dict[UUID, Standing] = field(default_factory=dict)
    """As they were looked at last, of those that somebody waits for"""
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the next look; then there is another"""
    taken_at: float = 0.0
    """When a puller was seen last to begin with something, or to put it off"""
    _calls: dict[UUID, _Call] = field(default_factory=dict)
    """Of late, whether or not anybody still waits"""
    _looking: asyncio.Task[None] | None = None

    @contextmanager
    def wait_for(self, organization_id: UUID, plan: Plan, left: float) -> Iterator[None]:
        for one in plan.asked:
            if one.link_id not in self.awaited:
                self.awaited[one.link_id] = Awaited(organization_id, one.standing.verified_at)
                self.standing.pop(one.link_id, None)  # of an earlier wait
            awaited = self.awaited[one.link_id]
            awaited.waiting += 1
            awaited.apart = min(awaited.apart, left / 2)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_on())
        try:
            yield
        finally:
            for one in plan.asked:
                awaited = self.awaited[one.link_id]
                awaited.waiting -= 1
                if not awaited.waiting:
                    del self.awaited[one.link_id]

    async def _look_on(self) -> None:
        """Until nobody waits. Whoever comes after that begins another."""
        while self.awaited:
            try:
                await self._look()
            except (SQLAlchemyError, psycopg.Error, HubError):
                log.warning("the links that bookings wait for could not be looked at", exc_info=True)
            looked, self.looked = self.looked, asyncio.Event()
            looked.set()
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        database = self.runtime().database
        await self._call()
        looked_at = list(self.awaited)
        before, now = self.standing, time.monotonic()
        self.standing = await run_in_threadpool(precheck.look, database, looked_at)
        for link_id in looked_at:
            awaited, standing = self.awaited.get(link_id), self.standing.get(link_id)
            if awaited is not None:
                awaited.missed = 0 if standing is not None else awaited.missed + 1
                if standing is not None and checking.taken(before.get(link_id), standing):
                    self._is_pulled(awaited, before.get(link_id), standing, now)

    def _is_pulled(self, one: Awaited, before: Standing | None, standing: Standing, now: float) -> None:
        one.pulled_at = now
        if before is None or before != standing:  # what hangs since long ago shows nobody who could take more
            self._heard(now)

    def _heard(self, now: float) -> None:
        self.taken_at = now
        self.heard()

    async def _call(self) -> None:
        """Call out what nobody pulls yet, or again: whoever had it may have begun too early."""
        now = time.monotonic()
        self._calls = {link_id: call for link_id, call in self._calls.items() if now - call.moment < APART}
        due: dict[UUID, list[UUID]] = {}
        again: set[UUID] = set()
        for link_id, one in self.awaited.items():
            if not one.gone and self._is_due(link_id, one, now):
                due.setdefault(one.organization_id, []).append(link_id)
                if one.calls:
                    again.add(link_id)
                one.calls, one.called_at = one.calls + 1, now
                self._calls[link_id] = _Call(now, clock.now())
        for organization_id, link_ids in due.items():
            # What was called out before, and is not due any more, somebody has heard of.
            for link_id in again & await run_in_threadpool(self._ask, organization_id, link_ids):
                if (known := self.awaited.get(link_id)) is not None:
                    known.put_off_at = now
                    self._heard(now)

    def _is_due(self, link_id: UUID, one: Awaited, now: float) -> bool:
        """Whether to call it out. What was just pulled is left alone for a moment."""
        standing, call = self.standing.get(link_id), self._calls.get(link_id)
        if one.calls and ((standing is not None and standing.leased) or now - one.called_at <= AGAIN):
            return False
        verified_at = standing.verified_at if standing is not None else one.verified_at
        answered = call is not None and verified_at is not None and verified_at >= call.at
        return not answered or call is None or now - call.moment >= one.apart

    def _ask(self, organization_id: UUID, link_ids: list[UUID]) -> frozenset[UUID]:
        def work(session: Session) -> frozenset[UUID]:
            return precheck.ask(session, link_ids)

        return self.runtime().database.transact(organization_id, work)
