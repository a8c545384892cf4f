"""The ten lines that every connector keeps, as tests: inherit `ConnectorContract` and give it a harness."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from connectors.contract import AllDay, Connector, PullsEvents, RemoteEvent, Timed, Window
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from connectors.transport import Network
from tests.connectors.remotes import AT_MOST

ZONE = ZoneInfo("Europe/Lisbon")


class Fault(StrEnum):
    """Ways in which a remote fails, whatever protocol it speaks."""

    OUTAGE = "answers 500"
    OVERLOADED = "answers 503 and a time to come back"
    SILENT = "accepts the connection and says nothing"
    HANGS_UP = "closes the connection without a word"
    BREAKS_OFF = "announces more than it sends"
    HALF = "sends a well-formed answer whose content is cut in the middle"
    BLANK = "answers 200 and nothing"
    NO_CONTENT = "answers 204"
    WEB_PAGE = "answers 200 and a web page"
    SIGNED_OUT = "refuses the credentials"
    GONE = "does not know the calendar"
    TOO_OFTEN = "limits the rate and names a time"
    ENDLESS = "never stops sending"


EXPECTED: dict[Fault, type[ConnectorError]] = {
    Fault.OUTAGE: Unavailable,
    Fault.OVERLOADED: Unavailable,
    Fault.SILENT: Unavailable,
    Fault.HANGS_UP: Unavailable,
    Fault.BREAKS_OFF: Unavailable,
    Fault.HALF: Unavailable,
    Fault.BLANK: Unavailable,
    Fault.NO_CONTENT: Unavailable,
    Fault.WEB_PAGE: Unavailable,
    Fault.SIGNED_OUT: NeedsReconnect,
    Fault.GONE: Rejected,
    Fault.TOO_OFTEN: RateLimited,
    Fault.ENDLESS: Unavailable,
}

WAIT = timedelta(seconds=120)
"""The time that OVERLOADED and TOO_OFTEN name."""


class Harness(ABC):
    """A connector, and a remote that the test can break."""

    connector: Connector
    settings: BaseModel
    network: Network
    """With a deadline of a second at most where nothing, or no end, is to be expected"""
    secrets: tuple[str, ...]
    """Texts that must appear in no message."""
    window: Window

    @abstractmethod
    def heal(self) -> None:
        """From now on the remote answers with a recorded sample: all-day and timed events, one of each."""

    @abstractmethod
    def break_(self, fault: Fault) -> None: ...

    @abstractmethod
    def calls(self) -> int:
        """How many requests the remote has seen."""


class ConnectorContract:
    """Subclasses define the fixture `harness`."""

    readme: ClassVar[Path]

    def test_check_proves_credentials_that_work(self, harness: Harness) -> None:
        harness.heal()

        harness.connector.check(harness.settings, harness.network)

        assert harness.calls() >= 1

    def test_check_refuses_credentials_that_do_not(self, harness: Harness) -> None:
        harness.break_(Fault.SIGNED_OUT)

        with pytest.raises(NeedsReconnect):
            harness.connector.check(harness.settings, harness.network)

    @pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
    def test_an_outage_is_never_an_empty_page(self, harness: Harness, fault: Fault) -> None:
        harness.heal()
        before = self.pull(harness)
        harness.break_(fault)

        with pytest.raises(EXPECTED[fault]) as raised:
            self.pull(harness)

        assert before
        assert raised.type is EXPECTED[fault]
        assert raised.value.code
        assert raised.value.message

    @pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
    def test_no_failure_tells_a_secret(self, harness: Harness, fault: Fault) -> None:
        harness.break_(fault)

        with pytest.raises(ConnectorError) as raised:
            self.pull(harness)

        told = str(raised.value) + repr(raised.value) + raised.value.message
        assert not [secret for secret in harness.secrets if secret in told]

    @pytest.mark.parametrize("fault", [Fault.SILENT, Fault.ENDLESS], ids=lambda fault: fault.name.lower())
    def test_every_call_ends(self, harness: Harness, fault: Fault) -> None:
        harness.break_(fault)
        begun = time.monotonic()

        with pytest.raises(Unavailable):
            self.pull(harness)

        assert time.monotonic() - begun < AT_MOST

    @pytest.mark.parametrize(
        "fault", [Fault.OVERLOADED, Fault.TOO_OFTEN], ids=lambda fault: fault.name.lower()
    )
    def test_the_wait_that_the_remote_asks_for_is_passed_on(self, harness: Harness, fault: Fault) -> None:
        harness.break_(fault)

        with pytest.raises(ConnectorError) as raised:
            self.pull(harness)

        assert isinstance(raised.value, Unavailable | RateLimited)
        assert raised.value.retry_after == WAIT

    def test_a_request_that_was_answered_is_not_repeated(self, harness: Harness) -> None:
        harness.break_(Fault.OUTAGE)

        with pytest.raises(Unavailable):
            self.pull(harness)

        assert harness.calls() == 1

    def test_instants_and_all_day_dates_are_kept_apart(self, harness: Harness) -> None:
        harness.heal()

        whens = [event.when for event in self.pull(harness)]

        timed = [when for when in whens if isinstance(when, Timed)]
        all_day = [when for when in whens if isinstance(when, AllDay)]
        assert timed
        assert all(when.starts_at.tzinfo is UTC and when.ends_at.tzinfo is UTC for when in timed)
        assert all_day
        assert not any(isinstance(day, datetime) for when in all_day for day in (when.first, when.after))
        assert all(isinstance(when.first, date) and when.first < when.after for when in all_day)

    def test_no_two_events_share_a_key(self, harness: Harness) -> None:
        harness.heal()

        keys = [event.key for event in self.pull(harness)]

        assert len(set(keys)) == len(keys)

    def test_secrets_are_settings_and_are_not_shown(self, harness: Harness) -> None:
        fields = harness.connector.settings_model.model_fields

        assert harness.connector.secret_fields <= set(fields)
        assert not [secret for secret in harness.secrets if secret in repr(harness.settings)]

    def test_the_readme_ticks_ten_lines(self) -> None:
        lines = self.readme.read_text(encoding="utf-8").splitlines()

        assert sum(line.startswith("- [x]") for line in lines) == 10

    def pull(self, harness: Harness) -> tuple[RemoteEvent, ...]:
        assert isinstance(harness.connector, PullsEvents)
        pulled = harness.connector.pull(harness.settings, None, harness.window, ZONE, harness.network)
        return pulled.events
