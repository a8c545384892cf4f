"""The iCal connector keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import connectors.ical
from connectors.contract import Window
from connectors.ical.connector import IcalConnector, IcalSettings
from connectors.transport import Network
from tests.connectors.contract import WAIT, ConnectorContract, Fault, Harness
from tests.connectors.remotes import SHORT
from tests.fakes.feed_server import Answer, FeedServer

PATH = "/calendar/ical/s3cr3t-token.ics"
SAMPLE = Path(__file__).parent / "samples" / "mixed.ics"
SECONDS = str(int(WAIT.total_seconds()))
PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def faults(sample: bytes) -> dict[Fault, Answer]:
    return {
        Fault.OUTAGE: Answer(status=500, body=sample),
        Fault.OVERLOADED: Answer(status=503, headers={"Retry-After": SECONDS}),
        Fault.SILENT: Answer(delay=30),
        Fault.HANGS_UP: Answer(hang_up=True),
        Fault.BREAKS_OFF: Answer(body=sample, cut_after=len(sample) - 10),
        Fault.HALF: Answer(body=sample[: len(sample) // 2]),
        Fault.BLANK: Answer(body=b""),
        Fault.NO_CONTENT: Answer(status=204),
        Fault.WEB_PAGE: Answer(body=PAGE, headers={"Content-Type": "text/html"}),
        Fault.SIGNED_OUT: Answer(status=401),
        Fault.GONE: Answer(status=404),
        Fault.TOO_OFTEN: Answer(status=429, headers={"Retry-After": SECONDS}),
        Fault.ENDLESS: Answer(body=b"X-NOISE:1\r\n" * 10, endless=True, pause=0.01),
    }


class IcalHarness(Harness):
    def __init__(self, remote: FeedServer) -> None:
        self.remote = remote
        self.connector = IcalConnector()
        self.settings = IcalSettings(url=remote.url(PATH) + "?key=s3cr3t-key")
        self._patient = Network([remote.host])
        self._hasty = Network([remote.host], deadline=SHORT)
        self.network = self._patient
        self.secrets = ("s3cr3t-token", "s3cr3t-key")
        self.window = Window(date(2026, 11, 1), date(2027, 12, 1))

    def heal(self) -> None:
        self.network = self._patient
        self.remote.answer(PATH, body=SAMPLE.read_bytes())

    def break_(self, fault: Fault) -> None:
        self.network = self._hasty if fault in (Fault.SILENT, Fault.ENDLESS) else self._patient
        self.remote.answer(PATH, faults(SAMPLE.read_bytes())[fault])

    def calls(self) -> int:
        return len(self.remote.requests(PATH))


class TestIcalKeepsTheContract(ConnectorContract):
    readme = Path(connectors.ical.__file__).parent / "README.md"

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with FeedServer() as remote:
            yield IcalHarness(remote)
