"""
The live check where the hub runs as `hub up` runs it: what it costs a booking that a channel answers, what a
channel that hangs costs, and whether others are held up while forty bookings wait for one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks import _slow_feeds
from benchmarks._google import google
from benchmarks._hub import BenchHub
from benchmarks._report import Row, percentile, show
from benchmarks.pushes import running
from hub import clock
from hub.services import properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.tokens import Claims
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, linking
from sync.linking import Scope

WAITING = 40
OTHERS = 300
"""Requests that others make meanwhile"""
SINGLE = 60
DEADLINE = 2.0
AT_MOST = 0.2
"""Seconds at p95 for who waits for no channel"""
SLACK = 0.3


@dataclass(frozen=True, slots=True)
class Place:
    property_id: str
    units: tuple[str, ...]


def main() -> None:
    os.environ |= {"HUB_ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "HUB_RATE_CALLER": "0"}
    with (
        google() as there,
        running(there) as (bench, _up),
        hanging() as silent,
        _slow_feeds.serving() as port,
    ):
        claims = bench.organization()
        ask = partial(asked, bench.runtime.settings.base_url, bench.bearer(claims))
        unlinked = place(bench, claims, "Unlinked", [None])
        linked = place(bench, claims, "Linked", [f"http://127.0.0.1:{port}/1.ics"])
        until_read(bench, claims)
        without = [took(ask, unlinked, 0, number) for number in range(SINGLE)]
        with_one = [took(ask, linked, 0, 400 + number) for number in range(SINGLE)]
        alone = others(ask)
        one_dead = place(bench, claims, "Silent", [silent])
        first = took(ask, one_dead, 0, 0)
        dead = place(bench, claims, "Dead", [silent] * WAITING)
        with ThreadPoolExecutor(WAITING) as pool:
            waiting = [pool.submit(took, ask, dead, number, 0) for number in range(WAITING)]
            beside = others(ask)
        together = [one.result() for one in waiting]
        later = [took(ask, dead, number, 5) for number in range(WAITING)]
    p95 = percentile(beside, 0.95)
    rows = [
        Row(
            "a booking, one channel that answers after 50 ms: p50, p95",
            f"{ms(percentile(with_one, 0.5))}, {ms(percentile(with_one, 0.95))}",
            f"{ms(percentile(without, 0.5))}, {ms(percentile(without, 0.95))} without a channel",
            f"{percentile(with_one, 0.5) / percentile(without, 0.5):.1f} x",
        ),
        Row(
            "the first booking whose channel hangs",
            f"{first:.2f} s",
            "",
            "",
            f"{DEADLINE + SLACK} s",
            first < DEADLINE + SLACK,
        ),
        Row(f"{WAITING} of them at once: the slowest", f"{max(together):.2f} s", "", ""),
        Row(
            "the next ones of that channel: p95",
            ms(percentile(later, 0.95)),
            "",
            "",
            f"{ms(AT_MOST)}",
            percentile(later, 0.95) < AT_MOST,
        ),
        Row(
            f"others while {WAITING} wait: p95",
            ms(p95),
            f"{ms(percentile(alone, 0.95))} while nobody does",
            f"{p95 / percentile(alone, 0.95):.1f} x",
            ms(AT_MOST),
            p95 < AT_MOST,
        ),
    ]
    show("The live check", rows)


def ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def asked(
    base: str, headers: dict[str, str], client: httpx.Client, method: str, path: str, **more: Any
) -> Any:
    return client.request(method, f"{base}/api/v1{path}", headers=headers, timeout=30, **more)


def took(ask: Any, where: Place, unit: int, number: int) -> float:
    """Seconds that one booking took."""
    arrival = clock.today("UTC") + timedelta(days=30 + number)
    item = {
        "unit_id": where.units[unit],
        "arrival": str(arrival),
        "departure": str(arrival + timedelta(days=1)),
    }
    with httpx.Client() as client:
        began = time.perf_counter()
        answer = ask(client, "POST", "/bookings", json={"property_id": where.property_id, "items": [item]})
        seconds = time.perf_counter() - began
    if answer.status_code != 201:
        raise SystemExit(f"not booked: {answer.text}")
    return seconds


def others(ask: Any) -> list[float]:
    """Seconds of requests that wait for no channel, one after the other."""
    found = []
    with httpx.Client() as client:
        for _ in range(OTHERS):
            began = time.perf_counter()
            answer = ask(client, "GET", "/properties")
            found.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise SystemExit(f"not answered: {answer.text}")
    return found


def place(bench: BenchHub, claims: Claims, name: str, calendars: Sequence[str | None]) -> Place:
    """A property with a room for each calendar. It is not paused, so its links are read by the timetable."""

    def work(session: Session) -> Place:
        made = properties.create(session, NewProperty(name, "UTC"))
        kind = unit_types.create(session, NewUnitType(made.id, "Room", "room", "night", 2))
        rooms = units.create_many(session, NewUnit(kind.id, "Room {n}"), len(calendars))
        connection = connecting.connect(session, "ical", name, {})
        for room, url in zip(rooms, calendars, strict=True):
            if url is not None:
                linking.link(
                    session,
                    connection.id,
                    Scope(unit_id=room.id),
                    "import",
                    {"url": url},
                    uid_domain="bench.example.com",
                    interval_seconds=604800,
                )
        return Place(str(made.id), tuple(str(room.id) for room in rooms))

    return bench.runtime.database.transact(claims.organization_id, work)


def until_read(bench: BenchHub, claims: Claims) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with bench.runtime.database.unit_of_work(claims.organization_id) as session:
            if not session.scalar(text("SELECT count(*) FROM links WHERE verified_at IS NULL")):
                return
        time.sleep(0.1)
    raise SystemExit("the calendars were not read within a minute")


@contextmanager
def hanging() -> Iterator[str]:
    """The address of a calendar that accepts a connection and says nothing."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/silent.ics"
        server.shutdown(socket.SHUT_RDWR)
    for one in held:
        one.close()


if __name__ == "__main__":
    main()
