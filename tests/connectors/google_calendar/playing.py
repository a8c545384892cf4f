"""The Google double as the contract suite plays it: served on loopback, with faults in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import connectors.google_calendar
from connectors.applications import Application
from connectors.contract import AllDay, When
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.settings import GoogleCalendarSettings
from connectors.transport import Network
from tests.connectors.calendar_harness import (
    HASTY,
    PATIENT,
    WITHOUT_END,
    CalendarHarness,
    Person,
    TwoWay,
)
from tests.connectors.contract import WAIT, Fault
from tests.fakes import faulty_proxy
from tests.fakes.faulty_proxy import Answer, FaultyProxy, Passed, Trouble
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar import Delivery, GoogleCalendar, Serving
from tests.fakes.google_calendar import Person as Googler
from tests.fakes.google_calendar.people import Point
from tests.fakes.notice_inbox import NoticeInbox

CALENDARS = "/calendar/v3/"
ZONE = "Europe/Lisbon"
SECONDS = str(int(WAIT.total_seconds()))


class GooglePerson(Person):
    def __init__(self, googler: Googler, calendar: str) -> None:
        self._googler = googler
        self._calendar = calendar

    def add(self, when: When, summary: str = "", recurrence: Sequence[str] = (), zone: str = "") -> str:
        assert zone in ("", ZONE), "people's events are in their calendar's zone"
        start, end = _edges(when)
        return self._googler.creates(summary, start, end, self._calendar, recurrence=list(recurrence) or None)

    def edit(self, event_id: str, summary: str) -> None:
        self._googler.edits(event_id, self._calendar, summary=summary)

    def shift(self, event_id: str, when: When) -> None:
        self._googler.moves(event_id, *_edges(when), calendar=self._calendar)

    def show_as_free(self, event_id: str) -> None:
        self._googler.makes_transparent(event_id, self._calendar)

    def delete(self, event_id: str) -> None:
        self._googler.deletes(event_id, self._calendar)

    def duplicate(self, event_id: str) -> str:
        return self._googler.duplicates(event_id, self._calendar)

    def annotate(self, event_id: str, place: str) -> None:
        self._googler.edits(event_id, self._calendar, location=place)

    def place(self, event_id: str) -> str:
        return str(self._googler.sees(event_id, self._calendar)["location"])

    def shift_occurrence(self, series: str, original: AllDay | datetime, when: When) -> None:
        self._googler.moves(_occurrence(series, original), *_edges(when), calendar=self._calendar)

    def skip_occurrence(self, series: str, original: AllDay | datetime) -> None:
        self._googler.deletes(_occurrence(series, original), self._calendar)


class GoogleHarness(CalendarHarness):
    def __init__(self, google: GoogleCalendar, proxy: FaultyProxy, inbox: NoticeInbox) -> None:
        self.google, self.proxy, self.inbox = google, proxy, inbox
        google.watching.delivery = Delivery.BEHIND
        google.watching.plain_http = True
        ada, eve = google.person("ada@example.com"), google.person("eve@example.com")
        self.ada = ada
        self.calendar, other = (ada.makes_calendar(title, ZONE) for title in ("Mine", "Other"))
        ada.shares(self.calendar, eve.email)
        tokens = [google.oauth.refresh_token(who.email) for who in (ada, eve)]
        self.connector: TwoWay = GoogleCalendarConnector()
        self.settings = GoogleCalendarSettings(refresh_token=tokens[0], calendar_id=self.calendar)
        self.other = GoogleCalendarSettings(refresh_token=tokens[0], calendar_id=other)
        self.twin = GoogleCalendarSettings(refresh_token=tokens[1], calendar_id=self.calendar)
        application = Application(root=proxy.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        applications = {GoogleCalendarConnector.slug: application}
        self.patient, self.hasty = (
            Network([proxy.host], deadline=time, applications=applications) for time in (PATIENT, HASTY)
        )
        self.network = self.patient
        self.secrets = (*tokens, CLIENT_SECRET)
        self.person = GooglePerson(ada, self.calendar)
        self.address = inbox.address
        self.readme = Path(connectors.google_calendar.__file__).parent / "README.md"

    def break_(self, fault: Fault) -> None:
        self.network = self.hasty if fault in WITHOUT_END else self.patient
        self.proxy.trouble = _of_calendars(_trouble(fault, self.proxy))

    def heal(self) -> None:
        self.network, self.proxy.trouble = self.patient, None

    def lose_the_answer(self) -> None:
        """Of what writes: a replace reads before it."""

        def lose(passed: Passed, ask: Callable[[], Answer]) -> Answer | None:
            answer = ask()
            return answer if passed.method == "GET" else None

        self.proxy.trouble = _of_calendars(lose)

    def requests(self) -> int:
        return sum(passed.path.startswith(CALENDARS) for passed in self.proxy.passed())

    def pages_of(self, events: int) -> None:
        self.google.world.page_size = events

    def expire_cursors(self) -> None:
        self.google.world.expire_sync_tokens(self.calendar)

    def delete_calendar(self) -> None:
        self.ada.deletes_calendar(self.calendar)

    def refuse(self) -> None:
        self.google.oauth.revoke(self.ada.email)

    def notices(self, least: int) -> Sequence[Mapping[str, str]]:
        return self.inbox.wait(least)


@contextmanager
def playing(proxy: FaultyProxy) -> Iterator[GoogleHarness]:
    """A new Google behind a proxy that others may have used: for each address the calls are made anew."""
    google = GoogleCalendar()
    with Serving(google) as server, NoticeInbox() as inbox:
        proxy.leads_to(server.root)
        yield GoogleHarness(google, proxy, inbox)
    assert not google.violations


def _of_calendars(trouble: Trouble) -> Trouble:
    """The sign-in goes well all the same."""

    def calendars(passed: Passed, ask: Callable[[], Answer]) -> Answer | None:
        return trouble(passed, ask) if passed.path.startswith(CALENDARS) else ask()

    return calendars


def _refuses(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Trouble:
    told = {"domain": "global", "reason": reason, "message": reason}
    body = {"error": {"errors": [told], "code": status, "message": reason}}
    return faulty_proxy.says(
        status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(body).encode()
    )


def _trouble(fault: Fault, proxy: FaultyProxy) -> Trouble:
    return {
        Fault.OUTAGE: _refuses(500, "backendError"),
        Fault.OVERLOADED: _refuses(503, "backendError", {"Retry-After": SECONDS}),
        Fault.SILENT: faulty_proxy.silent(proxy),
        Fault.HANGS_UP: faulty_proxy.hangs_up,
        Fault.BREAKS_OFF: faulty_proxy.breaks_off,
        Fault.HALF: faulty_proxy.half,
        Fault.BLANK: faulty_proxy.says(200, body=b""),
        Fault.NO_CONTENT: faulty_proxy.says(204),
        Fault.WEB_PAGE: faulty_proxy.says(200, {"Content-Type": "text/html"}, faulty_proxy.PAGE),
        Fault.SIGNED_OUT: _refuses(401, "authError"),
        Fault.GONE: _refuses(404, "notFound"),
        Fault.TOO_OFTEN: _refuses(403, "rateLimitExceeded", {"Retry-After": SECONDS}),
        Fault.ENDLESS: faulty_proxy.endless,
    }[fault]


def _occurrence(series: str, original: AllDay | datetime) -> str:
    """Google names an occurrence by when it would be."""
    if isinstance(original, AllDay):
        return f"{series}_{original.first:%Y%m%d}"
    return f"{series}_{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _edges(when: When) -> tuple[Point, Point]:
    return (when.first, when.after) if isinstance(when, AllDay) else (when.starts_at, when.ends_at)
