"""kill -9 of whoever syncs a calendar, at every step: afterwards one event, and one effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from sync import relay
from sync.runtime import Runtime
from tests import servers
from tests.concurrency.together import tell
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.server import Serving
from tests.faults import stories
from tests.faults.nursery import PASSES, Life, Nursery, Task
from tests.faults.stories import WINDOW, Story
from tests.sync.both_sides import BothSides, a_network
from tests.sync.importing import a_runtime

KINDS = [
    stories.Made,
    stories.Moved,
    stories.Cancelled,
    stories.MovedAndBack,
    stories.Restored,
    stories.Released,
    stories.Accepted,
    stories.Imported,
]
SOME = 8
"""At every so many steps of each, each from another step on, and at every one in the long runs"""
KEPT = ("bookings", "booking_items", "allocations", "blackouts", "external_events", "external_blocks")
KEPT_OF_SYNC = ("conflicts", "sync_items", "sync_ops", "changes", "outbox")
ROWS = " UNION ALL ".join(
    f"SELECT '{table}' AS of, id::text || xmin::text AS row FROM {table}" for table in (*KEPT, *KEPT_OF_SYNC)
)
ANSWERED = ("after POST", "after PUT", "after DELETE")
WRITES = (*ANSWERED, "before POST", "before PUT", "before DELETE")
LAPSED = "UPDATE links SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until > 'epoch'"
"""What the dead held is waited for by the clock of the database, which a test cannot move"""
LONG_AGO = "UPDATE sync_items SET gone_at = gone_at - interval '1 day'"
"""What was deleted in the stories before is no mass deletion with what is deleted in this one"""
TAKEN_ARE_READY = "UPDATE outbox SET not_before = now() WHERE state = 'ready'"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as opened:
        yield opened


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with Serving(double, patience=0.05):  # whoever gets no answer need not wait for none
        yield double
    assert double.violations == []


@pytest.fixture
def runtime(empty_database: servers.Database, google: GoogleCalendar) -> Iterator[Runtime]:
    opened = a_runtime(empty_database, a_network(google))
    yield opened
    opened.close()


@pytest.fixture
def both(runtime: Runtime, google: GoogleCalendar) -> BothSides:
    """On real sockets: it is the same Google for this process and for those that die."""
    made = BothSides.build(runtime, google)
    made.rest()
    return made


class Deaths:
    """One story again and again, each time on other days, with a death one boundary later."""

    def __init__(
        self, both: BothSides, database: servers.Database, nursery: Nursery, kind: type[Story]
    ) -> None:
        self.both = both
        self.nursery = nursery
        self.kind = kind
        self._told = 0
        self.task = Task(database.app_url, both.google.root, str(both.organization_id), str(both.link_id))
        story = self._next()
        story.happens()
        self.nursery.warm(replace(self.task, passes=PASSES))

    def live(self, dies_at: int, *, sends_first: bool = False, late: bool = False) -> tuple[Life, list[str]]:
        """
        A life with that death, and what is wrong when another, which knows nothing of it, has gone on.

        `late`: what was sent by the dead is still on its way then, and arrives when all is done.
        """
        story = self._next()
        self.both.google.reset_log()
        story.happens()
        if late:
            self.both.google.faults.keep_late(when=lambda asked: asked.writes)
        if story.heard:
            relay.relay(self.both.runtime)
        mortal = replace(self.task, dies_at=dies_at, relays=not story.heard, sends_first=sends_first)
        life = self.nursery.run(mortal)
        self._say(LAPSED, TAKEN_ARE_READY)
        story.meanwhile()
        found = [*self._unrest(), *self._wrong(story)]
        if late:
            assert self.both.google.release_late() != []
            found += [*self._unrest(), *self._wrong(story)]
        return life, found

    def _unrest(self) -> list[str]:
        ended = [self.both.sync()]
        while ended[-1].state != "unchanged" and len(ended) < PASSES:
            ended.append(self.both.sync())
        return [] if ended[-1].state == "unchanged" else [f"no rest: {ended}"]

    def _next(self) -> Story:
        self._told += 1
        self._say(LONG_AGO)
        return self.kind(self.both, clock.now().date() + timedelta(days=20 + WINDOW * self._told))

    def _say(self, *statements: str) -> None:
        for statement in statements:
            self.both.do(partial(Session.execute, statement=text(statement)))

    def _wrong(self, story: Story) -> list[str]:
        found = []
        if story.shown() != story.there():
            found.append(f"the calendar shows {story.shown()}")
        if not all(story.here()):
            found.append(f"the inventory: {story.here()}")
        if len(wrote := self.both.google.effects()) > story.writes:
            found.append(f"it wrote there {len(wrote)} times: {wrote}")
        if waiting := [op.state for op in self.both.ops() if op.state in ("ready", "inflight")]:
            found.append(f"open ops: {waiting}")
        writes, rows = len(self.both.google.writes()), self._rows()
        if (outcome := self.both.sync()).state != "unchanged":
            found.append(f"one more pass: {outcome}")
        if len(self.both.google.writes()) != writes:
            found.append("one more pass wrote there")
        if self._rows() != rows:
            found.append(f"one more pass wrote here: {self._rows() ^ rows}")
        return found

    def _rows(self) -> frozenset[tuple[str, str]]:
        return self.both.do(
            lambda session: frozenset((row.of, row.row) for row in session.execute(text(ROWS)))
        )


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("kind", "stride"),
    [
        *(pytest.param(kind, SOME, id=kind.__name__) for kind in KINDS),
        *(pytest.param(kind, 1, id=f"{kind.__name__}-all", marks=pytest.mark.soak) for kind in KINDS),
    ],
)
def test_a_worker_killed_at_any_step_leaves_one_event_and_one_effect(
    both: BothSides, empty_database: servers.Database, nursery: Nursery, kind: type[Story], stride: int
) -> None:
    deaths = Deaths(both, empty_database, nursery, kind)
    undisturbed, wrong = deaths.live(0)
    assert wrong == []

    died: list[str] = []
    for step in steps(undisturbed, KINDS.index(kind), stride):
        life, wrong = deaths.live(step)
        if not life.killed:
            break
        died.append(life.crossed[-1])
        assert wrong == [], f"killed at {step}: {life.crossed}"
    tell(f"{kind.__name__}: {len(died)} deaths")
    assert step > len(undisturbed.crossed), "up to the last one"


def steps(undisturbed: Life, first: int, stride: int) -> Iterator[int]:
    """From the first to where nobody comes: every so many of them, and all those around a write."""
    writes = [n for n, what in enumerate(undisturbed.crossed, 1) if what.startswith(WRITES)]
    near = {n + aside for n in writes for aside in (-1, 0, 1)}
    return (n for n in range(1, 500) if n in near or (n - first) % stride == 0)


WRITING = [stories.Made, stories.Moved, stories.MovedAndBack, stories.Cancelled, stories.Restored]


@pytest.mark.parametrize("kind", WRITING, ids=lambda kind: kind.__name__)
def test_what_the_dead_had_sent_may_arrive_when_all_is_done(
    both: BothSides, empty_database: servers.Database, nursery: Nursery, kind: type[Story]
) -> None:
    deaths = Deaths(both, empty_database, nursery, kind)
    undisturbed, _ = deaths.live(0)

    life, wrong = deaths.live(sent(undisturbed), late=True)

    assert life.killed
    assert wrong == []


def sent(life: Life) -> int:
    """The boundary at which the first write was answered, or was not."""
    return next(n for n, what in enumerate(life.crossed, 1) if what.startswith(ANSWERED))


@pytest.mark.parametrize("kind", [stories.MovedAndBack, stories.Restored], ids=lambda kind: kind.__name__)
def test_a_write_that_is_only_put_down_when_it_is_done_does_harm_once_somebody_dies_in_between(
    both: BothSides, empty_database: servers.Database, nursery: Nursery, kind: type[Story]
) -> None:
    """The twin of the test above: this is what the ops are for."""
    deaths = Deaths(both, empty_database, nursery, kind)
    undisturbed, wrong = deaths.live(0, sends_first=True)
    assert wrong == []

    life, wrong = deaths.live(sent(undisturbed), sends_first=True)

    assert life.killed
    tell(wrong)
    assert wrong != []
