"""The sample channels over HTTP: what they publish can be read, changed, kept, and moved in time."""

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
from typing import Any

import httpx
import icalendar
import pytest

from connectors.sandbox.channels import CHANNELS
from connectors.sandbox.faults import FAULTS
from connectors.sandbox.samples import PLANS, zoo
from connectors.sandbox.server import SandboxServer, serve
from connectors.sandbox.stays import edges
from hub import clock as hub_clock
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer
from tests.fakes.loopback import NO_TLS

TODAY = date(2026, 11, 21)
AGENT = {"User-Agent": "a test"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    server = serve(0, tmp_path / "state.json", late=timedelta(seconds=0.2))
    yield server
    server.shutdown()
    server.server_close()


def test_a_port_that_is_taken_is_told_as_one(sandbox: SandboxServer) -> None:
    with pytest.raises(OSError, match="in use"):
        SandboxServer(sandbox.port, zoo(TODAY))


def ask(server: SandboxServer, path: str, method: str = "GET", body: object = None, **headers: str) -> Any:
    named = AGENT | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(
        method, server.url + path, headers=named, content=json.dumps(body).encode(), verify=NO_TLS
    )


def summaries(server: SandboxServer, channel: str) -> list[str]:
    body = ask(server, f"/{channel}.ics").content
    return [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(body).walk("VEVENT")]


def test_the_samples_of_one_channel_do_not_overlap_and_some_are_to_come() -> None:
    for channel in zoo(TODAY).channels.values():
        spans = sorted(edges(stay.span) for stay in channel.stays.values())
        assert all(str(one[1]) <= str(two[0]) for one, two in pairwise(spans))
        assert sum(str(first) > str(TODAY) for first, _ in spans) >= 3


def test_every_sample_is_the_same_for_the_same_day() -> None:
    one, two = zoo(TODAY), zoo(TODAY)

    assert {name: channel.stays for name, channel in one.channels.items()} == {
        name: channel.stays for name, channel in two.channels.items()
    }
    assert one.channels["airbnb"].stays != zoo(TODAY + timedelta(days=1)).channels["airbnb"].stays


def test_the_server_lists_its_feeds_and_answers_304(sandbox: SandboxServer) -> None:
    listed = ask(sandbox, "/").json()
    first = ask(sandbox, "/airbnb.ics")

    assert listed["Booking.com"] == f"{sandbox.url}/booking.ics"
    assert set(listed) >= {CHANNELS[kind].title for kind in PLANS}
    assert len(listed) == len(sandbox.zoo.channels)
    assert summaries(sandbox, "booking") == ["CLOSED - Not available"] * 4
    assert ask(sandbox, "/airbnb.ics", if_none_match=first.headers["ETag"]).status_code == 304


def test_an_event_is_added_and_removed(sandbox: SandboxServer) -> None:
    before = ask(sandbox, "/booking.ics").text
    wanted = {"summary": "CLOSED - Not available", "first": "2026-12-24", "after": "2026-12-27"}

    added = ask(sandbox, "/booking/events", "POST", wanted)
    during = ask(sandbox, "/booking.ics").text
    removed = ask(sandbox, f"/booking/events/{added.json()['uid']}", "DELETE")
    after = ask(sandbox, "/booking.ics").text

    assert added.status_code == 201
    assert added.json().items() >= wanted.items()
    assert f"UID:{added.json()['uid']}" in during
    assert "DTSTART;VALUE=DATE:20261224" in during
    assert removed.status_code == 204
    assert after == before


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
        ("GET", "/zoo/airbnb", None, 404),
        ("POST", "/zoo/expedia/faults", {"fault": "empty"}, 404),
        ("POST", "/zoo/airbnb/faults", {"fault": "flood"}, 422),
        ("POST", "/zoo/airbnb/faults", ["empty"], 422),
        ("POST", "/zoo/clock", {"days": -1}, 422),
        ("POST", "/zoo/clock", {"days": "nan"}, 422),
        ("PUT", "/zoo/airbnb/imports", {"url": "http://10.0.0.1/feeds/x.ics"}, 422),
        ("PUT", "/zoo/airbnb/imports", {"url": "file:///etc/passwd"}, 422),
        ("POST", "/zoo/airbnb/imports", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    sandbox: SandboxServer, method: str, path: str, body: object, status: int
) -> None:
    answer = httpx.request(
        method, sandbox.url + path, content=None if body is None else json.dumps(body), verify=NO_TLS
    )

    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_web_page_cannot_move_the_clock(sandbox: SandboxServer, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{sandbox.url}/zoo/clock", json={"days": 1}, headers=headers, verify=NO_TLS)

    assert answer.status_code == 403
    assert not sandbox.zoo.ahead


def test_time_passes_and_people_act(sandbox: SandboxServer, clock: FrozenClock) -> None:
    before = {name: channel.taken for name, channel in sandbox.zoo.channels.items()}
    moved = ask(sandbox, "/zoo/clock", "POST", {"days": 10}).json()
    after = {name: channel.taken for name, channel in sandbox.zoo.channels.items()}
    idle = ask(sandbox, "/zoo/clock", "POST", {"days": 10, "acts": False}).json()

    assert len(moved["acts"]) > 10
    assert any(before[name] != after[name] for name in before)
    assert idle["acts"] == []
    assert idle["now"] == (clock.instant + timedelta(days=20)).isoformat()


@pytest.mark.parametrize(
    ("fault", "status"), [("empty", 200), ("error", 500), ("page", 200), ("no_content", 204), ("moved", 302)]
)
def test_a_fault_is_armed_and_taken_away(sandbox: SandboxServer, fault: str, status: int) -> None:
    before = ask(sandbox, "/smoobu.ics").content
    armed = ask(sandbox, "/zoo/smoobu/faults", "POST", {"fault": fault}).json()
    during = ask(sandbox, "/smoobu.ics")
    told = ask(sandbox, "/zoo").json()
    disarmed = ask(sandbox, "/zoo/smoobu/faults", "DELETE").json()

    assert armed["faults"] == [fault]
    assert during.status_code == status
    assert during.content != before
    assert told["channels"]["smoobu"]["answered"][-1]["fault"] == fault
    assert set(told["faults"]) == set(FAULTS)
    assert disarmed["faults"] == []
    assert ask(sandbox, "/smoobu.ics").content == before


@pytest.mark.parametrize("fault", ["slow", "hung_up"])
def test_some_faults_are_of_the_wire(sandbox: SandboxServer, fault: str) -> None:
    ask(sandbox, "/zoo/smoobu/faults", "POST", {"fault": fault})

    with pytest.raises(httpx.TransportError):
        httpx.get(f"{sandbox.url}/smoobu.ics", timeout=0.1, verify=NO_TLS)


def test_a_trickle_comes_byte_by_byte(sandbox: SandboxServer) -> None:
    ask(sandbox, "/zoo/smoobu/faults", "POST", {"fault": "trickle"})

    with httpx.stream("GET", f"{sandbox.url}/smoobu.ics") as answer:
        pieces = [piece for piece, _ in zip(answer.iter_raw(), range(3), strict=False)]

    assert pieces == [b"B", b"E", b"G"]


def test_a_channel_reads_our_calendar_and_shows_it_again(sandbox: SandboxServer) -> None:
    first = hub_clock.today("UTC") + timedelta(days=35)
    after = first + timedelta(days=2)
    ours = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//us//EN\r\nBEGIN:VEVENT\r\nUID:1@us\r\n"
        f"DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:{first:%Y%m%d}\r\n"
        f"DTEND;VALUE=DATE:{after:%Y%m%d}\r\nSUMMARY:Reserved\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
    with FeedServer() as hub:
        hub.answer("/ours.ics", Answer(body=ours), Answer(body=b"<html>"))
        url = {"url": hub.url("/ours.ics")}
        read = ask(sandbox, "/zoo/vrbo/imports", "PUT", url).json()
        unreadable = ask(sandbox, "/zoo/vrbo/imports", "POST", {}).json()
        asked_by = hub.requests("/ours.ics")[0].headers["user-agent"]

    assert read["read"] == unreadable["read"] == [[first.isoformat(), after.isoformat()]]
    assert read["reads"].endswith(": read")
    assert "not read: no calendar" in unreadable["reads"]
    assert asked_by == CHANNELS["vrbo"].agent
    assert f"UID:{first:%Y%m%d}-{after:%Y%m%d}" in ask(sandbox, "/vrbo.ics").text


def test_a_restart_keeps_what_was_changed(tmp_path: Path, clock: FrozenClock) -> None:
    state = tmp_path / "state.json"
    first = serve(0, state)
    wanted = {"summary": "Blocked", "first": "2026-12-24", "after": "2026-12-27"}
    added = ask(first, "/vrbo/events", "POST", wanted).json()
    ask(first, "/zoo/clock", "POST", {"days": 3})
    before = ask(first, "/vrbo.ics").content
    first.shutdown()
    first.server_close()

    second = serve(0, state)
    after = ask(second, "/vrbo.ics").content
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
