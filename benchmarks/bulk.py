"""
One bulk run of 500 links where the hub runs as `hub up` runs it: 300 feeds of 50 events on 24 hosts that
answer after 50 ms, and 200 Google calendars of 20 events. Everything is new at first; then nothing is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks import _slow_feeds
from benchmarks._google import Google, google
from benchmarks._hub import BenchHub
from benchmarks._report import Row, show
from benchmarks.pushes import peak, programs, running
from benchmarks.two_way import DOMAIN, furnish, inventory
from hub import clock
from hub.services import properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.tokens import Claims
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, linking
from sync.linking import Scope

FEEDS, HOSTS, CALENDARS, EACH = 300, 24, 200, 20
OWNER = "owner@example.com"
FIRST, SECOND, MEMORY, AT_ONCE = 90.0, 30.0, 300, 4
"""The bars: seconds, megabytes of each program's processes, requests at one host at one time"""
OURS = ("sync_runs", "sync_items", "changes")
"""Tables, by how their names begin, in which a run that brings nothing writes: that it was, who asked for it,
and what is to be compared anew. Not what is taken, nor what is told of it"""
A_MINUTE = 600
"""Requests that Google allows an account by default"""
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Ran:
    """`took` is from the request to the end of the last child, by the hub's own clock."""

    took: float
    progress: dict[str, Any]


def main() -> None:
    os.environ |= {"HUB_ALLOWED_PRIVATE_HOSTS": "127.0.0.0/8", "HUB_RATE_CALLER": "0"}
    with google() as there, running(there) as (bench, up), _slow_feeds.serving() as port:
        there.allow(A_MINUTE)
        claims = bench.organization()
        base = f"{bench.runtime.settings.base_url}/api/v1"
        with httpx.Client(base_url=base, headers=bench.bearer(claims), timeout=60) as client:
            link_all(bench, claims, there, port)
            first = run(client)
            memory = {name: peak(process) for name, process in programs(up)}
            settle(bench, claims, client)
            time.sleep(61)  # the account's minute is full again, as it is for who comes an hour later
            before = inventory(bench, claims)
            there.asked()
            second = run(client)
            asked, after = there.asked(), inventory(bench, claims)
        most = httpx.get(f"http://127.0.0.1:{port}/most").json()
    show(
        f"{FEEDS} feeds and {CALENDARS} calendars in one run",
        rows(first, second, memory, most, asked.writes, before, after),
    )


def rows(
    first: Ran,
    second: Ran,
    memory: dict[str, float],
    most: dict[str, int],
    writes: int,
    before: dict[str, int],
    after: dict[str, int],
) -> list[Row]:
    written = [name for name in before if after[name] != before[name] and not name.startswith(OURS)]
    said = ", ".join(f"{name.split()[0]} {size:.0f}" for name, size in memory.items())
    counts = "{done} done, {failed} failed, {changed} changed"
    complete = first.progress["done"] == second.progress["done"] == FEEDS + CALENDARS
    return [
        Row("all new", f"{first.took:.1f} s", "", "", f"{FIRST:.0f} s", first.took < FIRST),
        Row("nothing new", f"{second.took:.1f} s", "", "", f"{SECOND:.0f} s", second.took < SECOND),
        Row(
            "counted",
            f"{counts.format(**first.progress)}; {counts.format(**second.progress)}",
            "",
            "",
            "all done, none failed",
            complete,
        ),
        Row(
            "nothing new: tables that changed; writes there",
            f"{', '.join(written) or 'none'}; {writes}",
            "",
            "",
            "none; 0",
            not written and not writes,
        ),
        Row(
            "memory at most",
            f"{said} MB",
            "",
            "",
            f"{MEMORY} MB each",
            max(memory.values()) < MEMORY,
        ),
        Row(
            f"requests at once at one of {len(most)} hosts",
            str(max(most.values())),
            "",
            "",
            str(AT_ONCE),
            max(most.values()) <= AT_ONCE and len(most) == HOSTS,
        ),
    ]


def link_all(bench: BenchHub, claims: Claims, there: Google, port: int) -> None:
    """Links that nobody has synced; the timetable leaves them alone."""
    refresh, _ = there.account(OWNER)
    furnish(bench, claims, refresh, there.calendars(OWNER, CALENDARS, EACH), 1)
    _later(bench, claims)

    def work(session: Session) -> None:
        place = properties.create(session, NewProperty("Feeds", "Europe/Madrid"))
        kind = unit_types.create(session, NewUnitType(place.id, "Room", "room", "night", 2))
        rooms = units.create_many(session, NewUnit(kind.id, "Room {n}"), FEEDS)
        connection = connecting.connect(session, "ical", "Channel", {})
        for number, room in enumerate(rooms):
            url = f"http://127.0.0.{2 + number % HOSTS}:{port}/{number}.ics"
            linking.link(
                session, connection.id, Scope(unit_id=room.id), "import", {"url": url}, uid_domain=DOMAIN
            )

    bench.runtime.database.transact(claims.organization_id, work)
    _later(bench, claims)


def _later(bench: BenchHub, claims: Claims) -> None:
    """What the timetable took up in the moments since they were made is finished, and forgotten."""

    def work(session: Session) -> bool:
        session.execute(
            text("UPDATE links SET next_pull_at = :later WHERE lease_until < clock_timestamp()"),
            {"later": clock.now() + timedelta(hours=2)},
        )
        return not session.scalar(text("SELECT count(*) FROM links WHERE lease_until > clock_timestamp()"))

    until(lambda: bench.runtime.database.transact(claims.organization_id, work), "the links' rest")


def run(client: httpx.Client) -> Ran:
    """Ask for all of it, and follow it to its end."""
    connectors = {"connectors": ["ical", "google_calendar"]}
    answer = client.post("/sync-runs", json=connectors)
    if answer.status_code != 202:
        raise SystemExit(f"not begun: {answer.text}")
    path = f"/sync-runs/{answer.json()['id']}"
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(client.get(path).json())
        return found["finished_at"] is not None

    until(ended, "the run's end")
    began, finished = (datetime.fromisoformat(found[name]) for name in ("created_at", "finished_at"))
    return Ran((finished - began).total_seconds(), found["progress"])


def settle(bench: BenchHub, claims: Claims, client: httpx.Client) -> None:
    """Run it until nothing changes any more: what is new here is shown there, and that is seen once."""
    for _ in range(5):
        if not run(client).progress["changed"]:
            _later(bench, claims)
            return
    raise SystemExit("it does not come to rest")


def until(holds: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > ends:
            raise SystemExit(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
