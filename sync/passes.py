"""
One pass over a calendar that is synced event by event: recover, list, sweep, guard, plan and write.

Safe at any time, any number of times: the lease decides who works, every transaction begins by proving it,
nothing is sent inside a transaction, and every write is put down before it is sent. See docs/two-way.md.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import Page
from connectors.errors import ConnectorError, CursorExpired, Rejected, Unavailable
from connectors.transport import Closing, Network
from hub import clock
from hub.domain.gaps import mean_gap
from hub.ids import FIRST_ID
from hub.models.links import Link
from hub.queries import links as query
from hub.queries import sync as items
from hub.queries.links import Fenced
from hub.queries.pulls import Pullable
from hub.queries.sync import Waiting
from sync import calendars, deleted, imports, leasing, listing, push, touching
from sync.attempts import BUSY, Attempt, Outcome
from sync.calendars import LinkedCalendar
from sync.payloads import Heard
from sync.planning import headline, passing, schedule, told
from sync.planning.guard import Guard
from sync.planning.headline import Gist
from sync.planning.schedule import Verdict

T = TypeVar("T")

LONGEST = 240.0
"""Seconds that a pass may take; what is left then is done by the next one"""
ROUNDS = 8
"""How often it looks again for what was touched meanwhile, before others have their turn"""
TOUCHED = 100
SCAN = timedelta(hours=1)
"""How often everything in scope is compared, whatever was told"""
STUMBLES = 3
"""Events in a row that cannot be written: then it is not the events"""
TOGETHER = timedelta(seconds=5)
"""Between a pass and one that a notice asked for meanwhile: a burst of notices is one change"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a pass needs, read with its lease."""

    calendar: LinkedCalendar
    waiting: Waiting
    horizon: timedelta


def prepare(session: Session, link: Pullable, network: Network, horizon: timedelta) -> Prepared:
    """Raises ConnectorError where the link's settings no longer make sense."""
    waiting = Waiting(link.inflight, link.touched, gone=link.waits, full_pending=link.full_pending)
    return Prepared(calendars.of_pull(session, link, network), waiting, horizon)


def sync(attempt: Attempt, prepared: Prepared) -> Outcome:
    """Make both sides equal. An outage changes nothing that is held, here or there."""
    work = _Pass(attempt, prepared)
    try:
        with leasing.kept(attempt.runtime, attempt.lease):
            return work.run()
    except Fenced:
        return BUSY
    except Closing:
        return attempt.given_back()
    except ConnectorError as error:
        return work.failed(error)
    except Exception as error:  # a defect of ours: told as one, and no reason to kill the worker
        log.exception("syncing link %s failed", attempt.lease.link_id)
        defect = f"a defect of the hub ({type(error).__name__}); what is held stays held"
        return work.failed(Unavailable(defect, code="defect"))


def rehearse(attempt: Attempt, prepared: Prepared, seconds: float) -> Outcome:
    """What a pass would do: sync/dry_run.py sees to it that it is undone, and sends nothing."""
    return _Pass(attempt, prepared, ends=time.monotonic() + seconds).run()


@dataclass(slots=True)
class _Pass:
    attempt: Attempt
    prepared: Prepared
    counts: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    gists: list[Gist] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)
    refused: list[str] = field(default_factory=list)
    stumbles: list[Exception] = field(default_factory=list)
    """Of events in a row that could not be written"""
    stumbled: Exception | None = None
    """The first of all: the pass fails by it once the others are written"""
    imported: bool = False
    """All that the listing told has been taken over"""
    ends: float = field(default_factory=lambda: time.monotonic() + LONGEST)

    @property
    def _calendar(self) -> LinkedCalendar:
        return self.prepared.calendar

    def run(self) -> Outcome:
        if self.prepared.waiting.inflight:
            push.recover(self._transact, self._calendar, self._stumble, self.counts)
        listed_at = clock.now()
        page = self._first_page()
        if page and self._brings_nothing(page) and self.attempt.unchanged(dict(page.cursor or {})):
            return Outcome("unchanged")
        cursor = self.attempt.link.cursor if page else None
        listing.pull(self._transact, self._calendar, cursor, page, self.heard.hear)
        done = listing.sweep(self._transact, self._calendar, self._go_on)
        dirty_seq = self._settle() if done else None
        return self._end(listed_at, dirty_seq)

    def failed(self, error: ConnectorError) -> Outcome:
        judged: list[Verdict] = []

        def judge(_link: Link, failures: int) -> Verdict:
            jitter = random.random()  # noqa: S311
            judged.append(passing.after_failure(error, clock.now(), failures, jitter))
            return judged[-1]

        summary, gist = told.summary(self.counts, self.said, self.refused), headline.total(self.gists)
        outcome = self.attempt.failed(error, judge, self.counts, summary, gist, self.heard.bodies)
        if passing.rests(error) and outcome is not BUSY:
            self._rest(judged[-1].next_pull_at)
        return outcome

    def _rest(self, until: datetime) -> None:
        """The quota is the account's: nothing more is asked of this calendar until then, whoever asks."""
        with self.attempt.runtime.database.unit_of_work(self.attempt.lease.organization_id) as session:
            query.note(session, self.attempt.lease.link_id, rests_until=until)

    def _first_page(self) -> Page | None:
        """None where the cursor has run out."""
        try:
            return self._calendar.changes(self.attempt.link.cursor, None)
        except CursorExpired:
            return None

    def _brings_nothing(self, page: Page) -> bool:
        """Neither side has moved: the usual case, which costs one request and one statement."""
        link, waiting = self.attempt.link, self.prepared.waiting
        if page.full or page.events or page.next_page is not None:
            return False
        pending = waiting.inflight or waiting.touched or waiting.gone or waiting.full_pending
        return not pending and link.scan_at is not None and link.scan_at > clock.now()

    def _settle(self) -> int | None:
        """Guard, plan, write until nothing is touched: what had changed here by then; None if not all is."""
        for _ in range(ROUNDS):
            dirty_seq = self._transact(lambda _session, link: link.dirty_seq)
            deleted.weigh(self._transact, self._calendar)
            self._scan()
            if not self._bring():
                return None
            self.imported = True
            written = self._write()
            if self.stumbled is not None:
                raise self.stumbled
            if not written:
                return None
            if self._rests(dirty_seq):
                return dirty_seq
        return None

    def _bring(self) -> bool:
        horizon, counts, said, gists = self.prepared.horizon, self.counts, self.said, self.gists
        return imports.bring(self._transact, horizon, counts, said, gists, self._go_on, self._stumble)

    def _write(self) -> bool:
        """All of ours that was touched; what is touched again meanwhile waits for the next round."""
        after = FIRST_ID
        while self._go_on():
            found = self._touched(after)
            if not found:
                return True
            for item_id in found:
                if not self._go_on():
                    return False
                self._write_one(item_id)
            after = found[-1]
        return False

    def _touched(self, after: UUID) -> Sequence[UUID]:
        return self._transact(lambda session, link: items.touched(session, link.id, "hub", TOUCHED, after))

    def _write_one(self, item_id: UUID) -> None:
        try:
            push.settle(self._transact, self._calendar, item_id, self.counts)
        except Rejected as error:
            if error.code in push.OF_THE_LINK:
                raise
            self.counts["refused"] += 1
            self.refused.append(error.message)
        except (Fenced, Closing):
            raise
        except Exception as error:
            self._stumble(error)
            return
        self.stumbles.clear()

    def _stumble(self, error: Exception) -> None:
        """One event must not keep the others from being written; what keeps several of them does."""
        self.stumbled = self.stumbled or error
        self.stumbles.append(error)
        of_the_link = isinstance(error, ConnectorError) and not isinstance(error, Unavailable)
        if of_the_link or passing.rests(error) or len(self.stumbles) >= STUMBLES:
            raise error

    def _scan(self) -> None:
        """Compare everything in scope, where it is time to."""

        def work(session: Session, link: Link) -> int:
            now = clock.now()
            if link.scan_at is not None and link.scan_at > now:
                return 0
            found = 0
            if self._calendar.exports:
                found += touching.scan(session, link, self._calendar.options, now)
            if self._calendar.imports:
                items.touch_series(session, link.id)
            query.note(session, link.id, scan_at=now + SCAN)
            return found

        self._transact(work)

    def _rests(self, dirty_seq: int) -> bool:
        return self._transact(
            lambda session, link: link.dirty_seq == dirty_seq and not items.waiting(session, link.id).touched
        )

    def _end(self, listed_at: datetime, dirty_seq: int | None) -> Outcome:
        def work(session: Session) -> Outcome:
            link = query.hold(session, self.attempt.lease)
            now = clock.now()
            guard = Guard.from_json(link.guard) if link.guard is not None else None
            next_pull_at = self.attempt.next(now)
            if dirty_seq is None and self._go_on():
                next_pull_at = now + TOGETHER  # not for want of time: something keeps changing
            elif dirty_seq is None or link.dirty_seq > dirty_seq:
                next_pull_at = now
            elif link.notices > self.attempt.link.notices:
                next_pull_at = now + TOGETHER
            elif guard is not None:
                jitter = random.random()  # noqa: S311
                next_pull_at = schedule.while_waiting(now, next_pull_at, guard.again_at, jitter)
            measured = mean_gap(link.measured_seconds, link.verified_at, listed_at)
            query.note(
                session,
                link.id,
                synced_seq=link.synced_seq if dirty_seq is None else dirty_seq,
                noticed=self.attempt.link.notices,
                verified_at=listed_at if self.imported else link.verified_at,
                measured_seconds=measured if self.imported else link.measured_seconds,
                rests_until=None,
                failures=0,
                failing_since=None,
                refused="",
                refusals=0,
                state="guarded" if guard is not None and guard.tripped else "active",
                state_reason=guard.why if guard is not None and guard.tripped else None,
                next_pull_at=next_pull_at,
            )
            return self.attempt.end(session, self._outcome(), lambda: self.heard.bodies)

        return self.attempt.transact(work)

    def _outcome(self) -> Outcome:
        counts = {name: number for name, number in self.counts.items() if number}
        summary = told.summary(self.counts, self.said, self.refused)
        said = self.attempt.headline(headline.total(self.gists), counts)
        return Outcome("changed" if counts else "unchanged", counts, summary, headline=said)

    def _go_on(self) -> bool:
        return time.monotonic() < self.ends

    def _transact(self, work: Callable[[Session, Link], T]) -> T:
        """Under the lease, or Fenced."""
        return self.attempt.step(lambda session: work(session, query.hold(session, self.attempt.lease)))
