"""The Google Calendar connector keeps the contract of calendars."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.calendar_harness import CalendarHarness
from tests.connectors.google_calendar.playing import playing
from tests.fakes.faulty_proxy import FaultyProxy


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultyProxy]:
    with FaultyProxy() as one:
        yield one


class TestGoogleCalendarKeepsTheContractOfCalendars(CalendarContract):
    @pytest.fixture
    def harness(self, proxy: FaultyProxy) -> Iterator[CalendarHarness]:
        with playing(proxy) as harness:
            yield harness
