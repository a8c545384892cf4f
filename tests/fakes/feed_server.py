"""A remote that serves feeds on loopback and answers each path as it is told, faults included."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.loopback import Handler, Loopback

CALENDAR = "text/calendar; charset=utf-8"
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers. The faults are named: what is not named behaves."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before the first byte."""
    pause: float = 0.0
    """Seconds before each piece of the body; with `piece` small, a trickle."""
    piece: int = PIECE
    cut_after: int | None = None
    """Announce the whole body, send this many bytes of it and hang up."""
    endless: bool = False
    """Send the body again and again, without an announced length."""
    hang_up: bool = False
    """Close the connection without a word."""
    endless_headers: bool = False
    etag: str | None = None
    """Answer 304 to a request that names it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]


class _Handler(Handler["FeedServer"]):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._respond()

    def do_HEAD(self) -> None:
        self._respond()

    def _respond(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.owner.next_answer(Seen(self.command, self.path, headers))
        if self._waited(answer.delay) or answer.hang_up:
            self.close_connection = True
            return
        if answer.endless_headers:
            self._drip_headers(answer)
            return
        fresh = answer.etag is not None and headers.get("if-none-match") == answer.etag
        self._send_head(answer, not_modified=fresh)
        if not fresh and self.command != "HEAD" and answer.status not in (204, 304):
            self._send_body(answer)

    def _send_head(self, answer: Answer, not_modified: bool) -> None:
        self.send_response(304 if not_modified else answer.status)
        headers = {"Content-Type": CALENDAR} | dict(answer.headers)
        if answer.etag is not None:
            headers["ETag"] = answer.etag
        if answer.endless:
            self.close_connection = True
            headers["Connection"] = "close"
        elif not not_modified and answer.status not in (204, 304):
            headers["Content-Length"] = str(len(answer.body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, answer: Answer) -> None:
        body = answer.body if answer.cut_after is None else answer.body[: answer.cut_after]
        while True:
            for start in range(0, len(body), answer.piece):
                if self._waited(answer.pause):
                    return
                self.wfile.write(body[start : start + answer.piece])
            if not answer.endless or self.owner.closing.is_set():
                break
        if answer.cut_after is not None:
            self.close_connection = True

    def _drip_headers(self, answer: Answer) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while not self._waited(answer.pause):
            number += 1
            self.wfile.write(f"X-Drip-{number}: drip\r\n".encode())

    def _waited(self, seconds: float) -> bool:
        """Pause; True when the server closes meanwhile."""
        return self.owner.closing.wait(seconds) if seconds else self.owner.closing.is_set()


class FeedServer(Loopback):
    """`with FeedServer() as remote: remote.answer("/a.ics", body=...)`; paths not told of answer 404.

    Several answers queued for one path are given in turn; the last one stays. With `tls` it speaks https.
    """

    handler = _Handler
    backlog = 128
    # A client that gives up on a faulty answer is what the test wants.
    tells_errors = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self._answers: dict[str, list[Answer]] = {}
        self._seen: list[Seen] = []
        self._lock = threading.Lock()

    def url(self, path: str) -> str:
        return f"{self.root}{path}"

    def answer(self, path: str, *answers: Answer, **told: Any) -> None:
        """From now on the path answers this: ready `Answer`s in turn, or one made of keywords."""
        with self._lock:
            self._answers[path] = list(answers) or [Answer(**told)]

    def requests(self, path: str | None = None) -> Sequence[Seen]:
        with self._lock:
            return [seen for seen in self._seen if path is None or urlsplit(seen.path).path == path]

    def next_answer(self, seen: Seen) -> Answer:
        with self._lock:
            self._seen.append(seen)
            queue = self._answers.get(urlsplit(seen.path).path)
            if not queue:
                return Answer(status=404, body=b"no such feed")
            return queue.pop(0) if len(queue) > 1 else queue[0]
