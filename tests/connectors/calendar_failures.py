"""The part of the contract of calendars that is about failing: one of five errors, and never a lie."""

from __future__ import annotations

import time

import pytest

from connectors.calendars import CalendarEvent, Missed
from connectors.contract import AllDay
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from tests.connectors.calendar_harness import (
    LATER_NIGHTS,
    NIGHTS,
    OTHER_ITEM,
    PATIENT,
    WRITES,
    CalendarHarness,
    Call,
    calls,
    draft,
    mark,
)
from tests.connectors.contract import EXPECTED, WAIT, Fault

BARE = {Fault.HALF, Fault.BLANK, Fault.NO_CONTENT}
"""Answers that are as they should be, where there is nothing to say"""
MEETINGS = [
    pytest.param(call, fault, id=f"{call.name.lower()}-{fault.name.lower()}")
    for call in Call
    for fault in Fault
    if not (call is Call.REMOVE and fault in BARE)
]
UNHEARD = (Fault.OUTAGE, Fault.OVERLOADED, Fault.HANGS_UP, Fault.SIGNED_OUT, Fault.TOO_OFTEN)
"""The remote did nothing"""


class Failures:
    @pytest.mark.parametrize(("call", "fault"), MEETINGS)
    def test_every_failure_is_one_of_the_five_tells_no_secret_and_ends_in_time(
        self, harness: CalendarHarness, call: Call, fault: Fault
    ) -> None:
        asked = calls(harness)[call]
        harness.break_(fault)
        begun = time.monotonic()

        with pytest.raises(ConnectorError) as raised:
            asked()

        assert raised.type is EXPECTED[fault]
        assert raised.value.code
        assert raised.value.message
        told = str(raised.value) + repr(raised.value) + raised.value.message
        assert not [secret for secret in harness.secrets if secret in told]
        assert time.monotonic() - begun < PATIENT.total_seconds()

    @pytest.mark.parametrize("call", list(Call))
    @pytest.mark.parametrize("fault", [Fault.OVERLOADED, Fault.TOO_OFTEN])
    def test_the_wait_that_the_remote_asks_for_is_passed_on(
        self, harness: CalendarHarness, call: Call, fault: Fault
    ) -> None:
        asked = calls(harness)[call]
        harness.break_(fault)

        with pytest.raises(ConnectorError) as raised:
            asked()

        assert isinstance(raised.value, Unavailable | RateLimited)
        assert raised.value.retry_after == WAIT

    @pytest.mark.parametrize("call", list(Call))
    def test_what_was_answered_is_not_asked_again(self, harness: CalendarHarness, call: Call) -> None:
        asked = calls(harness)[call]
        harness.break_(Fault.OUTAGE)
        before = harness.requests()

        with pytest.raises(Unavailable):
            asked()

        assert harness.requests() - before == 1

    @pytest.mark.parametrize("fault", UNHEARD)
    def test_what_the_remote_refused_was_not_done(self, harness: CalendarHarness, fault: Fault) -> None:
        """Repeating each write with what was known before does it, and once."""
        made = harness.create()
        connector, settings, network = harness.connector, harness.settings, harness.network
        harness.break_(fault)
        for write in (
            lambda: connector.create(settings, harness.id(1), draft(), network),
            lambda: connector.replace(settings, made.id, draft(LATER_NIGHTS), made.etag, network),
            lambda: connector.remove(settings, made.id, made.etag, network),
        ):
            with pytest.raises(ConnectorError):
                write()
        harness.heal()

        assert harness.look(made.id) == made
        assert list(harness.listing()[0]) == [made.id]
        assert harness.create(1).id == harness.id(1)
        assert connector.remove(settings, made.id, made.etag, network) is None

    def test_a_create_whose_answer_was_lost_is_found_by_looking(self, harness: CalendarHarness) -> None:
        harness.lose_the_answer()

        with pytest.raises(Unavailable):
            harness.create()
        harness.heal()

        found = harness.seen(harness.id())
        assert (found.marker, found.when) == (mark(), NIGHTS)
        again = harness.connector.create(harness.settings, found.id, draft(), harness.network)
        assert again is Missed.EXISTS
        assert list(harness.listing()[0]) == [found.id]

    def test_a_replace_whose_answer_was_lost_is_found_by_looking(self, harness: CalendarHarness) -> None:
        made = harness.create()
        wanted = draft(LATER_NIGHTS, marker=mark(2))
        harness.lose_the_answer()

        with pytest.raises(Unavailable):
            harness.connector.replace(harness.settings, made.id, wanted, made.etag, harness.network)
        harness.heal()

        found = harness.seen(made.id)
        assert (found.marker, found.when) == (mark(2), LATER_NIGHTS)
        again = harness.connector.replace(harness.settings, made.id, wanted, made.etag, harness.network)
        assert again is Missed.CHANGED
        assert harness.look(made.id) == found

    def test_a_remove_whose_answer_was_lost_is_found_by_looking(self, harness: CalendarHarness) -> None:
        made = harness.create()
        harness.lose_the_answer()

        with pytest.raises(Unavailable):
            harness.connector.remove(harness.settings, made.id, made.etag, harness.network)
        harness.heal()

        found = harness.look(made.id)
        assert found is None or found.deleted
        again = harness.connector.remove(harness.settings, made.id, made.etag, harness.network)
        assert again is Missed.GONE

    @pytest.mark.parametrize("call", list(Call))
    def test_a_calendar_that_is_gone_is_said_to_be(self, harness: CalendarHarness, call: Call) -> None:
        """Else all events in it would seem to be deleted."""
        asked = calls(harness)[call]
        harness.delete_calendar()

        with pytest.raises(Rejected) as raised:
            asked()

        assert raised.value.code == "calendar_gone"

    @pytest.mark.parametrize("call", list(Call))
    def test_an_account_that_is_refused_needs_its_owner(self, harness: CalendarHarness, call: Call) -> None:
        asked = calls(harness)[call]
        harness.refuse()

        with pytest.raises(NeedsReconnect):
            asked()

    def test_an_unknown_event_of_a_calendar_that_is_gone_is_not_gone_alone(
        self, harness: CalendarHarness
    ) -> None:
        unknown = harness.id(item=OTHER_ITEM)
        etag = harness.create().etag
        connector, settings, network = harness.connector, harness.settings, harness.network
        harness.delete_calendar()

        for call in (
            lambda: connector.look(settings, unknown, network),
            lambda: connector.replace(settings, unknown, draft(), etag, network),
            lambda: connector.remove(settings, unknown, etag, network),
        ):
            with pytest.raises(Rejected) as raised:
                call()
            assert raised.value.code == "calendar_gone"

    def test_a_healed_remote_serves_again(self, harness: CalendarHarness) -> None:
        asked = calls(harness)
        harness.break_(Fault.OUTAGE)
        for call in WRITES:
            with pytest.raises(Unavailable):
                asked[call]()

        harness.heal()

        assert isinstance(asked[Call.REPLACE](), CalendarEvent)
        assert isinstance(harness.seen(harness.id()).when, AllDay)
