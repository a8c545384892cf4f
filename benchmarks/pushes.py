"""
How soon a booking is in Google, where the hub runs as `hub up` runs it, its database is durable, and Google
allows an account 600 requests a minute: 200 bookings made within a second, in one calendar and in twenty; and
one booking now and then, while nothing else happens. When an event was made is Google's own word.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import psutil
from sqlalchemy.orm import Session

from benchmarks._google import APPLICATION_SETTINGS, Google, google
from benchmarks._hub import BenchHub, free_port, until_answering
from benchmarks._report import Row, percentile, show
from benchmarks.two_way import DOMAIN, House, furnish, inventory
from hub import clock
from hub.config import Settings
from hub.domain.periods import Nights
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from hub.services.tokens import Claims
from sync.runtime import Runtime

BOOKINGS, CALENDARS = 200, 20
A_MINUTE = 600
CLIENTS = 8
"""Threads that book"""
EVENTS, ROOMS, FILLED = 5000, 50, 40
"""Of the calendar that a worker imports, for what memory that takes"""
SINGLE = 20
PATIENCE = 120.0
MEMORY = 300
UP = "import sys; from workers.commands import main; main(sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Burst:
    """`made` is how long the bookings took; the others are seconds from the last of them."""

    made: float
    half: float
    last: float
    requests: int
    events: int
    refused: int

    def said(self) -> str:
        words = f"{self.last:.1f} s after the last booking (half of them {self.half:.1f} s)"
        return f"{words}, made in {self.made:.1f} s; {self.requests} requests, {self.refused} refused"


def main() -> None:
    with google() as there, running(there) as (bench, up):
        claims = bench.organization()
        there.allow(A_MINUTE)
        furnish_for(bench, claims, there, "import@example.com", 1, ROOMS, events=EVENTS)
        until(lambda: inventory(bench, claims)["external_events"] >= EVENTS, "the import")
        one = furnish_for(bench, claims, there, "one@example.com", 1, CALENDARS)
        rest(there)
        in_one = burst(bench, claims, there, one)
        many = furnish_for(bench, claims, there, "many@example.com", CALENDARS, 1)
        rest(there)
        in_many = burst(bench, claims, there, many)
        single = furnish_for(bench, claims, there, "single@example.com", 1, SINGLE)
        rest(there)
        latencies = [alone(bench, claims, there, single, number) for number in range(SINGLE)]
        memory = {name: peak(process) for name, process in programs(up)}
    said = ", ".join(f"{name.split()[0]} {size:.0f}" for name, size in memory.items())
    largest = max(memory.values())
    rows = [
        row("in one calendar of 20 rooms", in_one),
        row(f"in {CALENDARS} calendars of a room each", in_many),
        Row(
            "one booking at rest, until it is in Google: p50, p95, most",
            f"{percentile(latencies, 0.5):.2f}, {percentile(latencies, 0.95):.2f}, {max(latencies):.2f} s",
            "",
            "",
            "2 s",
            percentile(latencies, 0.5) < 2,
        ),
        Row(
            f"memory at most, {EVENTS:,} events imported",
            f"{said} MB",
            "",
            "",
            f"{MEMORY} MB each",
            largest < MEMORY,
        ),
    ]
    show(f"{BOOKINGS} bookings at once, {A_MINUTE} requests a minute", rows)


def row(where: str, one: Burst) -> Row:
    held = one.events == BOOKINGS and one.requests < A_MINUTE
    return Row(f"{BOOKINGS} bookings {where}", one.said(), "", "", "each there once, within the quota", held)


def burst(bench: BenchHub, claims: Claims, there: Google, house: House) -> Burst:
    """Ten bookings of each of twenty rooms."""
    there.asked()
    stays = [(unit, number) for number in range(BOOKINGS // len(house.units)) for unit in house.units]
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        at = list(pool.map(lambda one: book(bench, claims, house, *one), stays))
    made = time.perf_counter() - began
    until(lambda: len(there.made_at(house.calendars)) >= BOOKINGS, "the bookings")
    time.sleep(5)  # whatever is done twice would come by then
    made_at = there.made_at(house.calendars)
    asked = there.asked()
    last = max(at)
    half = (made_at[len(made_at) // 2] - last).total_seconds()
    return Burst(made, half, (made_at[-1] - last).total_seconds(), asked.total, len(made_at), asked.refused)


def alone(bench: BenchHub, claims: Claims, there: Google, house: House, number: int) -> float:
    """Seconds from the commit until it is there; at whatever moment of the timetable."""
    before = len(there.made_at(house.calendars))
    time.sleep(Random(number).uniform(1.0, 3.0))
    at = book(bench, claims, house, house.units[number], 0)
    until(lambda: len(there.made_at(house.calendars)) > before, "the booking")
    return (there.made_at(house.calendars)[-1] - at).total_seconds()


def book(bench: BenchHub, claims: Claims, house: House, unit_id: UUID, number: int) -> datetime:
    """When it was committed."""
    arrival = clock.today("UTC") + timedelta(days=30 + 3 * number)
    item = ItemRequest(Nights(arrival, arrival + timedelta(days=2)), unit_id)
    request = BookingRequest(house.property_id, (item,), 1, None)

    def work(session: Session) -> None:
        bookings.book(session, request, DOMAIN)

    bench.runtime.database.transact(claims.organization_id, work)
    return clock.now()


def furnish_for(
    bench: BenchHub, claims: Claims, there: Google, email: str, calendars: int, rooms: int, events: int = 0
) -> House:
    """A house of an account of its own, for quotas are an account's; what is in its calendars is synced."""
    refresh, _ = there.account(email)
    return furnish(bench, claims, refresh, there.calendars(email, calendars, events, FILLED), rooms)


def rest(there: Google) -> None:
    """Until nothing has been asked for three seconds."""
    ends = time.monotonic() + PATIENCE
    time.sleep(3)
    while there.asked().total:
        if time.monotonic() > ends:
            raise SystemExit("the hub does not come to rest")
        time.sleep(3)


def until(holds: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > ends:
            raise SystemExit(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.1)


@contextmanager
def running(there: Google) -> Iterator[tuple[BenchHub, psutil.Process]]:
    """`hub up`, and its process."""
    data_dir = Path(tempfile.mkdtemp(prefix="hub-bench-")) / "d"
    data_dir.parent.chmod(0o755)
    port = free_port()
    own = {"HUB_DATA_DIR": str(data_dir), "HUB_GOOGLE_API_ROOT": there.root, **APPLICATION_SETTINGS}
    os.environ |= own
    command = [sys.executable, "-c", UP, "up", "--port", str(port), "--no-demo"]
    with (data_dir.parent / "up.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until_answering(f"http://127.0.0.1:{port}", process)
        runtime = Runtime.open(Settings(data_dir=data_dir))
        yield BenchHub(data_dir, runtime), psutil.Process(process.pid)
        runtime.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(data_dir.parent, ignore_errors=True)


def programs(up: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    """Puller, worker and its children, by name."""
    for child in up.children(recursive=True):
        if found := re.search(r"--hostname (\w+)@", " ".join(child.cmdline())):
            yield f"{found[1]} {child.pid}", child


def peak(process: psutil.Process) -> float:
    """Megabytes."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
