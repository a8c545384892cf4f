"""The game itself: weeks in which everybody acts in his turn, from a seed."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from connectors.sandbox.faults import FAULTS
from connectors.sandbox.reading import Unreadable
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.stays import DAY, HOUR, slots
from connectors.transport import Network
from hub.domain.periods import Hours, Nights, Span, at
from tests.conftest import FrozenClock
from tests.flows.zoo.house import MADRID, House, today
from tests.flows.zoo.watch import Report, Watch

STARTED = datetime(2026, 9, 10, 6, 17, tzinfo=UTC)
QUIET = timedelta(days=8)
LONGER = timedelta(days=10)
"""At the most, until each fault has come: one may last until the time of the next ones is over"""
IMPATIENT = timedelta(seconds=0.1)
"""How long a calendar may take while the game has made it slow"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things happen: what a day of the game costs."""

    pull: timedelta
    read: timedelta
    """No channel reads our calendar more often than this, whatever it usually does"""
    guest: timedelta


class Game:
    """One house, its channels on a server, and everybody's turns on a heap."""

    def __init__(
        self,
        house: House,
        server: SandboxServer,
        clock: FrozenClock,
        seed: str,
        pace: Pace,
        lively: timedelta,
        everywhere: bool,
    ) -> None:
        """`everywhere`: each fault comes to every channel, and not only to one of them."""
        self.house = house
        self.server = server
        self.clock = clock
        self.pace = pace
        self.rng = random.Random(seed)
        self.channels = dict(server.zoo.channels)
        self.watch = Watch(house, self.channels)
        self._turns: list[tuple[datetime, int, str, str]] = []
        self._number = 0
        self._impatient = Network(["127.0.0.1"], deadline=IMPATIENT)
        self._lively = lively
        self._faults: dict[str, list[str]] = {}
        self._arm(1 if everywhere else len(self.channels))

    def play(self) -> Report:
        for name in self.channels:
            self._next(STARTED, "pull", name)
            self._next(STARTED + 1.5 * HOUR, "read", name)
        self._next(STARTED + 3 * HOUR, "guest", "")
        lively = STARTED + self._lively
        self._until(lively, self._live)
        while self._still_to_come() and lively < STARTED + self._lively + LONGER:
            lively += DAY
            self._until(lively, self._live)
        self.server.zoo.quieten()
        self._turns = [turn for turn in self._turns if turn[2] != "guest"]
        heapq.heapify(self._turns)
        self._until(lively + QUIET, lambda: None)
        for what in (self._read, self._pull):
            self.clock.advance(HOUR)
            for name in self.channels:
                what(name)
        self.watch.ended(self.clock.instant)
        return self.watch.report

    def _until(self, end: datetime, meanwhile: Callable[[], object]) -> None:
        while self._turns[0][0] < end:
            moment, _, what, name = heapq.heappop(self._turns)
            self.clock.at(moment)
            meanwhile()
            {"pull": self._pull, "read": self._read, "guest": self._guest}[what](name)

    def _live(self) -> None:
        for name, channel in self.channels.items():
            self.watch.acted(name, channel.live(self.clock.instant))

    def _pull(self, name: str) -> None:
        channel, now = self.channels[name], self.clock.instant
        slow = {"slow", "trickle"} & set(channel.armed(now))
        before = channel.last_answer
        outcome = self.house.pull(name, self._impatient if slow else None)
        answered = channel.last_answer if channel.last_answer is not before else None
        if outcome.state == "changed":
            self.house.relay()
        self.watch.pulled(name, outcome, answered, now)
        if outcome.state == "changed":
            self.watch.look(now)
        usual = now + self.pace.pull * self.rng.uniform(0.75, 1.25)
        standing = self.house.standing(name)
        if standing.state not in ("active", "guarded"):
            self.watch.report.stopped.append(f"{now:%m-%d %H:%M} {name}: {standing.state}, {standing.reason}")
            self.house.resume(name)
        if standing.missing:
            self.watch.guarded(name, standing, answered, now)
            usual = min(usual, max(standing.next_pull_at, now + timedelta(minutes=1)))
        elif outcome.state == "failed":
            usual = now + self.pace.pull / 2
        self._next(usual, "pull", name)

    def _read(self, name: str) -> None:
        channel, now = self.channels[name], self.clock.instant
        body = self.house.feed(name, channel.manner.agent)
        try:
            with self.server.zoo.held():
                channel.consume(body)
            self.watch.read(name, now)
        except Unreadable as complaint:
            self.watch.report.unexplained.append(f"{name} refuses our calendar: {complaint}")
        pace = max(self.pace.read, channel.manner.reads_every)
        self._next(now + pace * self.rng.uniform(0.9, 1.1), "read", name)

    def _guest(self, _: str) -> None:
        """One of our own guests: asks for a while, moves, or cancels."""
        now, rng = self.clock.instant, self.rng
        mine = [sold for sold in self.house.own if self._begins(sold.span) > now + DAY]
        what = rng.choices(["book", "move", "cancel"], [6, 2, 3])[0] if mine else "book"
        if what == "cancel":
            self.house.cancel(rng.choice(mine))
        else:
            span = self._some_span()
            done = span and (
                self.house.book(span) if what == "book" else self.house.move(rng.choice(mine), span)
            )
            if span and done:
                self.watch.sold(span, now)
            self.watch.report.refusals += not done
        self.house.relay()
        self.watch.look(now)
        self._next(now + self.pace.guest * rng.uniform(0.5, 1.5), "guest", "")

    def _some_span(self) -> Span | None:
        now, rng = self.clock.instant, self.rng
        for _ in range(8):
            day = today(now) + rng.randint(1, 100 if rng.random() < 0.7 else 7) * DAY
            if self.house.hourly:
                begins = at(day, time(rng.randint(8, 18)), MADRID)
                span: Span = Hours(begins, begins + rng.choice((2, 4, 24, 48)) * HOUR)
            else:
                span = Nights(day, day + rng.randint(1, 6) * DAY)
            busy = self.house.busy(self._begins(span) - DAY, self._begins(span) + 10 * DAY)
            units = len(self.house.units)
            if all(busy[slot] < units for slot in slots(span)):
                return span
        return None

    def _begins(self, span: Span) -> datetime:
        return span.starts_at if isinstance(span, Hours) else at(span.arrival, time(12), MADRID)

    def _arm(self, parts: int) -> None:
        """At every channel all faults once, in an order of its own; in parts, each has a part of them."""
        dealt = self.rng.sample(sorted(FAULTS), len(FAULTS))
        for turn, channel in enumerate(self.channels.values()):
            mine = sorted(dealt[turn % parts :: parts])
            names = self._faults[channel.name] = self.rng.sample(mine, len(mine))
            share = (self._lively - 2 * DAY) / len(names)
            for number, name in enumerate(names):
                channel.arm(name, STARTED + DAY + share * (number + self.rng.uniform(0, 0.4)))

    def _still_to_come(self) -> bool:
        """A fault that a channel was given and no question has met."""
        return any(set(self._faults[name]) - set(channel.met) for name, channel in self.channels.items())

    def _next(self, moment: datetime, what: str, name: str) -> None:
        self._number += 1
        heapq.heappush(self._turns, (moment, self._number, what, name))
