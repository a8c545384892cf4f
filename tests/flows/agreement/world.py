"""One game: a property of two rooms, its calendar at Google, and what everybody knows that they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.database import vault_of
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import HubError
from hub.services import blackouts, bookings
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import Booked
from hub.services.guests import GuestFields
from sync import expiry, relay
from sync import pull as pulling
from sync.attempts import Outcome
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.flows.agreement.boundaries import Boundaries, Bounded, Crash, Once, Zombie, die
from tests.sync.both_sides import BothSides

NIGHTS = 2
SLOTS = 120
PASS = 60
"""Boundaries that a pass has, more or less"""
FIRST = 20
"""Days from today to the first slot"""


@dataclass
class Written:
    """What a person wrote on an event of ours, and nobody but a person has undone."""

    event: str
    kind: str
    """text, time or deletion"""
    value: Any
    overwritten: bool = False


@dataclass
class World:
    both: BothSides
    boundaries: Boundaries
    clock: FrozenClock
    today: date
    booked: list[Booked] = field(default_factory=list)
    closed: list[UUID] = field(default_factory=list)
    cancelled: set[UUID] = field(default_factory=set)
    """Bookings that the hub's people cancelled"""
    foreign: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    zombies: list[Zombie] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    """Every text that was ever taken over"""
    before: dict[UUID, Nights] = field(default_factory=dict)
    """Where the hub's people moved bookings away from"""
    next_slot: int = 0
    words: int = 0

    @classmethod
    def begin(
        cls, runtime: Runtime, google: GoogleCalendar, boundaries: Boundaries, frozen: FrozenClock
    ) -> World:
        bounded = replace(runtime, database=Bounded(runtime.database, boundaries))
        both = BothSides.build(bounded, google, of_property=True)
        return cls(both, boundaries, frozen, clock.now().date())

    # Slots: every stretch of nights is asked for once, so that whoever is found at one is known

    def slot(self) -> Nights:
        arrival = self.today + timedelta(days=FIRST + (NIGHTS + 1) * (self.next_slot % SLOTS))
        self.next_slot += 1
        return Nights(arrival, arrival + timedelta(days=NIGHTS))

    def word(self) -> str:
        self.words += 1
        return f"word {self.words}"

    # Here

    def book(self, number: int) -> None:
        status = Status.HELD if number % 3 == 2 else Status.CONFIRMED
        guest = GuestFields(f"Guest {len(self.booked)}")
        slot = self.slot()
        self._tried(lambda: self.booked.append(self.both.book(slot, number % 2, status, guest)))

    def move(self, number: int) -> None:
        if (booked := self._one_of_ours(number)) is not None:
            ((arrival, departure),) = self.both.nights(booked)
            self.before[booked.booking.id] = Nights(arrival, departure)
            self._tried(lambda: self.both.move(booked, self.slot()))

    def returns(self, number: int) -> None:
        """A booking goes back to where it was before."""
        if (booked := self._one_of_ours(number)) is not None and (was := self.before.get(booked.booking.id)):
            self._tried(lambda: self.both.move(booked, was))

    def cancel(self, number: int) -> None:
        if (booked := self._one_of_ours(number)) is not None:
            self.both.cancel(booked)
            self.cancelled.add(booked.booking.id)

    def confirm(self, number: int) -> None:
        if (booked := self._one_of_ours(number)) is not None:
            wanted = Status.CONFIRMED
            self._tried(
                lambda: self.both.do(lambda session: bookings.advance(session, booked.booking.id, wanted))
            )

    def rename(self, number: int) -> None:
        if (booked := self._one_of_ours(number)) is not None:
            guest = GuestFields(self.word())
            self.both.do(lambda session: bookings.amend(session, booked.booking.id, guest=guest))

    def close(self, number: int) -> None:
        slot = self.slot()
        self._tried(lambda: self.closed.append(self.both.close(slot, number % 2).id))

    def shift(self, number: int) -> None:
        """A blackout gets other dates."""
        rows = self.both.blackouts()
        if rows:
            row = rows[number % len(rows)]
            request = BlackoutRequest(row.unit_id, self.slot(), row.kind)
            self._tried(lambda: self.both.do(lambda session: blackouts.change(session, row.id, request)))

    def open(self, number: int) -> None:
        rows = self.both.blackouts()
        if rows:
            row_id = rows[number % len(rows)].id
            self.both.do(lambda session: blackouts.remove(session, row_id))

    def _one_of_ours(self, number: int) -> Booked | None:
        living = [
            booked
            for booked in self.booked
            if self.both.booking(booked).status in (Status.HELD, Status.CONFIRMED)
        ]
        return living[number % len(living)] if living else None

    # There

    def creates(self, number: int) -> None:
        slot = self.slot()
        if number % 5 == 4:
            rule = "FREQ=DAILY;INTERVAL=400;COUNT=1" if number % 2 else "FREQ=WEEKLY;COUNT=2"
            made = self.both.person.creates_series(
                rule, self.word(), self.both.calendar, start=slot.arrival, end=slot.departure
            )
        else:
            made = self.both.person.creates(self.word(), slot.arrival, slot.departure, self.both.calendar)
        self.foreign.append(made)

    def moves(self, number: int) -> None:
        if (event := self._event(number)) is not None:
            slot = self.slot()
            self.both.person.moves(event, slot.arrival, slot.departure, self.both.calendar)
            self._wrote(event, "time", slot.arrival.isoformat())

    def collides(self, number: int) -> None:
        """Moves one event to where another is."""
        one, other = self._event(number), self._event(number + 1)
        if one is not None and other is not None and one != other:
            where = self.both.there()[other]
            start, end = where["start"].get("date"), where["end"].get("date")
            if start and end:
                first, after = date.fromisoformat(start), date.fromisoformat(end)
                self.both.person.moves(one, first, after, self.both.calendar)
                self._wrote(one, "time", start)

    def edits(self, number: int) -> None:
        if (event := self._event(number)) is not None:
            word = self.word()
            self.both.person.edits(event, self.both.calendar, summary=word)
            self._wrote(event, "text", word)

    def deletes(self, number: int) -> None:
        if (event := self._event(number)) is not None:
            self.both.person.deletes(event, self.both.calendar)
            self._wrote(event, "deletion", None)

    def duplicates(self, number: int) -> None:
        if (event := self._event(number)) is not None:
            self.foreign.append(self.both.person.duplicates(event, self.both.calendar))

    def opens_up(self, number: int) -> None:
        if (event := self._event(number)) is not None:
            self.both.person.makes_transparent(event, self.both.calendar)

    def undeletes(self, number: int) -> None:
        gone = sorted(one.event for one in self.written if one.kind == "deletion")
        if gone:
            event = gone[number % len(gone)]
            if self.both.person.sees(event, self.both.calendar)["status"] == "cancelled":
                self.both.person.undeletes(event, self.both.calendar)
                self.written = [one for one in self.written if (one.event, one.kind) != (event, "deletion")]

    def _event(self, number: int) -> str | None:
        living = sorted(self.both.there())
        return living[number % len(living)] if living else None

    def _wrote(self, event: str, kind: str, value: Any) -> None:
        """A person's later word takes the place of the same person's earlier one."""
        self.written = [
            one for one in self.written if one.overwritten or one.event != event or one.kind != kind
        ]
        if kind == "deletion":
            self.written = [one for one in self.written if one.overwritten or one.event != event]
        self.written.append(Written(event, kind, value))

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

    # Looking

    def look(self) -> None:
        """Note what the hub has taken over, and what it has written over."""
        living = self.both.there()
        for one in self.written:
            event = living.get(one.event)
            one.overwritten = one.overwritten or self._is_over(one, event)

        def work(session: Session) -> None:
            rows = session.execute(text("SELECT text_sealed FROM sync_items WHERE text_sealed IS NOT NULL"))
            self.accepted |= {vault_of(session).open(bytes(row[0]))["summary"] for row in rows}

        self.both.do(work)

    def _is_over(self, one: Written, event: dict[str, Any] | None) -> bool:
        if one.kind == "deletion":
            return event is not None
        if event is None:
            return True
        if one.kind == "text":
            return bool(event.get("summary") != one.value)
        return bool(event["start"].get("date") != one.value)

    def sql(self, statement: str, **parameters: Any) -> Any:
        return self.both.do(lambda session: session.execute(text(statement), parameters))

    def _tried(self, work: Callable[[], Any]) -> None:
        """Where the hub's own people are refused, nothing happens."""
        try:
            work()
        except HubError:
            return

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
