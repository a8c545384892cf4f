"""Calendars of several channels as their users see them: what is tested over one is tested over all."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from connectors.sandbox import samples
from connectors.sandbox.agenda import Agenda
from connectors.sandbox.calendar_service import Asked, CalendarService
from connectors.transport import Network, Reply
from hub import clock
from sync.runtime import Runtime
from tests.connectors.calendar_harness import Person
from tests.connectors.google_calendar.playing import GooglePerson
from tests.connectors.sandbox.playing import KEY, SandboxPerson
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import OWNER, SCOPE, a_network, point, wired
from tests.sync.here import Here, linked

ADDRESS = "http://127.0.0.1:9"


class There(ABC):
    """One calendar, and the person who looks after it."""

    connector: str
    account: Mapping[str, Any]
    settings: Mapping[str, Any]
    network: Network
    person: Person

    @abstractmethod
    def lives(self) -> Mapping[str, tuple[str, str, str]]:
        """(start, end, summary) of every event, by id."""

    @abstractmethod
    def expires(self) -> None:
        """Cursors are good no more."""

    @abstractmethod
    def writes(self) -> int:
        """How many writes of events were asked for so far."""

    def shown(self) -> list[tuple[str, str, str]]:
        return sorted(self.lives().values())

    def only(self) -> str:
        """The id of the one event that there is."""
        (event_id,) = self.lives()
        return event_id

    def beginning(self, day: str) -> str:
        """The id of the one event that begins then."""
        (event_id,) = [name for name, (start, _, _) in self.lives().items() if start == day]
        return event_id


class AtGoogle(There):
    connector = "google_calendar"

    def __init__(self, google: GoogleCalendar) -> None:
        owner = google.person(OWNER)
        calendar = owner.makes_calendar("Casa Azul", "Europe/Madrid")
        self.account = {"refresh_token": google.oauth.refresh_token(OWNER, SCOPE)}
        self.settings = {"calendar_id": calendar}
        self.network = a_network(google)
        self.person = GooglePerson(owner, calendar)
        self._google, self._owner, self._calendar = google, owner, calendar

    def lives(self) -> Mapping[str, tuple[str, str, str]]:
        return {
            name: (point(event["start"]), point(event["end"]), event.get("summary", ""))
            for name, event in self._owner.snapshot(self._calendar).items()
        }

    def expires(self) -> None:
        self._google.world.expire_sync_tokens(self._calendar)

    def writes(self) -> int:
        return len(self._google.writes())


class InProcess(Network):
    """Every call is answered by the service itself; no socket is opened."""

    def __init__(self, service: CalendarService) -> None:
        super().__init__(["127.0.0.1"])
        self._service = service
        self.writes = 0

    def get(self, url: str, headers: Mapping[str, str] | None = None, **_limits: Any) -> Reply:
        return self._ask("GET", url, headers, b"")

    def send(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **_limits: Any,
    ) -> Reply:
        self.writes += "/entries/" in url
        return self._ask(method, url, headers, body)

    def _ask(self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> Reply:
        goal = urlsplit(url)
        wanted = json.loads(body) if body else None
        told = self._service.answer(Asked(method, f"{goal.path}?{goal.query}", headers or {}, wanted))
        said = b"" if told.body is None else json.dumps(told.body).encode()
        return Reply(told.status, told.headers, said, url, goal.hostname or "", goal.netloc)


class AtTheSandbox(There):
    connector = "sandbox"

    def __init__(self) -> None:
        service = CalendarService({KEY: "ada"}, clock.now, lambda _bell, _said: None)
        self._agenda: Agenda = service.make("ada", samples.AGENDA, samples.ZONE.key)
        self._served = InProcess(service)
        self.account = {"url": ADDRESS, "key": KEY}
        self.settings = {"calendar": self._agenda.name}
        self.network = self._served
        self.person = SandboxPerson(service, self._agenda.name)

    def lives(self) -> Mapping[str, tuple[str, str, str]]:
        alive = {name: entry for name, entry in self._agenda.entries.items() if not entry["removed"]}
        return {name: (*_edges(entry["span"]), entry["title"]) for name, entry in alive.items()}

    def expires(self) -> None:
        self._agenda.forget()

    def writes(self) -> int:
        return self._served.writes


@dataclass
class Synced(Here):
    """Both sides, whatever the channel."""

    there: There


def synced(runtime: Runtime, there: There) -> Synced:
    """A link of the first of two rooms."""
    reaching = replace(runtime, network=there.network)
    here = linked(reaching, there.connector, there.account, there.settings)
    return Synced(**vars(here), there=there)


@contextmanager
def _at_google() -> Iterator[There]:
    google = GoogleCalendar()
    with wired(google):
        yield AtGoogle(google)
    assert google.violations == []


@contextmanager
def _at_the_sandbox() -> Iterator[There]:
    yield AtTheSandbox()


CHANNELS: Mapping[str, Callable[[], AbstractContextManager[There]]] = {
    "google_calendar": _at_google,
    "sandbox": _at_the_sandbox,
}


def _edges(span: Mapping[str, list[str]]) -> tuple[str, str]:
    ((start, end),) = span.values()
    return start, end
