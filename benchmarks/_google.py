"""The double of Google Calendar in a process of its own, and what a benchmark asks of it by lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from connectors.applications import Application
from hub import clock
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar import GoogleCalendar, Serving

SCOPE = "https://www.googleapis.com/auth/calendar"
APPLICATION_SETTINGS = {"HUB_GOOGLE_CLIENT_ID": CLIENT_ID, "HUB_GOOGLE_CLIENT_SECRET": CLIENT_SECRET}
SERIES_EVERY = 50
"""One event in so many recurs, ten times"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came in since the last time: how often each operation, how many writes, how much refused."""

    operations: Counter[str]
    writes: int
    refused: int

    @property
    def total(self) -> int:
        """Requests of calendars, not those of tokens."""
        return sum(number for name, number in self.operations.items() if not name.startswith("oauth."))


class Google:
    """The other process; every method is one line there and one back."""

    def __init__(self, process: subprocess.Popen[str], root: str) -> None:
        self._process = process
        self.root = root

    @property
    def application(self) -> Application:
        return Application(self.root, CLIENT_ID, CLIENT_SECRET)

    def account(self, email: str) -> tuple[str, str]:
        """(refresh token, access token) of somebody with an account."""
        refresh, access = self._ask("account", email=email)
        return refresh, access

    def calendars(self, email: str, number: int, events: int, rooms: int = 1) -> list[str]:
        """New calendars, each with so many events from tomorrow on, as if for so many rooms."""
        made: list[str] = self._ask("calendars", email=email, number=number, events=events, rooms=rooms)
        return made

    def asked(self) -> Asked:
        operations, writes, refused = self._ask("asked")
        return Asked(Counter(operations), writes, refused)

    def allow(self, a_minute: int) -> None:
        """So many requests of an account."""
        self._ask("allow", number=a_minute)

    def made_at(self, calendars: list[str]) -> list[datetime]:
        """When each event that lives there was made, in that order."""
        return [datetime.fromisoformat(at) for at in self._ask("made_at", calendars=calendars)]

    def _ask(self, do: str, **known: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"do": do, **known}), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@contextmanager
def google() -> Iterator[Google]:
    command = [sys.executable, "-m", "benchmarks._google"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        try:
            yield Google(process, process.stdout.readline().strip())
        finally:
            process.terminate()


class _There:
    """The answers of the double's process."""

    def __init__(self, double: GoogleCalendar) -> None:
        self.double = double

    def account(self, email: str) -> list[str]:
        self.double.person(email)
        oauth = self.double.oauth
        return [oauth.refresh_token(email, SCOPE), oauth.token(email, life=timedelta(hours=8))]

    def calendars(self, email: str, number: int, events: int, rooms: int) -> list[str]:
        person, first = self.double.person(email), clock.today("UTC") + timedelta(days=1)
        made = [person.makes_calendar(f"House {n}", "Europe/Madrid") for n in range(number)]
        for calendar in made:
            for n in range(events):
                starts: date = first + timedelta(days=3 * (n // rooms))
                recurring = {}
                if n % SERIES_EVERY == 0:  # after all single ones, on three days of the week in turn
                    starts = first + timedelta(days=3 * (events // rooms + 1) + 2 * (n // SERIES_EVERY % 3))
                    recurring = {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=10"]}
                person.creates(f"Stay {n}", starts, starts + timedelta(days=2), calendar, **recurring)
        return made

    def asked(self) -> list[Any]:
        if self.double.violations:
            raise SystemExit(f"no client of Google's should send this: {self.double.violations[:3]}")
        log, self.double.log = self.double.log, []
        operations = Counter(entry.operation for entry in log)
        return [operations, sum(entry.writes for entry in log), sum(entry.status >= 400 for entry in log)]

    def allow(self, number: int) -> None:
        self.double.quota.per_user = number

    def made_at(self, calendars: list[str]) -> list[str]:
        with self.double._lock:
            world = self.double.world
            return sorted(event["created"] for name in calendars for event in world.live(name))


def _main() -> None:
    double = GoogleCalendar()
    there = _There(double)
    with Serving(double) as server:
        print(server.root, flush=True)
        for line in sys.stdin:
            known = json.loads(line)
            print(json.dumps(getattr(there, known.pop("do"))(**known)), flush=True)


if __name__ == "__main__":
    _main()
