"""What happens to one stay, here or in the calendar, and how both sides must stand afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.services.bookings import Booked
from tests.sync.both_sides import BothSides

WINDOW = 10
"""Days that each stay has for itself"""


@dataclass
class Story:
    """One stay, from the day `first` on, before anything happens to it; `happens` is the change."""

    both: BothSides
    first: date
    booked: Booked | None = None
    writes = 1
    """How often the calendar may be written to, whoever dies"""
    heard = True
    """Whether its links have heard of it, when whoever is to die begins"""

    def __post_init__(self) -> None:
        """What has been before."""

    def happens(self) -> None:
        raise NotImplementedError

    def meanwhile(self) -> None:
        """What people do while the dead lies there."""

    def there(self) -> list[tuple[date, date]]:
        """The events that must live in the stay's days."""
        raise NotImplementedError

    def here(self) -> list[Any]:
        """What must hold of the inventory, each False where it does not."""
        raise NotImplementedError

    # To tell it with

    def days(self, start: int, end: int) -> Nights:
        return Nights(self.first + timedelta(days=start), self.first + timedelta(days=end))

    def book(self, status: Status = Status.CONFIRMED) -> Booked:
        self.booked = self.both.book(self.days(0, 3), status=status)
        return self.booked

    def shown(self) -> list[tuple[date, date]]:
        last = self.first + timedelta(days=WINDOW)
        found = [(date.fromisoformat(start), date.fromisoformat(end)) for start, end, _ in self.both.shown()]
        return [one for one in found if self.first <= one[0] < last]

    def event(self) -> str:
        """The id of the one event in the stay's days."""
        (found,) = [
            event["id"]
            for event in self.both.there().values()
            if self.first <= date.fromisoformat(event["start"]["date"]) < self.first + timedelta(days=WINDOW)
        ]
        return str(found)

    def nights(self) -> list[tuple[Any, Any]]:
        assert self.booked is not None
        return self.both.nights(self.booked)

    def status(self) -> str:
        assert self.booked is not None
        return self.both.booking(self.booked).status


class Made(Story):
    """With all that the relay does of it."""

    heard = False

    def happens(self) -> None:
        self.book()

    def there(self) -> list[tuple[date, date]]:
        return [_pair(self.days(0, 3))]

    def here(self) -> list[Any]:
        return [self.status() == Status.CONFIRMED, self.nights() == self.there()]


class Known(Story):
    """Of a stay that the calendar shows already."""

    status_before = Status.CONFIRMED

    def __post_init__(self) -> None:
        self.book(self.status_before)
        self.both.sync()


class Moved(Known):
    def happens(self) -> None:
        self.both.move(_known(self), self.days(1, 5))

    def there(self) -> list[tuple[date, date]]:
        return [_pair(self.days(1, 5))]

    def here(self) -> list[Any]:
        return [self.nights() == self.there(), not _disputed(self)]


class MovedAndBack(Moved):
    """Who does not know its own writes takes the event for a person's wish."""

    writes = 2

    def meanwhile(self) -> None:
        self.both.move(_known(self), self.days(0, 3))

    def there(self) -> list[tuple[date, date]]:
        return [_pair(self.days(0, 3))]


class Cancelled(Known):
    def happens(self) -> None:
        self.both.cancel(_known(self))

    def there(self) -> list[tuple[date, date]]:
        return []

    def here(self) -> list[Any]:
        return [self.status() == Status.CANCELLED, not _disputed(self)]


class Restored(Known):
    """Somebody deletes the event of a stay in the calendar; it is put back, once."""

    def happens(self) -> None:
        self.both.person.deletes(self.event(), self.both.calendar)

    def there(self) -> list[tuple[date, date]]:
        return [_pair(self.days(0, 3))]

    def here(self) -> list[Any]:
        return [
            self.status() == Status.CONFIRMED,
            self.nights() == self.there(),
            _disputed(self) == ["MIRROR_DELETED"],
            [item.restores for item in _items(self)] == [1],
        ]


class Released(Known):
    """Somebody deletes the event of a hold that nobody has begun to pay for."""

    status_before = Status.HELD
    writes = 0

    def happens(self) -> None:
        self.both.person.deletes(self.event(), self.both.calendar)

    def there(self) -> list[tuple[date, date]]:
        return []

    def here(self) -> list[Any]:
        return [self.status() == Status.CANCELLED]


class Accepted(Known):
    """Somebody moves the event in the calendar, and the room is free."""

    writes = 0

    def happens(self) -> None:
        days = self.days(2, 5)
        self.both.person.moves(self.event(), days.arrival, days.departure, self.both.calendar)

    def there(self) -> list[tuple[date, date]]:
        return [_pair(self.days(2, 5))]

    def here(self) -> list[Any]:
        return [self.nights() == self.there(), not _disputed(self)]


class Imported(Story):
    """Somebody closes days in the calendar."""

    writes = 0

    def happens(self) -> None:
        days = self.days(0, 4)
        self.both.person.creates("Painters", days.arrival, days.departure, self.both.calendar)

    def there(self) -> list[tuple[date, date]]:
        return [_pair(self.days(0, 4))]

    def here(self) -> list[Any]:
        first, after = self.first - timedelta(days=1), self.first + timedelta(days=WINDOW - 1)  # in UTC
        blocks = [one for one in self.both.blocks() if first <= one.starts_at.date() < after]
        events = [one for one in self.both.events() if first <= one.starts_at.date() < after]
        return [len(events) == 1, [block.unit_id for block in blocks] == [self.both.units[0]]]


def _pair(days: Nights) -> tuple[date, date]:
    return days.arrival, days.departure


def _known(story: Story) -> Booked:
    assert story.booked is not None
    return story.booked


def _items(story: Story) -> list[Any]:
    wanted = _known(story).items[0].id
    return [item for item in story.both.items() if item.local_id == wanted]


def _disputed(story: Story) -> list[str]:
    """Kinds of the conflicts about this stay, whatever became of them."""
    mine = _known(story).booking.id
    found = [*story.both.conflicts(), *story.both.conflicts("closed")]
    return [one.type for one in found if one.booking_id == mine]
