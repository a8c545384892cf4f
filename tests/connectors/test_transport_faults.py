"""A remote that is slow, endless, broken or absent costs a bounded time and is never an answer."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from connectors.errors import Unavailable
from connectors.transport import Network
from tests.connectors.remotes import AT_MOST, BODY, SHORT, leading_to
from tests.fakes.feed_server import Answer, FeedServer


@pytest.mark.parametrize(
    "answer",
    [
        Answer(delay=30),
        Answer(body=BODY * 1000, piece=1, pause=0.02),
        Answer(body=b"x" * 1000, endless=True, pause=0.01),
        Answer(endless_headers=True, pause=0.02),
    ],
    ids=["silent", "trickle", "endless", "endless headers"],
)
def test_a_remote_that_takes_for_ever_is_left_at_the_deadline(
    remote: FeedServer, network: Network, answer: Answer
) -> None:
    remote.answer("/a.ics", answer)
    begun = time.monotonic()

    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/a.ics"), deadline=SHORT)

    assert raised.value.code == "timeout"
    assert time.monotonic() - begun < AT_MOST


def test_the_deadline_covers_all_redirects_together(remote: FeedServer, network: Network) -> None:
    remote.answer("/loop", status=302, headers={"Location": "/loop"}, delay=0.2)
    begun = time.monotonic()

    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/loop"), deadline=SHORT)

    assert raised.value.code == "timeout"
    assert time.monotonic() - begun < AT_MOST


def test_a_look_up_that_hangs_ends_at_the_deadline(remote: FeedServer) -> None:
    def hanging(host: str, port: int) -> list[str]:
        remote.closing.wait(30)
        return []

    with pytest.raises(Unavailable) as raised:
        Network(resolve=hanging, deadline=SHORT).get("http://calendar.example/")

    assert raised.value.code == "timeout"


def test_a_handshake_that_hangs_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        with pytest.raises(Unavailable) as raised:
            Network(["127.0.0.1"], deadline=SHORT).get(url)

    assert raised.value.code == "timeout"


def test_an_endless_body_ends_at_the_size_limit(remote: FeedServer, network: Network) -> None:
    remote.answer("/a.ics", body=b"x" * 65536, endless=True)

    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/a.ics"), max_bytes=1_000_000)

    assert raised.value.code == "too_large"


def test_a_body_of_exactly_the_limit_is_taken(remote: FeedServer, network: Network) -> None:
    remote.answer("/a.ics", body=b"x" * 1000)

    assert len(network.get(remote.url("/a.ics"), max_bytes=1000).body) == 1000
    with pytest.raises(Unavailable):
        network.get(remote.url("/a.ics"), max_bytes=999)


def test_a_gzip_bomb_is_not_inflated_beyond_the_limit(remote: FeedServer, network: Network) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    remote.answer("/a.ics", body=bomb, headers={"Content-Encoding": "gzip"})

    tracemalloc.start()
    try:
        with pytest.raises(Unavailable) as raised:
            network.get(remote.url("/a.ics"), max_bytes=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert raised.value.code == "too_large"
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes), ("", bytes)],
)
def test_compressed_answers_are_unpacked(
    remote: FeedServer, network: Network, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    remote.answer("/a.ics", body=pack(BODY * 5000), headers={"Content-Encoding": encoding}, piece=100)

    assert network.get(remote.url("/a.ics")).body == BODY * 5000


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(body=BODY, cut_after=10), "interrupted"),
        (Answer(hang_up=True), "interrupted"),
        (Answer(body=gzip.compress(BODY * 1000)[:50], headers={"Content-Encoding": "gzip"}), "interrupted"),
        (Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}), "interrupted"),
        (Answer(body=BODY, headers={"Content-Encoding": "br"}), "unknown_encoding"),
    ],
    ids=["cut", "hung up", "cut gzip", "no gzip", "brotli"],
)
def test_a_broken_answer_is_no_answer(
    remote: FeedServer, network: Network, answer: Answer, code: str
) -> None:
    remote.answer("/a.ics", answer)

    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/a.ics"))

    assert raised.value.code == code


def test_a_remote_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(Unavailable) as raised:
        Network(["127.0.0.1"]).get(f"http://127.0.0.1:{port}/")

    assert raised.value.code == "unreachable"


def test_a_name_that_nobody_knows_is_unavailable() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unavailable) as raised:
        Network(resolve=unknown).get("http://calendar.example/secret")

    assert raised.value.code == "unknown_host"
    assert "secret" not in str(raised.value)


def test_a_connection_that_fails_once_is_tried_again(remote: FeedServer) -> None:
    remote.answer("/a.ics", body=BODY)
    looked_up: list[str] = []

    def flaky(host: str, port: int) -> list[str]:
        looked_up.append(host)
        if len(looked_up) == 1:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return ["127.0.0.1"]

    got = Network(["127.0.0.1"], resolve=flaky).get(f"http://calendar.example:{remote.port}/a.ics")

    assert got.status == 200
    assert len(looked_up) == 2


def test_an_address_that_does_not_answer_leaves_the_next_its_turn(remote: FeedServer) -> None:
    remote.answer("/a.ics", body=BODY)

    got = Network(["127.0.0.0/8"], resolve=leading_to("127.0.0.2", "127.0.0.1")).get(
        f"http://calendar.example:{remote.port}/a.ics"
    )

    assert got.status == 200
