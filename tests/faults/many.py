"""The links of a run of 500, feeds on many hosts and Google calendars of one account, and who syncs them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import redis
from sqlalchemy.orm import Session

from hub import clock
from hub.domain.periods import Nights
from hub.embedded import redis_url
from hub.queries import links
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from sync import connecting, linking
from sync.linking import Scope
from sync.relay import relay
from sync.runtime import Runtime
from tests.concurrency import place
from tests.concurrency.place import Place
from tests.concurrency.programs import child
from tests.fakes.counting_server import CountingServer
from tests.faults.watched import CountedGoogle
from workers.children import Child
from workers.programs import beat, puller, worker

FEEDS, HOSTS, EVENTS = 300, 24, 50
CALENDARS, EACH = 200, 20
OWNER = "owner@example.com"
SCOPE = "https://www.googleapis.com/auth/calendar"
FIRST, BOOKED = 40, 300
"""Days until the first event, and until our own booking: after all that is theirs"""


@dataclass
class Crew:
    """A worker, two beats and three pullers, each a process."""

    runtime: Runtime
    folder: Path
    pullers: list[Child] = field(default_factory=list)

    def start(self, closing: ExitStack) -> None:
        settings = self.runtime.settings
        elsewhere = [settings.model_copy(update={"data_dir": self.folder / str(n)}) for n in range(2)]
        for one in elsewhere:
            one.data_dir.mkdir(mode=0o700)
        self.pullers = [child(puller(settings), one) for one in (settings, *elsewhere)]
        others = [child(worker(settings), settings), child(beat(), settings), child(beat(), elsewhere[0])]
        for part in (*others, *self.pullers):
            part.start()
            closing.callback(part.kill)

    def lose(self, number: int, valkey_dir: Path) -> None:
        """kill -9 of a puller, and nobody knows any more what was to be done."""
        self.pullers[number].kill()
        with redis.Redis.from_url(redis_url(valkey_dir)) as emptied:
            emptied.flushall()


def link_all(runtime: Runtime, hostel: Place, channels: list[CountingServer], google: CountedGoogle) -> None:
    """
    A feed or a calendar for each room, and a booking of ours in each room with a calendar. Nothing is due
    within a day, unless somebody asks.
    """
    fed, shown = hostel.rooms[:FEEDS], hostel.rooms[FEEDS:]
    urls = [channels[n % HOSTS].url(f"/{n}.ics") for n in range(FEEDS)]
    scopes = [Scope(unit_id=room) for room in fed]
    made = place.links(runtime, hostel, zip(urls, scopes, strict=True))
    calendars = dict(zip(shown, calendars_of(google, CALENDARS), strict=True))
    made += linked_at_google(runtime, hostel, google, calendars)
    nights = Nights(place.day(BOOKED), place.day(BOOKED + 2))
    for room in shown:
        request = BookingRequest(hostel.property_id, (ItemRequest(nights, room),), 1, None)
        book = partial(bookings.book, request=request, uid_domain=runtime.uid_domain)
        runtime.database.transact(hostel.organization_id, book)
    while relay(runtime):
        pass
    with runtime.database.unit_of_work(hostel.organization_id) as session:
        links.due(session, made, clock.now() + timedelta(days=1))


def calendars_of(google: CountedGoogle, number: int) -> list[str]:
    """The owner's, with so many stays in each."""
    person = google.person(OWNER)
    made = [person.makes_calendar(f"Room {n}", place.ZONE) for n in range(number)]
    for calendar in made:
        for n in range(EACH):
            person.creates(f"Stay {n}", *days(n), calendar)
    google.reset_log()
    return made


def linked_at_google(
    runtime: Runtime, hostel: Place, google: CountedGoogle, calendars: dict[UUID, str]
) -> list[UUID]:
    """Links of these rooms with these calendars, by one account."""
    secret = {"refresh_token": google.oauth.refresh_token(OWNER, SCOPE)}

    def work(session: Session) -> list[UUID]:
        there = connecting.connect(session, "google_calendar", "Casa Azul", secret)
        return [
            linking.link(
                session,
                there.id,
                Scope(unit_id=room),
                "two_way",
                {"calendar_id": calendar},
                uid_domain=runtime.uid_domain,
            ).id
            for room, calendar in calendars.items()
        ]

    return runtime.database.transact(hostel.organization_id, work)


def days(number: int) -> tuple[date, date]:
    """Stays of two nights, one after the other with a night between."""
    first = FIRST + 3 * number
    return place.day(first), place.day(first + 2)
