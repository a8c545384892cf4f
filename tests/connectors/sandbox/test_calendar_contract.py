"""The sandbox connector keeps the contract of calendars."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connectors.errors import Unavailable
from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.calendar_harness import OTHER_ITEM, CalendarHarness, draft
from tests.connectors.sandbox.playing import Answer, Passed, SandboxHarness, playing


class TestSandboxKeepsTheContractOfCalendars(CalendarContract):
    @pytest.fixture
    def harness(self) -> Iterator[CalendarHarness]:
        with playing() as harness:
            yield harness

    def test_an_event_is_not_gone_while_its_calendar_does_not_answer(self, harness: CalendarHarness) -> None:
        assert isinstance(harness, SandboxHarness)
        made = harness.create()

        def half_an_outage(passed: Passed, ask: Callable[[], Answer]) -> Answer:
            return Answer(404 if "/entries/" in passed.path else 500, {}, b"{}")

        harness.proxy.trouble = half_an_outage
        connector, settings, network = harness.connector, harness.settings, harness.network
        for call in (
            lambda: connector.look(settings, made.id, network),
            lambda: connector.look(settings, harness.id(item=OTHER_ITEM), network),
            lambda: connector.replace(settings, made.id, draft(), made.etag, network),
            lambda: connector.remove(settings, made.id, made.etag, network),
        ):
            with pytest.raises(Unavailable):
                call()
