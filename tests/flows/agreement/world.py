"""One game: people on both sides, the workers between them, and all that can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hub import clock
from hub.services.bookings import Booked
from sync import expiry, relay
from sync import pull as pulling
from sync.attempts import Outcome
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.flows.agreement.boundaries import Boundaries, Bounded, Crash, Once, Zombie, die
from tests.flows.agreement.people import People
from tests.sync.both_sides import BothSides

PASS = 60
"""Boundaries that a pass has, more or less"""


@dataclass(kw_only=True)
class World(People):
    boundaries: Boundaries
    clock: FrozenClock
    zombies: list[Zombie] = field(default_factory=list)

    @classmethod
    def begin(
        cls, runtime: Runtime, google: GoogleCalendar, boundaries: Boundaries, frozen: FrozenClock
    ) -> World:
        bounded = replace(runtime, database=Bounded(runtime.database, boundaries))
        both = BothSides.build(bounded, google, of_property=True)
        return cls(both, clock.now().date(), boundaries=boundaries, clock=frozen)

    # The workers

    def sync(self, _number: int = 0) -> None:
        self._worked(self._pass)

    def crashes(self, number: int) -> None:
        def work() -> None:
            with self.boundaries.watched(_once(number, die)):
                self._pass()

        self._worked(work)
        self._lease_ends()

    def meanwhile(self, number: int) -> None:
        """Somebody does something in the middle of a pass, and often to the very event that it writes."""
        acts: tuple[Callable[[int], None], ...]
        acts = (self.edits, self.moves, self.deletes, self.cancel, self.rename, self.move, self.book)
        booked = self._one_of_ours(number)
        target = number
        if booked is not None and number % 3:
            (self.move, self.rename, self.cancel)[number % 5 % 3](number)
            event = self._event_of(booked)
            target = sorted(self.both.there()).index(event) if event in self.both.there() else number
            acts = (self.edits, self.moves, self.deletes)

        def meddle() -> None:
            self.look()
            acts[number % len(acts)](target)

        def work() -> None:
            with self.boundaries.watched(_once(number, meddle)):
                self._pass()

        self._worked(work)

    def unheard(self, number: int) -> None:
        """A write arrives and its answer does not; before anybody looks, somebody thinks better of it."""
        booked = self._one_of_ours(number)
        if booked is None:
            return
        (self.move, self.rename)[number % 2](number)
        self.both.google.faults.lose_answer(operation=("events.update", "events.insert")[number % 5 == 4])
        self.sync()
        event = self._event_of(booked)
        if number % 3 and event in self.both.there():
            (self.edits, self.moves)[number % 2](sorted(self.both.there()).index(event))
        else:
            self.returns(number)

    def _event_of(self, booked: Booked) -> str:
        """The event that stands for a booking, there or not."""
        found = [item.remote_id for item in self.both.items() if item.local_id == booked.items[0].id]
        return found[0] if found else ""

    def sleeps(self, number: int) -> None:
        if len(self.zombies) < 3:
            relay.relay(self.both.runtime)
            place = _once(number, die)
            self.zombies.append(Zombie(self.boundaries, self._pull, place.number, wire=place.wire))
            self._lease_ends()

    def wakes(self, _number: int) -> None:
        if self.zombies:
            self._worked(self.zombies.pop(0).wake)

    def _pass(self) -> Outcome:
        """As the timetable has it: lapsed holds, the outbox, the calendar."""
        expiry.expire_lapsed(self.both.runtime)
        relay.relay(self.both.runtime)
        return self._pull()

    def _pull(self) -> Outcome:
        return pulling.pull(self.both.runtime, self.both.organization_id, self.both.link_id)

    def _worked(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Crash:
            return None
        finally:
            self.look()

    def _lease_ends(self) -> None:
        self.sql("UPDATE links SET lease_until = 'epoch', attempts = 0")

    # What goes wrong

    def fault(self, number: int) -> None:
        faults = self.both.google.faults
        orders: list[Callable[[], Any]] = [
            lambda: faults.lose_answer(operation="events.insert"),
            lambda: faults.keep_late(operation="events.insert"),
            lambda: faults.lose_answer(operation="events.update"),
            lambda: faults.keep_late(operation="events.update"),
            lambda: faults.lose_answer(operation="events.delete"),
            lambda: faults.keep_late(operation="events.delete"),
            lambda: faults.stale(back=1 + number % 3, operation="events.list"),
            lambda: faults.lose_request(),
            lambda: faults.fail(503),
            lambda: faults.fail(500, after=True, operation="events.insert"),
            lambda: faults.out_of_quota(),
            lambda: faults.truncated(),
        ]
        orders[number % len(orders)]()

    def late(self, _number: int) -> None:
        self.both.google.release_late()
        self.look()

    def expires(self, number: int) -> None:
        if number % 2:
            self.both.google.world.expire_sync_tokens(self.both.calendar)
        else:
            self.both.google.oauth.expire_access_tokens()

    def passes(self, number: int) -> None:
        """Time."""
        self.clock.advance(timedelta(minutes=(1, 5, 20)[number % 3]))

    def quiet(self) -> None:
        """Nothing goes wrong any more; whatever was under way comes to its end."""
        google = self.both.google
        google.faults.clear()
        google.quota.per_user = None
        for zombie in self.zombies:
            self._worked(zombie.wake)
        self.zombies.clear()
        google.release_late()
        self.look()
        self._lease_ends()
        for _ in range(12):
            self.clock.advance(timedelta(minutes=21))
            outcome = self._worked(self._pass)
            if outcome is not None and outcome.state == "unchanged" and self._rests():
                return
        reason = self.both.link().state_reason or ""
        if "a defect of the hub" in reason and "RuntimeError" not in reason:  # that one: it does not rest
            raise RuntimeError(reason)
        raise AssertionError(f"no rest: {outcome}, {self.both.link().state_reason}")

    def _rests(self) -> bool:
        waiting = self.sql(
            "SELECT count(*) FROM sync_items i WHERE i.touched OR EXISTS (SELECT FROM sync_ops o"
            " WHERE o.item_id = i.id AND o.state IN ('ready', 'inflight'))"
        ).scalar()
        return waiting == 0 and self.both.link().guard is None


def _once(number: int, does: Callable[[], object]) -> Once:
    """Every other time around a request, where the outcome is in doubt."""
    return Once(number // 2 % 16, does, wire=True) if number % 2 else Once(number * 7 % PASS, does)
