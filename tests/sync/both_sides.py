"""A property whose rooms are shown in a Google calendar, its owner at Google, and what both sides have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from connectors.applications import Application
from connectors.google_calendar import transport
from connectors.transport import Network
from sync.runtime import Runtime
from tests import servers
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.people import Person
from tests.fakes.google_calendar.transport import InProcess
from tests.sync.here import GUEST, Here, linked
from tests.sync.importing import a_runtime

OWNER = "owner@example.com"
SCOPE = "https://www.googleapis.com/auth/calendar"


@contextmanager
def wired(google: GoogleCalendar) -> Iterator[None]:
    """Whoever calls Google in this process calls the double; no socket is opened."""
    patch = pytest.MonkeyPatch()
    with httpx.Client(transport=InProcess(google)) as client:
        patch.setattr(transport, "_client", lambda: client)
        yield
    patch.undo()


def a_network(google: GoogleCalendar) -> Network:
    application = Application(google.root, CLIENT_ID, CLIENT_SECRET)
    return Network(["127.0.0.1"], applications={"google_calendar": application})


@dataclass
class BothSides(Here):
    google: GoogleCalendar
    person: Person
    calendar: str
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        database: servers.Database | Runtime,
        google: GoogleCalendar,
        *,
        units: int = 2,
        direction: str = "two_way",
        settings: dict[str, Any] | None = None,
        of_property: bool = False,
        of_type: dict[str, Any] | None = None,
    ) -> BothSides:
        """A link of the first room, or of all of the property."""
        runtime = (
            replace(database, network=a_network(google))
            if isinstance(database, Runtime)
            else a_runtime(database, a_network(google))
        )
        person = google.person(OWNER)
        calendar = person.makes_calendar("Casa Azul", "Europe/Madrid")
        said = {"calendar_id": calendar, **(settings or {})}
        here = linked(
            runtime,
            "google_calendar",
            {"refresh_token": google.oauth.refresh_token(OWNER, SCOPE)},
            said,
            units=units,
            direction=direction,
            of_property=of_property,
            of_type=of_type,
        )
        return cls(**vars(here), google=google, person=person, calendar=calendar, settings=said)

    def there(self) -> dict[str, dict[str, Any]]:
        """What lives in the calendar, by id."""
        return self.person.snapshot(self.calendar)

    def shown(self) -> list[tuple[str, str, str]]:
        """(start, end, summary) of what lives there, in that order."""
        return sorted(
            (point(event["start"]), point(event["end"]), event.get("summary", ""))
            for event in self.there().values()
        )

    def only(self) -> dict[str, Any]:
        (event,) = self.there().values()
        return event


def point(said: dict[str, str]) -> str:
    return said.get("date") or said["dateTime"]


__all__ = ["GUEST", "OWNER", "BothSides", "a_network", "point", "wired"]
