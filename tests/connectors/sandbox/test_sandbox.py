"""The sample channels: what they publish can be read, changed and kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import AllDay, Pulled, Window
from connectors.ical.connector import IcalConnector, IcalSettings
from connectors.ical.translate import read
from connectors.sandbox.channels import Channel, feed, sample
from connectors.sandbox.server import SandboxServer, serve
from connectors.transport import Network
from hub import clock

LISBON = ZoneInfo("Europe/Lisbon")
TODAY = date(2026, 11, 21)
ROUND_TODAY = Window(TODAY - timedelta(days=60), TODAY + timedelta(days=365))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    server = serve(0, tmp_path / "state.json")
    yield server
    server.shutdown()
    server.server_close()


def pull(server: SandboxServer, channel: str, cursor: dict[str, str] | None = None) -> Pulled:
    today = clock.today("UTC")
    return IcalConnector().pull(
        IcalSettings(url=f"{server.url}/{channel}.ics"),
        cursor,
        Window(today - timedelta(days=60), today + timedelta(days=365)),
        LISBON,
        Network(["127.0.0.1"]),
    )


@settings(deadline=None)
@given(st.sampled_from(Channel), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_sample_can_be_read_and_is_the_same_for_the_same_day(channel: Channel, today: date) -> None:
    entries = sample(channel, today)
    window = Window(today - timedelta(days=60), today + timedelta(days=365))

    found = read(feed(channel, entries, today), window, LISBON)

    assert found.problems == ()
    assert 4 <= len(found.events) <= 6
    assert [(e.uid, e.summary, e.description, e.when) for e in found.events] == [
        (e.uid, e.summary, e.description, AllDay(e.first, e.after)) for e in entries
    ]
    assert feed(channel, reversed(entries), today) == feed(channel, sample(channel, today), today)


def test_the_samples_of_one_channel_do_not_overlap_and_some_are_to_come() -> None:
    for channel in Channel:
        entries = sample(channel, TODAY)
        assert all(a.after <= b.first for a, b in pairwise(entries))
        assert sum(entry.first > TODAY for entry in entries) >= 4


def test_each_channel_writes_in_its_own_manner() -> None:
    feeds = {channel: feed(channel, sample(channel, TODAY), TODAY) for channel in Channel}

    assert b"@airbnb.com" in feeds[Channel.AIRBNB]
    assert b"Reservation URL" in feeds[Channel.AIRBNB]
    assert b"CLOSED - Not available" in feeds[Channel.BOOKING]
    assert b"DESCRIPTION" not in feeds[Channel.BOOKING]
    assert b"PRODID:-//HomeAway.com, Inc.//EN" in feeds[Channel.VRBO]


def test_the_server_lists_its_feeds_and_answers_304(sandbox: SandboxServer) -> None:
    listed = httpx.get(sandbox.url).json()
    first = pull(sandbox, "airbnb")

    assert listed["Booking.com"] == f"{sandbox.url}/booking.ics"
    assert len(first.events) == 5
    assert pull(sandbox, "airbnb", first.cursor).unchanged


def test_an_event_is_added_and_removed(sandbox: SandboxServer) -> None:
    before = pull(sandbox, "booking")
    wanted = {"summary": "CLOSED - Not available", "first": "2026-12-24", "after": "2026-12-27"}

    added = httpx.post(f"{sandbox.url}/booking/events", json=wanted)
    during = httpx.get(f"{sandbox.url}/booking.ics").text
    removed = httpx.delete(f"{sandbox.url}/booking/events/{added.json()['uid']}")
    after = pull(sandbox, "booking", before.cursor)

    assert added.status_code == 201
    assert added.json().items() >= wanted.items()
    assert "DTSTART;VALUE=DATE:20261224" in during
    assert removed.status_code == 204
    assert after.unchanged


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/expedia.ics", None, 404),
        ("GET", "/etc/passwd", None, 404),
        ("POST", "/expedia/events", {"summary": "x", "first": "2026-12-01", "after": "2026-12-02"}, 404),
        ("POST", "/airbnb", {"summary": "x", "first": "2026-12-01", "after": "2026-12-02"}, 404),
        ("POST", "/airbnb/events", {"summary": "x", "first": "2026-12-02", "after": "2026-12-02"}, 422),
        ("POST", "/airbnb/events", {"summary": "x", "first": "tomorrow", "after": "2026-12-02"}, 422),
        ("POST", "/airbnb/events", {"summary": "x"}, 422),
        ("POST", "/airbnb/events", [1], 422),
        ("POST", "/airbnb/events", {"summary": "x" * 20_000}, 400),
        ("DELETE", "/airbnb/events/nobody", None, 404),
        ("DELETE", "/airbnb/events", None, 404),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    sandbox: SandboxServer, method: str, path: str, body: object, status: int
) -> None:
    answer = httpx.request(method, sandbox.url + path, content=None if body is None else json.dumps(body))

    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_restart_keeps_what_was_changed(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = serve(0, state)
    added = httpx.post(
        f"{first.url}/vrbo/events", json={"summary": "Blocked", "first": "2026-12-24", "after": "2026-12-27"}
    ).json()
    before = httpx.get(f"{first.url}/vrbo.ics").content
    first.shutdown()
    first.server_close()

    second = serve(0, state)
    after = httpx.get(f"{second.url}/vrbo.ics").content
    second.shutdown()
    second.server_close()

    assert added["uid"] == "20261224-20261227"
    assert after == before


def test_the_module_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    command = [sys.executable, "-m", "connectors.sandbox.server", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        while not state.exists() and process.poll() is None:
            threading.Event().wait(0.02)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)

    assert (process.returncode, output) == (0, b"")
