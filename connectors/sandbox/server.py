"""
A local server that plays channels, so that the demo and the tour have something to connect to.

    python -m connectors.sandbox.server --port 8099 --state sandbox.json

    GET    /                          the feeds
    GET    /airbnb.ics                one feed (also booking, vrbo, …), with an ETag if the channel has one
    POST   /airbnb/events             {"summary": "Reserved", "first": "2026-12-01", "after": "2026-12-04"}
    DELETE /airbnb/events/{uid}

`control` has the rest: time that passes at the channels, and what goes wrong there. `calendar_service` is
another channel, whose calendars are read and written.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.sandbox import calendar_service, calendars, control, keeping, samples
from connectors.sandbox.bells import Postman
from connectors.sandbox.calendar_service import Asked, CalendarService
from connectors.sandbox.channel import Channel, Question
from connectors.sandbox.control import Refused
from connectors.sandbox.faults import Reply
from connectors.sandbox.journal import Journal
from connectors.sandbox.zoo import Zoo
from hub import clock

LONGEST_BODY = 10_000
LONGEST_ENTRY = 100_000
LONGEST_SUMMARY = 200
LATE = timedelta(seconds=30)

log = logging.getLogger(__name__)


class SandboxServer(ThreadingHTTPServer):
    """
    Serves a zoo, and calendars. `state` is a file that keeps the zoo over a restart, the calendars are in
    one beside it; a slow answer comes after `late`.
    """

    daemon_threads = True
    # Threads in the middle of a slow answer end with `closing`: nobody waits for them.
    block_on_close = False

    def __init__(self, port: int, zoo: Zoo, state: Path | None = None, late: timedelta = LATE) -> None:
        self.postman = Postman()
        super().__init__(("127.0.0.1", port), _Handler)
        self.zoo = zoo
        self.late = late
        self.closing = threading.Event()
        self._state = state
        self.kept = keeping.restore(zoo, state)
        self.reading = control.Reading(self)
        journal = Journal(state and state.with_name(state.name + ".agendas"))
        keys = {calendar_service.DEMO_KEY: "demo"}
        self.calendars = CalendarService(keys, self.now, self.postman.ring, journal)
        if not self.calendars.agendas:
            self.calendars.make("demo", samples.AGENDA, samples.ZONE.key)
        self.keep()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        """The channels' time."""
        return clock.now() + self.zoo.ahead

    def keep(self) -> None:
        with self.zoo.held():
            keeping.keep(self.zoo, self.kept, self._state)

    def service_actions(self) -> None:
        self.reading.read_what_is_due()

    def shutdown(self) -> None:
        self.closing.set()
        super().shutdown()

    def server_close(self) -> None:
        super().server_close()
        self.postman.close()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Whoever gives up on a faulty answer does what it should."""
        log.debug("a caller went away", exc_info=True)


def serve(
    port: int = 0, state: Path | None = None, *, zoo: Zoo | None = None, late: timedelta = LATE
) -> SandboxServer:
    """Start the server on loopback in a thread of its own; port 0 takes a free one. `shutdown()` ends it."""
    server = SandboxServer(port, zoo or samples.zoo(clock.today("UTC")), state, late)
    threading.Thread(target=server.serve_forever, args=(0.1,), name="sandbox", daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms until its head is acknowledged

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_HEAD(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._control)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _answer(self, act: Callable[[], None]) -> None:
        try:
            if urlsplit(self.path).path.startswith(calendar_service.PATH):
                self._calendars()
            else:
                act()
        except Refused as refused:
            # What is left of the request is not read, so nothing more can be asked on this connection.
            self.close_connection = True
            self._json(refused.status, {"error": str(refused)})

    def _get(self) -> None:
        asked = urlsplit(self.path)
        if self._of_control():
            self._control()
        elif asked.path == "/":
            with self.server.zoo.held() as channels:
                feeds = {c.title: f"{self.server.url}/{name}.ics" for name, c in channels.items()}
            self._json(HTTPStatus.OK, feeds)
        elif not asked.path.endswith(".ics"):
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here; GET / lists the feeds")
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            question = Question(self.server.now(), headers, redirected=bool(asked.query))
            name = asked.path.removeprefix("/").removesuffix(".ics")
            with self.server.zoo.held():
                reply = self._channel(name).answer(question)
            self._say(reply)

    def _post(self) -> None:
        if self._of_control():
            self._control()
            return
        parts = self._parts()
        if len(parts) != 2:
            raise Refused(HTTPStatus.NOT_FOUND, "POST /{channel}/events adds an event")
        wanted = self._body()
        with self.server.zoo.held():
            channel = self._channel(parts[0])
            try:
                summary = str(wanted["summary"])[:LONGEST_SUMMARY]
                first, after = date.fromisoformat(wanted["first"]), date.fromisoformat(wanted["after"])
                self.server.kept.made += 1
                seed = f"made {self.server.kept.made}"
                stay = samples.new(channel.kind, summary, first, after, seed, self.server.now())
            except (KeyError, TypeError, ValueError) as error:
                raise Refused(
                    HTTPStatus.UNPROCESSABLE_ENTITY, f"summary, first and after: {error}"
                ) from error
            channel.stays[stay.id] = stay
            entry = calendars.entry(channel.scene(self.server.now()), stay)
            self.server.keep()
        self._json(HTTPStatus.CREATED, entry)

    def _delete(self) -> None:
        if self._of_control():
            self._control()
            return
        parts = self._parts()
        with self.server.zoo.held():
            scene = self._channel(parts[0]).scene(self.server.now()) if len(parts) == 3 else None
            uid = unquote(parts[-1]) if parts else ""
            found = (
                [stay for stay in scene.stays if calendars.entry(scene, stay)["uid"] == uid] if scene else []
            )
            if not found:
                raise Refused(HTTPStatus.NOT_FOUND, "there is no such event")
            for stay in found:
                del self._channel(parts[0]).stays[stay.id]
            self.server.keep()
        self._say(Reply(HTTPStatus.NO_CONTENT, b"", {}))

    def _of_control(self) -> bool:
        return urlsplit(self.path).path.startswith(control.PATH)

    def _control(self) -> None:
        self._check_from_here()
        wanted = self._body() if self.command in ("POST", "PUT") else {}
        self._json(HTTPStatus.OK, control.answer(self.server, self.command, urlsplit(self.path).path, wanted))

    def _calendars(self) -> None:
        self._check_from_here()
        wanted = self._body(LONGEST_ENTRY) if self.command in ("POST", "PUT") else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = self.server.calendars.answer(Asked(self.command, self.path, headers, wanted))
        if told.status == HTTPStatus.NO_CONTENT:
            self._say(Reply(told.status, b"", {}))
        else:
            self._json(HTTPStatus(told.status), told.body)

    def _check_from_here(self) -> None:
        """Only for whoever is on this machine, and not for a web page that was opened on it."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if host not in ("127.0.0.1", "localhost") or self.headers.get("Origin"):
            raise Refused(HTTPStatus.FORBIDDEN, "this is for programs on this machine")

    def _channel(self, name: str) -> Channel:
        try:
            return self.server.zoo.channels[name]
        except KeyError:
            raise Refused(HTTPStatus.NOT_FOUND, f"there is no channel {name!r} here") from None

    def _parts(self) -> list[str]:
        """`/{channel}/events[/{uid}]` in its parts."""
        parts = urlsplit(self.path).path.strip("/").split("/")
        return parts if len(parts) > 1 and parts[1] == "events" else []

    def _body(self, longest: int = LONGEST_BODY) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > longest:
            raise Refused(HTTPStatus.BAD_REQUEST, f"a JSON body of at most {longest} bytes is needed")
        try:
            return json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error

    def _json(self, status: HTTPStatus, value: Any) -> None:
        body = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
        self._say(Reply(status, body, {"Content-Type": "application/json; charset=utf-8"}))

    def _say(self, reply: Reply) -> None:
        if reply.slow and self.server.closing.wait(self.server.late.total_seconds()):
            self.close_connection = True
            return
        self.send_response(reply.status)
        self._send_headers(reply)
        if self.command == "HEAD":
            return
        if reply.trickle:
            for at in range(len(reply.body)):
                if self.server.closing.wait(self.server.late.total_seconds() / 20):
                    break
                self.wfile.write(reply.body[at : at + 1])
        else:
            self.wfile.write(reply.body[: reply.cut_after])
        if reply.trickle or reply.cut_after is not None:
            self.close_connection = True

    def _send_headers(self, reply: Reply) -> None:
        headers: Mapping[str, str] = reply.headers
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()


def main() -> None:
    parser = argparse.ArgumentParser(description="Plays sample channels on loopback.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--state", type=Path, help="a JSON file that keeps the events over a restart")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())

    zoo = samples.zoo(clock.today("UTC"))
    with contextlib.suppress(KeyboardInterrupt), SandboxServer(asked.port, zoo, asked.state) as server:
        server.serve_forever(0.1)


if __name__ == "__main__":
    main()
