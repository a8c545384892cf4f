"""The Google Calendar connector keeps the contract of calendars."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.calendar_harness import CalendarHarness
from tests.connectors.google_calendar.playing import playing


class TestGoogleCalendarKeepsTheContractOfCalendars(CalendarContract):
    @pytest.fixture
    def harness(self) -> Iterator[CalendarHarness]:
        with playing() as harness:
            yield harness
