"""A load generator in a process of its own: raw HTTP/1.1 over kept connections, closed loop or open."""

from __future__ import annotations

import asyncio
import pickle
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import cast

import uvloop

HOST = "127.0.0.1"
SEED = 20261121
PATIENCE = 30.0
"""Seconds that answers still owed at the end are waited for"""
KEPT = 3.0
"""Seconds for which an idle connection is used again; the server closes it soon after"""


@dataclass(frozen=True, slots=True)
class Orders:
    """
    What to send for how long. Requests are sent in turn, again from the first when they run out.

    Without a `rate`, each connection sends its next request when it has its answer (closed loop). With one,
    requests are due at random instants, `rate` a second on average, whatever becomes of earlier ones, and
    connections are opened as needed (open loop).
    """

    port: int
    requests: list[bytes]
    seconds: float
    connections: int = 16
    rate: float | None = None


@dataclass(slots=True)
class Answers:
    """`latencies` in seconds, in an open loop from the instant at which a request was due."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def number(self) -> int:
        return self.statuses.total()

    @property
    def a_second(self) -> float:
        return self.number / self.seconds

    @property
    def of_server_errors(self) -> int:
        return sum(number for status, number in self.statuses.items() if status >= 500)


def send(orders: Orders) -> Answers:
    """Runs in another process, so that the generator and the benchmark do not wait for one another."""
    with tempfile.TemporaryDirectory(prefix="hub-load-") as folder:
        asked, told = Path(folder) / "orders", Path(folder) / "answers"
        asked.write_bytes(pickle.dumps(orders))
        subprocess.run([sys.executable, "-m", "benchmarks._load", str(asked), str(told)], check=True)
        answers: Answers = pickle.loads(told.read_bytes())
    return answers


def request(
    method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + (body or b"")


class Connection(asyncio.Protocol):
    """One request at a time; `answered` is told of each answer."""

    def __init__(self, generator: _Generator) -> None:
        self._generator = generator
        self._transport: asyncio.WriteTransport | None = None
        self._head = b""
        self._left = -1  # of the body; below zero while the head is still coming
        self._status = 0
        self._began = 0.0
        self.idle_since = perf_counter()
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's own class, not a subclass

    def ask(self, request: bytes, began: float) -> None:
        assert self._transport is not None
        self._began, self.busy = began, True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._status = int(self._head[9:12])
            self._left = _length(self._head[:end].lower(), self._status)
            data, self._head = self._head[end + 4 :], b""
        self._left -= len(data)
        if self._left == 0:
            self._left, self.busy = -1, False
            self._generator.answered(self, self._status, self._began)

    def connection_lost(self, _error: Exception | None) -> None:
        if self.busy:
            self._generator.lost()


class _Generator:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.answers = Answers()
        self.requests: Iterator[bytes] = cycle(orders.requests)
        self.idle: list[Connection] = []
        self.owed = 0
        self.asking = True
        self.until = 0.0
        self.over = asyncio.Event()
        self.failed: str | None = None

    async def run(self) -> Answers:
        connections = [await self.connect() for _ in range(self.orders.connections)]
        began = perf_counter()
        self.until = began + self.orders.seconds
        if self.orders.rate is None:
            for connection in connections:
                self.ask(connection, perf_counter())
        else:
            await self.at_random(began, self.orders.rate)
        await asyncio.wait_for(self.over.wait(), self.orders.seconds + PATIENCE)
        if self.failed:
            raise SystemExit(self.failed)
        self.answers.seconds = perf_counter() - began
        return self.answers

    async def at_random(self, began: float, rate: float) -> None:
        gaps = random.Random(SEED)
        due = began + gaps.expovariate(rate)
        while due < self.until:
            await asyncio.sleep(due - perf_counter())
            self.ask(await self.one_idle(), due)
            due += gaps.expovariate(rate)
        self.asking = False
        if not self.owed:
            self.over.set()

    async def one_idle(self) -> Connection:
        if self.idle and perf_counter() - self.idle[-1].idle_since < KEPT:
            return self.idle.pop()
        return await self.connect()

    async def connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(self), HOST, self.orders.port)
        return connection

    def ask(self, connection: Connection, began: float) -> None:
        self.owed += 1
        connection.ask(next(self.requests), began)

    def answered(self, connection: Connection, status: int, began: float) -> None:
        now = perf_counter()
        self.owed -= 1
        self.answers.statuses[status] += 1
        self.answers.latencies.append(now - began)
        if self.orders.rate is not None:
            connection.idle_since = now
            self.idle.append(connection)
        elif now < self.until:
            self.ask(connection, now)
        else:
            self.asking = False
        if not self.owed and not self.asking:
            self.over.set()

    def lost(self) -> None:
        self.failed = "the server closed a connection"
        self.over.set()


def _length(head: bytes, status: int) -> int:
    """Of the body; both servers say it, except where there is none."""
    if status in (204, 304):
        return 0
    name = b"\r\ncontent-length: "
    at = head.index(name) + len(name)
    return int(head[at:].partition(b"\r\n")[0])


def main() -> None:
    asked, told = map(Path, sys.argv[1:])
    orders: Orders = pickle.loads(asked.read_bytes())
    told.write_bytes(pickle.dumps(uvloop.run(_Generator(orders).run())))


if __name__ == "__main__":
    # As this module's, not as __main__'s: the other process must find the classes when it unpickles.
    from benchmarks import _load

    _load.main()
