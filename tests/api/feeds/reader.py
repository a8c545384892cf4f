"""Who reads a feed: requests as a server hands them to the application, and what the application leans on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from sqlalchemy.exc import OperationalError

from api import feed_cache
from api import feeds as door
from api.feeds import FeedsApp
from sync import feeds
from sync.runtime import Runtime

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    app: FeedsApp, path: str, method: str = "GET", *, host: str | None = None, **headers: str
) -> Answer:
    """One request, as a server hands it to an ASGI application; `host` is the client's address."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("a feed has nothing to read from its reader")

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    client = (host, 50_000) if host else None
    scope = {"type": "http", "method": method, "path": path, "headers": raw, "client": client}
    await app(scope, receive, send)
    start, body = sent
    said = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], said, body["body"])


def with_app(runtime: Runtime, work: Callable[[FeedsApp], Awaitable[T]]) -> T:
    """Run `work` in a loop of its own, with an application that starts and ends with it."""

    async def whole() -> T:
        app = FeedsApp(lambda: runtime)
        async with app.running():
            return await work(app)

    return asyncio.run(whole())


def one(runtime: Runtime, path: str, method: str = "GET", **headers: str) -> Answer:
    return with_app(runtime, lambda app: ask(app, path, method, **headers))


class Reading:
    """`feeds.of_token`, counted; it can be held up or made to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.fails = False
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._read = feeds.of_token
        monkeypatch.setattr(feeds, "of_token", self)

    def __call__(self, *args: Any) -> feeds.Served:
        self.times += 1
        assert self.may_go_on.wait(20)
        if self.fails:
            raise OperationalError("SELECT 1", {}, OSError("the database is away"))
        return self._read(*args)


class Seconds:
    """`monotonic`, standing still until it is told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(door, "monotonic", lambda: self.now)
        monkeypatch.setattr(feed_cache, "monotonic", lambda: self.now)
