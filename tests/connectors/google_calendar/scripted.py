"""Google on loopback as a script: it answers what it was told to, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.applications import Application
from connectors.google_calendar.settings import GoogleCalendarSettings
from connectors.transport import Network
from tests.fakes.loopback import Handler, Loopback

CALENDAR = "c_1@group.calendar.google.com"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    """A body that is not bytes is sent as JSON. `cut` closes the connection without a word."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


CUT = Answer(cut=True)
TOKEN_PATH = "/token"


def refused(status: int, reason: str = "", **more: Any) -> Answer:
    """As Google refuses."""
    told = {"domain": "global", "reason": reason, "message": "names someone@example.com", **more}
    return Answer(status, {"error": {"errors": [told], "code": status, "message": "no"}})


class _Handler(Handler["Scripted"]):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

    def answer(self) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, split.path, dict(parse_qsl(split.query)), headers, body)
        said = self.owner._answer(asked)
        if said.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        sent = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.status != 204:
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        if said.status != 204:
            self.wfile.write(sent)

    do_GET = do_POST = do_PUT = do_DELETE = answer


class Scripted(Loopback):
    """`google.answers = [...]` in order, the last one for ever; tokens are answered by `token`."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.answers: list[Answer | Callable[[Asked], Answer]] = [Answer()]
        self.tokens = 0
        self.token: Callable[[Asked], Answer] = self._token
        self._lock = threading.Lock()

    @property
    def calls(self) -> list[Asked]:
        """What was asked besides tokens."""
        return [asked for asked in self.asked if asked.path != TOKEN_PATH]

    def network(self, **more: Any) -> Network:
        return Network(applications={"google_calendar": Application(self.root, "id", "secret", **more)})

    def _answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            if asked.path == TOKEN_PATH:
                return self.token(asked)
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return said if isinstance(said, Answer) else said(asked)

    def _token(self, _: Asked) -> Answer:
        self.tokens += 1
        return Answer(
            200, {"access_token": f"token-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}
        )


def settings(**more: Any) -> GoogleCalendarSettings:
    return GoogleCalendarSettings.model_validate(
        {"refresh_token": "1//refresh", "calendar_id": CALENDAR, **more}
    )
