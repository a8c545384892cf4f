"""
How the channels' time and troubles are moved from outside, by whoever is on this machine.

    GET    /zoo                       their time, and per channel what is taken, closed, wrong and asked
    POST   /zoo/clock                 {"days": 2.5, "acts": true}: time passes, and people act if they are to
    POST   /zoo/{channel}/faults      {"fault": "empty"}: the next question meets it; GET /zoo names them all
    DELETE /zoo/{channel}/faults
    PUT    /zoo/{channel}/imports     {"url": "http://127.0.0.1:8000/feeds/….ics"}: read this, now and then
    POST   /zoo/{channel}/imports     {}: read it now
"""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from connectors.sandbox.channel import ACTS_A_DAY, Channel
from connectors.sandbox.faults import FAULTS
from connectors.sandbox.keeping import Kept
from connectors.sandbox.people import Act
from connectors.sandbox.reading import Unreadable
from connectors.sandbox.stays import Slot, edges, spans
from connectors.sandbox.zoo import Zoo

PATH = "/zoo"
MOST_DAYS = 400.0
SECONDS_TO_ANSWER = 10
LARGEST = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class Refused(Exception):
    """What was asked makes no sense; said in words."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Server(Protocol):
    """What serves the zoo."""

    zoo: Zoo
    kept: Kept
    reading: Reading

    def now(self) -> datetime: ...
    def keep(self) -> None: ...


def answer(server: Server, method: str, path: str, wanted: Any) -> dict[str, Any]:
    """Raises Refused."""
    parts = path.strip("/").split("/")[1:]
    if not isinstance(wanted, dict):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "a JSON object is needed")
    try:
        if method == "GET" and not parts:
            return _all(server)
        if method == "POST" and parts == ["clock"]:
            return _clock(server, float(wanted["days"]), bool(wanted.get("acts", True)))
        if len(parts) == 2:
            return _of_channel(server, method, parts[0], parts[1], wanted)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"that cannot be done: {error}") from error
    raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here; GET /zoo tells what there is")


def _of_channel(server: Server, method: str, name: str, what: str, wanted: Any) -> dict[str, Any]:
    with server.zoo.held() as channels:
        if name not in channels:
            raise Refused(HTTPStatus.NOT_FOUND, f"there is no channel {name!r} here")
        channel = channels[name]
        if what == "faults" and method == "POST":
            channel.arm(wanted["fault"], server.now())
        elif what == "faults" and method == "DELETE":
            channel.disarm()
        elif what == "imports" and method == "PUT":
            server.reading.is_to_read(name, _loopback(wanted["url"]))
            server.keep()
        elif not (what == "imports" and method == "POST" and name in server.kept.imports):
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here; GET /zoo tells what there is")
    if what == "imports":
        server.reading.read(name)
    with server.zoo.held():
        return _told(server, channel)


def _all(server: Server) -> dict[str, Any]:
    with server.zoo.held() as channels:
        return {
            "now": server.now().isoformat(),
            "channels": {name: _told(server, channel) for name, channel in channels.items()},
            "faults": {name: fault.says for name, fault in FAULTS.items()},
        }


def _told(server: Server, channel: Channel) -> dict[str, Any]:
    now = server.now()
    return {
        "title": channel.manner.title,
        "taken": _days(channel.taken),
        "closed": _days(channel.policy(now)),
        "read": _days(channel.read_slots),
        "reads": "it may" if channel.name not in server.kept.imports else server.reading.last(channel.name),
        "faults": channel.armed(now),
        "answered": [
            {"at": one.at.isoformat(), "status": one.status, "fault": one.fault}
            for one in list(channel.answered)[-5:]
        ],
    }


def _days(taken: frozenset[Slot]) -> list[list[str]]:
    return [[edge.isoformat() for edge in edges(span)] for span in spans(taken)]


def _clock(server: Server, days: float, acts: bool) -> dict[str, Any]:
    if not 0 <= days <= MOST_DAYS:
        raise ValueError(f"time passes forward, and by {MOST_DAYS:.0f} days at most")
    with server.zoo.held() as channels:
        begun = server.now()
        server.zoo.ahead += timedelta(days=days)
        for channel in channels.values():
            channel.waken(begun, ACTS_A_DAY if acts else 0.0)
        done = server.zoo.live(server.now())
        for channel in channels.values():
            channel.waken(server.now(), 0.0)
        server.keep()
    return {"now": server.now().isoformat(), "acts": [_words(act) for act in done]}


def _words(act: Act) -> str:
    before, after = (one and " to ".join(edge.isoformat() for edge in edges(one.span)) for one in _both(act))
    return f"{act.at:%Y-%m-%d %H:%M} {act.what}: {before or 'nothing'} -> {after or 'nothing'}"


def _both(act: Act) -> tuple[Any, Any]:
    return act.before, act.after


def _loopback(url: Any) -> str:
    """Nothing but this machine is ever asked."""
    asked = urlsplit(str(url))
    if asked.scheme != "http" or asked.hostname not in ("127.0.0.1", "localhost") or asked.username:
        raise ValueError("only an http address of this machine is read")
    return asked.geturl()


class Reading:
    """The channels as readers: each asks for what it is to read, at its own pace."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._read: dict[str, tuple[datetime, str]] = {}
        self._busy = threading.Lock()

    def last(self, name: str) -> str:
        """When it asked last, and what came of it."""
        at, result = self._read.get(name, (None, "not yet"))
        return f"{at:%Y-%m-%d %H:%M:%S}: {result}" if at else result

    def is_to_read(self, name: str, url: str) -> None:
        """From now on; the first time is whoever's that says so."""
        self._read[name] = (self._server.now(), "not yet")
        self._server.kept.imports[name] = url

    def read_what_is_due(self) -> None:
        """Called now and then; one round at a time, in a thread of its own."""
        if self._due() and self._busy.acquire(blocking=False):
            threading.Thread(target=self._round, name="sandbox-reading", daemon=True).start()

    def read(self, name: str) -> None:
        """Ask now. A channel that cannot read what it gets keeps what it had."""
        channel = self._server.zoo.channels[name]
        try:
            body = _get(self._server.kept.imports[name], channel.manner.agent)
            with self._server.zoo.held():
                channel.consume(body)
            result = "read"
        except (OSError, http.client.HTTPException, Unreadable) as error:
            result = f"not read: {error}"
            log.info("%s could not read: %s", name, error)
        self._read[name] = (self._server.now(), result)

    def _due(self) -> list[str]:
        now = self._server.now()
        channels: Mapping[str, Channel] = self._server.zoo.channels
        return [
            name
            for name in self._server.kept.imports
            if name in channels
            and (name not in self._read or now >= self._read[name][0] + channels[name].manner.reads_every)
        ]

    def _round(self) -> None:
        try:
            for name in self._due():
                self.read(name)
        finally:
            self._busy.release()


def _get(url: str, agent: str) -> bytes:
    asked = urlsplit(url)
    connection = http.client.HTTPConnection(asked.hostname or "", asked.port or 80, timeout=SECONDS_TO_ANSWER)
    try:
        target = asked.path + (f"?{asked.query}" if asked.query else "")
        connection.request("GET", target, headers={"User-Agent": agent, "Accept": "text/calendar"})
        response = connection.getresponse()
        body = response.read(LARGEST)
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise http.client.HTTPException(f"answered {response.status}")
    return body
