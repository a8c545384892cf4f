"""Watch channels: that they post, what they say, and what becomes of notices on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.conftest import FrozenClock
from tests.fakes.google_calendar import Delivery, GoogleCalendar, Notice, Person
from tests.fakes.google_calendar_facts.client import ADA, Api, refusal

ADDRESS = "https://hub.example.com/notices"


@pytest.fixture
def posted(google: GoogleCalendar) -> list[Notice]:
    """What is delivered, instead of being posted."""
    kept: list[Notice] = []
    google.watching.post = kept.append
    google.watching.delivery = Delivery.AT_ONCE
    return kept


def _watch(api: Api, channel: str = "watch-1", **more: Any) -> dict[str, Any]:
    body = {"id": channel, "type": "web_hook", "address": ADDRESS, "token": "a secret"} | more
    answer: dict[str, Any] = api.events.watch(calendarId="primary", body=body).execute()
    return answer


def _states(posted: list[Notice]) -> list[tuple[str, str]]:
    return [(each.headers["X-Goog-Channel-ID"], each.headers["X-Goog-Resource-State"]) for each in posted]


def test_a_channel_says_hello_and_then_that_something_changed(
    google: GoogleCalendar, ada: Person, api: Api, posted: list[Notice], clock: FrozenClock
) -> None:
    opened = _watch(api)
    ada.creates("a")
    ada.creates("b")
    assert _states(posted) == [("watch-1", "sync"), *([("watch-1", "exists")] * 2)]
    headers = posted[1].headers
    assert headers["X-Goog-Channel-Token"] == "a secret"
    assert headers["X-Goog-Resource-ID"] == opened["resourceId"]
    assert headers["X-Goog-Resource-URI"] == opened["resourceUri"]
    assert headers["X-Goog-Channel-Expiration"].endswith(" GMT")
    numbers = [int(each.headers["X-Goog-Message-Number"]) for each in posted]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))
    week = clock.instant + timedelta(days=7)
    assert int(opened["expiration"]) == int(week.timestamp() * 1000)


def test_message_numbers_leave_gaps(
    google: GoogleCalendar, ada: Person, api: Api, posted: list[Notice]
) -> None:
    _watch(api)
    for number in range(9):
        ada.creates(str(number))
    assert int(posted[-1].headers["X-Goog-Message-Number"]) > len(posted)


def test_a_channel_expires_or_is_closed(
    google: GoogleCalendar, ada: Person, api: Api, posted: list[Notice], clock: FrozenClock
) -> None:
    soon = clock.instant + timedelta(hours=1)
    first = _watch(api, "watch-1", expiration=int(soon.timestamp() * 1000))
    second = _watch(api, "watch-2")
    assert first["resourceId"] == second["resourceId"]
    posted.clear()
    ada.creates("both hear of it")
    clock.advance(timedelta(hours=2))
    ada.creates("one hears of it")
    assert _states(posted) == [("watch-1", "exists"), ("watch-2", "exists"), ("watch-2", "exists")]
    stop = {"id": "watch-2", "resourceId": second["resourceId"]}
    token = google.oauth.token(ADA)
    headers = {"Authorization": f"Bearer {token}"}
    wrong = api.http.post(
        f"{google.root}/calendar/v3/channels/stop", json=stop | {"resourceId": "x"}, headers=headers
    )
    assert wrong.status_code == 404
    ended = api.http.post(f"{google.root}/calendar/v3/channels/stop", json=stop, headers=headers)
    assert (ended.status_code, ended.content) == (204, b"")
    ada.creates("nobody hears of it")
    assert (len(posted), google.watching.living()) == (3, [])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"address": "http://hub.example.com/notices"}, "push.webhookUrlNotHttps"),
        ({"id": "a" * 65}, "channelIdInvalid"),
        ({"id": "with blanks"}, "channelIdInvalid"),
        ({"type": "pigeon"}, "channelUnknown"),
        ({"token": "t" * 257}, "invalid"),
        ({"expiration": 1}, "invalid"),
    ],
)
def test_a_channel_is_refused(api: Api, wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(HttpError) as caught:
        _watch(api, **wrong)
    assert refusal(caught) == (400, reason)


def test_the_id_of_a_living_channel_is_taken(api: Api, clock: FrozenClock) -> None:
    _watch(api)
    with pytest.raises(HttpError) as caught:
        _watch(api)
    assert refusal(caught) == (400, "channelIdNotUnique")
    clock.advance(timedelta(days=8))
    assert _watch(api)["id"] == "watch-1"


def test_notices_get_lost_doubled_and_reordered(
    google: GoogleCalendar, ada: Person, api: Api, posted: list[Notice]
) -> None:
    _watch(api)
    google.watching.delivery = Delivery.COLLECTED
    google.watching.lost = 1
    ada.creates("lost")
    google.watching.doubled = 1
    for number in range(6):
        ada.creates(str(number))
    assert len(posted) == 1
    assert google.watching.deliver(reordered=True) == 7
    numbers = [int(each.headers["X-Goog-Message-Number"]) for each in posted[1:]]
    assert numbers != sorted(numbers)
    assert len(set(numbers)) == 6


class _Hub(HTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.enough = threading.Semaphore(0)


class _Handler(BaseHTTPRequestHandler):
    server: _Hub

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.server.heard.append((headers, body))
        self.send_response(204)
        self.end_headers()
        self.server.enough.release()

    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is no access log."""


@pytest.fixture
def hub() -> Iterator[_Hub]:
    server = _Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("delivery", [Delivery.AT_ONCE, Delivery.BEHIND])
def test_a_notice_is_really_posted_and_has_no_body(
    google: GoogleCalendar, ada: Person, api: Api, hub: _Hub, delivery: Delivery
) -> None:
    google.watching.plain_http = True
    google.watching.delivery = delivery
    _watch(api, address=f"http://127.0.0.1:{hub.server_port}/notices")
    ada.creates("a")
    for _ in range(2):
        assert hub.enough.acquire(timeout=10)
    google.watching.close()
    assert [headers["x-goog-resource-state"] for headers, _ in hub.heard] == ["sync", "exists"]
    assert [body for _, body in hub.heard] == [b"", b""]
    assert hub.heard[0][0]["x-goog-channel-token"] == "a secret"
