"""The way to Google: one deadline, a bounded body, no redirect, no cookie, and nothing sent twice."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from connectors.errors import Unavailable
from connectors.google_calendar import transport
from connectors.google_calendar.transport import HttpxHttp, NotConnected
from tests.connectors.google_calendar.scripted import CUT, Answer, Scripted
from tests.connectors.remotes import AT_MOST


@pytest.fixture
def http() -> HttpxHttp:
    return HttpxHttp(5)


@contextmanager
def raw(reply: bytes, then: bytes = b"", pause: float = 0.05) -> Iterator[str]:
    """Answers every connection with `reply`, then one byte of `then` after another."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(reply)
                    for byte in then:
                        if ended.wait(pause):
                            return
                        connection.sendall(bytes([byte]))
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_an_answer_comes_as_google_s_library_wants_it(google: Scripted, http: HttpxHttp) -> None:
    packed = gzip.compress(b'{"a": 1}')
    google.answers = [Answer(200, packed, {"Content-Encoding": "gzip", "X-Odd": "Yes"})]

    response, content = http.request(f"{google.root}/x", "POST", "body", {"if-match": '"1"'})

    assert (response.status, response["x-odd"], content) == (200, "Yes", b'{"a": 1}')
    assert "content-encoding" not in response
    assert (google.asked[0].body, google.asked[0].headers["if-match"]) == (b"body", '"1"')


def test_a_redirect_is_an_answer_and_is_not_followed(google: Scripted, http: HttpxHttp) -> None:
    google.answers = [Answer(307, b"", {"Location": f"{google.root}/elsewhere"})]

    response, _ = http.request(f"{google.root}/x", "POST", "body")

    assert response.status == 307
    assert len(google.asked) == 1


def test_a_request_is_never_sent_again(google: Scripted, http: HttpxHttp) -> None:
    google.answers = [Answer(), CUT]
    http.request(f"{google.root}/x", "GET")  # a connection that is kept

    with pytest.raises(ConnectionError) as failed:
        http.request(f"{google.root}/x", "POST", "body")

    assert not isinstance(failed.value, NotConnected)
    assert len(google.asked) == 2


def test_no_connection_is_told_from_one_that_broke(http: HttpxHttp) -> None:
    with Scripted() as gone:
        address = gone.root

    with pytest.raises(NotConnected):
        http.request(f"{address}/x")


def test_silence_ends_at_the_deadline() -> None:
    began = time.monotonic()
    with raw(b"") as address, pytest.raises((TimeoutError, ConnectionError)):
        HttpxHttp(0.3).request(address)

    assert time.monotonic() - began < AT_MOST


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    began = time.monotonic()
    with raw(head, b"x" * 1000) as address, pytest.raises(TimeoutError):
        HttpxHttp(0.3).request(address)

    assert time.monotonic() - began < AT_MOST


def test_a_body_is_bounded_after_decompression(
    google: Scripted, http: HttpxHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_BYTES", 100_000)
    google.answers = [Answer(200, gzip.compress(b"x" * 1_000_000), {"Content-Encoding": "gzip"})]

    with pytest.raises(ConnectionError):
        http.request(f"{google.root}/x")


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"x" * 1000)[:20]], ids=["not gzip", "cut off"])
def test_a_body_that_cannot_be_unpacked_is_no_answer(google: Scripted, http: HttpxHttp, body: bytes) -> None:
    google.answers = [Answer(200, body, {"Content-Encoding": "gzip"})]

    with pytest.raises((ConnectionError, Unavailable)):
        http.request(f"{google.root}/x")


def test_a_cut_body_is_no_answer(http: HttpxHttp) -> None:
    with (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}") as address,
        pytest.raises(ConnectionError),
    ):
        http.request(address)


def test_no_cookie_of_one_account_is_shown_for_another(google: Scripted, http: HttpxHttp) -> None:
    google.answers = [Answer(200, {}, {"Set-Cookie": "who=ada; Path=/"}), Answer()]

    http.request(f"{google.root}/x")
    http.request(f"{google.root}/x")

    assert "cookie" not in google.asked[1].headers


def test_threads_get_their_own_answers(google: Scripted, http: HttpxHttp) -> None:
    google.answers = [lambda asked: Answer(200, {"path": asked.path})]

    def ask(number: int) -> bool:
        _, content = http.request(f"{google.root}/{number}")
        return bool(json.loads(content)["path"] == f"/{number}")

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(240)))


def test_a_process_ends_without_leaving_a_connection_open() -> None:
    work = (
        "import sys; from connectors.google_calendar.transport import HttpxHttp;"
        " HttpxHttp(5).request(sys.argv[1])"
    )
    with Scripted() as google:
        ended = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-c", work, google.root],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    assert ended.stderr == ""
