"""A world with two people, and their programs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import FrozenClock
from tests.fakes.google_calendar import GoogleCalendar, Person
from tests.fakes.google_calendar_facts.client import ADA, BOB, Api, api_of


@pytest.fixture
def google(clock: FrozenClock) -> GoogleCalendar:
    return GoogleCalendar()


@pytest.fixture
def ada(google: GoogleCalendar) -> Person:
    return google.person(ADA)


@pytest.fixture
def bob(google: GoogleCalendar) -> Person:
    return google.person(BOB)


@pytest.fixture
def api(google: GoogleCalendar, ada: Person) -> Iterator[Api]:
    """Ada's program, in the process."""
    made = api_of(google)
    yield made
    made.http.close()
