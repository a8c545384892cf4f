"""Who was checked is who is called, and whoever closes is closed to all."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import httpcore
import pytest

from connectors import dialling
from connectors.errors import ConnectorError, Rejected, Unavailable
from connectors.transport import Closing, Network, failure
from tests.connectors.remotes import BODY, SHORT, leading_to
from tests.connectors.test_statuses import reply
from tests.fakes.feed_server import Answer, FeedServer
from tests.fakes.hostile_server import HostileServer


def led_astray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to 127.0.0.2 end at 127.0.0.1, as a rule of a firewall could make them."""
    straight = httpcore.SyncBackend.connect_tcp

    def astray(self: httpcore.SyncBackend, host: str, *args: Any, **more: Any) -> httpcore.NetworkStream:
        return straight(self, "127.0.0.1" if host == "127.0.0.2" else host, *args, **more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", astray)


def test_whoever_answers_from_another_address_is_told_nothing(
    remote: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.answer("/a.ics", body=BODY)
    led_astray(monkeypatch)
    network = Network(["127.0.0.2"], resolve=leading_to("127.0.0.2"))

    with pytest.raises(Rejected) as refused:
        network.get(f"http://calendar.example:{remote.port}/a.ics")

    assert refused.value.code == "address_refused"
    assert not remote.requests()


def test_without_the_check_of_the_peer_it_would_be_asked(
    remote: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    remote.answer("/a.ics", body=BODY)
    led_astray(monkeypatch)
    monkeypatch.setattr(dialling, "_check_peer", lambda *_: None)
    network = Network(["127.0.0.2"], resolve=leading_to("127.0.0.2"))

    assert network.get(f"http://calendar.example:{remote.port}/a.ics").body == BODY


@pytest.mark.parametrize("script", ["silent", "trickle"])
def test_closing_ends_what_is_under_way_at_once(script: str) -> None:
    with HostileServer() as remote:
        network, ended = Network(["127.0.0.1"]), threading.Event()
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                network.get(remote.url(script))
            except Closing as error:
                raised.append(error)
            ended.set()

        asking = threading.Thread(target=ask)
        asking.start()
        while not remote.asked[script]:
            ended.wait(0.01)
        network.close()

        assert ended.wait(5)
        asking.join()
        assert len(raised) == 1
        with pytest.raises(Closing):
            network.get(remote.url(script))


def test_closing_ends_a_look_up() -> None:
    hanging, asked = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        asked.set()
        hanging.wait(30)
        return []

    network, raised = Network(resolve=resolve), []

    def ask() -> None:
        try:
            network.get("http://calendar.example/")
        except Closing as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert asked.wait(5)
    network.close()
    asking.join(5)
    hanging.set()
    assert len(raised) == 1


@pytest.mark.parametrize(
    ("answer", "of_the_host"),
    [
        (Answer(delay=30), True),
        (Answer(body=BODY * 100, piece=1, pause=0.05), True),
        (Answer(hang_up=True), False),
        (Answer(body=BODY, headers={"Content-Encoding": "br"}), False),
        (Answer(status=302, headers={"Location": "/a.ics"}), False),
    ],
    ids=["silent", "trickle", "hung up", "brotli", "circle"],
)
def test_a_failure_says_whether_the_whole_host_is_unwell(
    remote: FeedServer, network: Network, answer: Answer, of_the_host: bool
) -> None:
    remote.answer("/a.ics", answer)

    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/a.ics"), deadline=SHORT)

    assert raised.value.host == (remote.host if of_the_host else "")


def test_a_host_that_is_not_there_is_unwell() -> None:
    with pytest.raises(Unavailable) as raised:
        Network(["127.0.0.1"], resolve=leading_to("127.0.0.1")).get("http://calendar.example:1/")

    assert (raised.value.code, raised.value.host) == ("unreachable", "calendar.example:1")


@pytest.mark.parametrize(
    ("status", "headers", "host"),
    [
        (429, {}, "h.example"),
        (503, {}, "h.example"),
        (500, {}, ""),
        (500, {"retry_after": "60"}, "h.example"),
        (403, {}, ""),
        (404, {}, ""),
    ],
)
def test_a_status_says_whether_the_whole_host_is_unwell(
    status: int, headers: dict[str, str], host: str
) -> None:
    error = failure(replace(reply(status, **headers), authority="h.example"))

    assert isinstance(error, ConnectorError)
    assert error.host == host
