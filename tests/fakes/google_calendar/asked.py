"""One request as it came in, and the answer as it leaves: the same on a socket and within the process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.google_calendar import schema

OAUTH = {
    "/token": "oauth.token",
    "/revoke": "oauth.revoke",
    "/o/oauth2/v2/auth": "oauth.authorize",
    "/o/oauth2/auth": "oauth.authorize",
}
BATCH = "/batch/calendar/v3"
WRITES = frozenset(f"events.{verb}" for verb in ("insert", "update", "patch", "delete", "move", "import"))
OVERRIDE = "x-http-method-override"


class Ending(StrEnum):
    """How an exchange ends for the caller."""

    ANSWERED = "answered"
    HUNG_UP = "hung up"
    """The connection is closed without a word"""
    TIMED_OUT = "timed out"
    """No word until the caller gives up"""
    TRUNCATED = "truncated"
    """The connection is closed in the middle of the body"""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    """What is meant, where it came as a POST that overrides its method"""
    path: str
    """Percent-encoded"""
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    """Lower-case names"""
    body: bytes
    route: schema.Route | None
    named: Mapping[str, str]
    """What the path names"""

    @property
    def operation(self) -> str:
        """`events.list`, `oauth.token`, `batch`, or nothing for what is no operation."""
        if self.route is not None:
            return self.route.id
        return "batch" if self.path.startswith(BATCH) else OAUTH.get(self.path, "")

    @property
    def calendar(self) -> str:
        return self.named.get("calendarId", "")

    @property
    def event(self) -> str:
        """The event's id, also where it is the body of an insert that brings it."""
        if (named := self.named.get("eventId")) is not None:
            return named
        try:
            content = self.content() if self.operation == "events.insert" else None
        except ValueError:
            return ""
        return str(content.get("id", "")) if isinstance(content, dict) else ""

    @property
    def writes(self) -> bool:
        return self.operation in WRITES

    def content(self) -> Any:
        """The body as JSON; None where there is none. ValueError where it is no JSON."""
        return json.loads(self.body) if self.body else None

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Asked:
        """`target` is a path with its query, or a whole address."""
        split = urlsplit(target)
        lower = {name.lower(): value for name, value in headers.items()}
        query = split.query
        if method == "POST" and (meant := lower.get(OVERRIDE)):
            method = meant.upper()
            if method == "GET":  # the query is too long for an address, and came as a form
                query, body = "&".join(filter(None, (query, body.decode()))), b""
        found = schema.known(method, split.path)
        route, named = found if found is not None else (None, {})
        return cls(method, split.path, parse_qs(query, keep_blank_values=True), lower, body, route, named)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = Ending.ANSWERED
    delay: float = 0.0
    """Seconds until it leaves"""

    @classmethod
    def of(cls, status: int, content: Any = None) -> Reply:
        if content is None:
            return cls(status)
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=UTF-8"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log."""

    number: int
    method: str
    path: str
    operation: str
    calendar: str
    event: str
    status: int
    """What was answered, or would have been"""
    ending: Ending
    query: Mapping[str, Sequence[str]]
    account: str
    writes: bool
    effect: bool
    """Whether it changed any calendar"""
