"""What the people of a game do, the hub's own and those at Google, and what they know that they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.database import vault_of
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import HubError
from hub.services import blackouts, bookings
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import Booked
from hub.services.guests import GuestFields
from tests.sync.both_sides import BothSides

NIGHTS = 2
SLOTS = 120
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
class People:
    both: BothSides
    today: date
    booked: list[Booked] = field(default_factory=list)
    closed: list[UUID] = field(default_factory=list)
    cancelled: set[UUID] = field(default_factory=set)
    """Bookings that the hub's people cancelled"""
    foreign: list[str] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    """Every text that was ever taken over"""
    before: dict[UUID, Nights] = field(default_factory=dict)
    """Where the hub's people moved bookings away from"""
    next_slot: int = 0
    words: int = 0

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
