"""
A local server that plays three channels, so that the demo and the tour have something to connect to.

    python -m connectors.sandbox.server --port 8099 --state sandbox.json

    GET    /                          the feeds
    GET    /airbnb.ics                one feed (also booking, vrbo), with ETag and 304
    POST   /airbnb/events             {"summary": "Reserved", "first": "2026-12-01", "after": "2026-12-04"}
    DELETE /airbnb/events/{uid}
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.sandbox.channels import MANNERS, Channel, Entry, feed, new, sample
from hub import clock

LONGEST_BODY = 10_000
LONGEST_SUMMARY = 200

log = logging.getLogger(__name__)


class State:
    """What the channels hold: in memory, and in a file where one is named, so that a restart keeps it."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._made = 0
        today = clock.today("UTC")
        self._entries = {channel: {e.uid: e for e in sample(channel, today)} for channel in Channel}
        if file is not None and file.exists():
            self._restore(json.loads(file.read_text(encoding="utf-8")))
        self._keep()

    def feed(self, channel: Channel) -> bytes:
        with self._lock:
            entries = list(self._entries[channel].values())
        return feed(channel, entries, clock.today("UTC"))

    def add(self, channel: Channel, summary: str, first: date, after: date) -> Entry:
        with self._lock:
            self._made += 1
            entry = new(channel, summary, first, after, f"made {self._made}")
            self._entries[channel][entry.uid] = entry
            self._keep()
        return entry

    def remove(self, channel: Channel, uid: str) -> bool:
        """Whether there was such an entry."""
        with self._lock:
            found = self._entries[channel].pop(uid, None) is not None
            self._keep()
        return found

    def _restore(self, kept: dict[str, Any]) -> None:
        self._made = int(kept["made"])
        for channel in Channel:
            entries = [_entry(written) for written in kept["channels"].get(channel, [])]
            self._entries[channel] = {entry.uid: entry for entry in entries}

    def _keep(self) -> None:
        if self._file is None:
            return
        channels = {
            channel: [_written(entry) for entry in entries.values()]
            for channel, entries in self._entries.items()
        }
        beside = self._file.with_name(self._file.name + ".new")
        beside.write_text(json.dumps({"made": self._made, "channels": channels}, indent=1), encoding="utf-8")
        beside.replace(self._file)


class SandboxServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, state: State) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def serve(port: int = 0, state: Path | None = None) -> SandboxServer:
    """Start the server on loopback in a thread of its own; port 0 takes a free one. `shutdown()` ends it."""
    server = SandboxServer(port, State(state))
    threading.Thread(target=server.serve_forever, args=(0.1,), name="sandbox", daemon=True).start()
    return server


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_HEAD(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _answer(self, act: Callable[[], None]) -> None:
        try:
            act()
        except _Refused as refused:
            # What is left of the request is not read, so nothing more can be asked on this connection.
            self.close_connection = True
            self._json(refused.status, {"error": str(refused)})

    def _get(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self._json(HTTPStatus.OK, {MANNERS[c].title: f"{self.server.url}/{c}.ics" for c in Channel})
            return
        if not path.endswith(".ics"):
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing here; GET / lists the feeds")
        body = self.server.state.feed(_channel(path.removeprefix("/").removesuffix(".ics")))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if self.headers.get("If-None-Match") == etag:
            self._send(HTTPStatus.NOT_MODIFIED, b"", {"ETag": etag})
        else:
            self._send(HTTPStatus.OK, body, {"ETag": etag, "Content-Type": "text/calendar; charset=utf-8"})

    def _post(self) -> None:
        parts = self._parts()
        if len(parts) != 2:
            raise _Refused(HTTPStatus.NOT_FOUND, "POST /{channel}/events adds an event")
        wanted = self._body()
        try:
            summary = str(wanted["summary"])[:LONGEST_SUMMARY]
            first, after = date.fromisoformat(wanted["first"]), date.fromisoformat(wanted["after"])
            entry = self.server.state.add(_channel(parts[0]), summary, first, after)
        except (KeyError, TypeError, ValueError) as error:
            raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"summary, first and after: {error}") from error
        self._json(HTTPStatus.CREATED, _written(entry))

    def _delete(self) -> None:
        parts = self._parts()
        if len(parts) != 3 or not self.server.state.remove(_channel(parts[0]), unquote(parts[2])):
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such event")
        self._send(HTTPStatus.NO_CONTENT, b"", {})

    def _parts(self) -> list[str]:
        """`/{channel}/events[/{uid}]` in its parts."""
        parts = urlsplit(self.path).path.strip("/").split("/")
        return parts if len(parts) > 1 and parts[1] == "events" else []

    def _body(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            raise _Refused(HTTPStatus.BAD_REQUEST, f"a JSON body of at most {LONGEST_BODY} bytes is needed")
        try:
            return json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error

    def _json(self, status: HTTPStatus, value: Any) -> None:
        body = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
        self._send(status, body, {"Content-Type": "application/json; charset=utf-8"})

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _channel(name: str) -> Channel:
    try:
        return Channel(name)
    except ValueError as error:
        raise _Refused(HTTPStatus.NOT_FOUND, f"there is no channel {name!r} here") from error


def _written(entry: Entry) -> dict[str, str]:
    return {
        "uid": entry.uid,
        "summary": entry.summary,
        "first": entry.first.isoformat(),
        "after": entry.after.isoformat(),
        "description": entry.description,
    }


def _entry(written: dict[str, str]) -> Entry:
    dates = {name: date.fromisoformat(written[name]) for name in ("first", "after")}
    return Entry(uid=written["uid"], summary=written["summary"], description=written["description"], **dates)


def main() -> None:
    parser = argparse.ArgumentParser(description="Plays three sample channels on loopback.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--state", type=Path, help="a JSON file that keeps the events over a restart")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())

    with contextlib.suppress(KeyboardInterrupt), SandboxServer(asked.port, State(asked.state)) as server:
        server.serve_forever(0.1)


if __name__ == "__main__":
    main()
