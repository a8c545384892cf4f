"""Reading a feed, new, unchanged and with 1 % of it changed, against icalendar alone and a bare split.

What counts is CPU time, of the reader's process as well, because whatever else runs on the machine adds to
any other. "In the worker" is what a pull really does with the bytes: it hashes them, sends them to the
process that reads, which splits, looks up, reads and understands them, and takes its answer. The peers only
read; icalendar expands nothing, and does not say what the events mean.
"""

from __future__ import annotations

import hashlib
import re
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from icalendar import Calendar

from benchmarks._report import Row, show
from connectors.contract import Window
from connectors.ical import limits, reading
from connectors.ical.frames import Request
from connectors.ical.memo import Memo
from connectors.ical.translate import Known, read
from connectors.ical.understand import Understood

SIZES = {500: 40, 20_000: 2}
"""Events, and how often each is done in a round"""
ROUNDS = 3
"""The best counts"""
BAR = 10.0
MEMORY_BAR = 120
"""MB"""
ZONE = ZoneInfo("Europe/Lisbon")
FIRST = date(2026, 12, 1)
WINDOW = Window(FIRST - timedelta(days=31), FIRST + timedelta(days=548), FIRST + timedelta(days=1100))
CHANGES = 100
"""One event in so many"""
MIB = 1024 * 1024


def feed(events: int, turn: int = 0, changes: int = 0) -> bytes:
    """As Airbnb writes, with a DTSTAMP that is new each turn, and one event in so many that is."""
    lines = ["BEGIN:VCALENDAR", "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN", "VERSION:2.0"]
    for number in range(events):
        arrival = FIRST + timedelta(days=number % 1000)
        changed = turn if changes and number % changes == 0 else 0
        lines += [
            "BEGIN:VEVENT",
            f"DTEND;VALUE=DATE:{arrival + timedelta(days=2):%Y%m%d}",
            f"DTSTART;VALUE=DATE:{arrival:%Y%m%d}",
            f"DTSTAMP:20261201T{turn // 3600:02}{turn // 60 % 60:02}{turn % 60:02}Z",
            f"UID:1418fb94e984-e8bd63a9b0ec1d8e4fb1a1f2ce{number:06}@airbnb.com",
            "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de",
            f" tails/HM{number:06}{changed:04}\\nPhone Number (Last 4 Digits): {number % 10_000:04}",
            "SUMMARY:Reserved",
            "END:VEVENT",
        ]
    return "\r\n".join((*lines, "END:VCALENDAR", "")).encode()


def main() -> None:
    rows: list[Row] = []
    for events, times in SIZES.items():
        rows += _compared(events, times)
    rows.append(_memory(max(SIZES)))
    reading.close()
    show("Reading a feed: CPU time of all processes, the best of several", rows)


def _compared(events: int, times: int) -> list[Row]:
    body = feed(events)
    turn = iter(range(1, 10_000))
    alone = best(lambda _: Calendar.from_ical(body), times // 10 + 1)
    bare = best(lambda _: unfold_and_split(body), times)

    known: Known = Memo(limits.MEMO_BYTES)
    read(body, WINDOW, ZONE, known)
    digest = hashlib.sha256(body).hexdigest()

    def again(other: bytes) -> object:
        return read(other, WINDOW, ZONE, known)

    rows = [
        row("new", best(lambda _: read(body, WINDOW, ZONE), times), alone, bare),
        row(
            "unchanged but for its DTSTAMPs",
            best(again, times, lambda: feed(events, next(turn))),
            alone,
            bare,
            BAR,
        ),
        row("1 % changed", best(again, times, lambda: feed(events, next(turn), CHANGES)), alone, bare, BAR),
    ]
    reading.close()
    asked(body)
    hashed = best(lambda _: hashlib.sha256(body).hexdigest() == digest, times)
    rows += [
        row("new, in the worker", best(asked, times, lambda: renamed(body, next(turn))), alone, bare),
        row("unchanged, in the worker", hashed, alone, bare, BAR),
        row("of two links, in the worker", best(lambda _: asked(body), times), alone, bare),
        row(
            "1 % changed, in the worker",
            best(asked, times, lambda: feed(events, next(turn), CHANGES)),
            alone,
            bare,
        ),
    ]
    return [replace(found, what=f"{events:,} events, {found.what}") for found in rows]


def row(what: str, spent: float, alone: float, bare: float, bar: float | None = None) -> Row:
    ratio = alone / spent
    peers = f"icalendar {alone * 1e3:,.1f} ms, bare {bare * 1e3:,.1f} ms"
    ratios = f"{ratio:,.1f} x; bare {bare / spent:.2f} x"
    if bar is None:
        return Row(what, f"{spent * 1e3:,.2f} ms", peers, ratios)
    words = f">= {bar:g} x faster than icalendar"
    return Row(what, f"{spent * 1e3:,.2f} ms", peers, ratios, words, ratio >= bar)


def best(measured: Callable[[bytes], object], times: int, prepared: Callable[[], bytes] = bytes) -> float:
    """
    Seconds of CPU time of one, of our process and the reader's; what is prepared for it does not count. The
    kernel counts the reader's time in hundredths of a second, so over all of a round.
    """
    found = []
    for _ in range(ROUNDS):
        bodies = [prepared() for _ in range(times)]
        theirs, ours = spent_by_readers(), time.process_time()
        for body in bodies:
            measured(body)
        used = time.process_time() - ours  # to look for the readers takes time as well
        found.append((used + spent_by_readers() - theirs) / times)
    return min(found)


def spent_by_readers() -> float:
    """Seconds of CPU time so far, those of readers that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = ended.ru_utime + ended.ru_stime
    for reader in readers():
        cpu = reader.cpu_times()
        used += cpu.user + cpu.system
    return used


def asked(body: bytes) -> Understood:
    """What the worker does with bytes that are not those of last time."""
    return reading.read(body, Request(WINDOW, ZONE, "www.airbnb.com", hashlib.sha256(body).hexdigest()))


def renamed(body: bytes, number: int) -> bytes:
    """A feed of which the reader knows nothing."""
    return body.replace(b"UID:1418", f"UID:{number:04}".encode())


def unfold_and_split(body: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """The least that any reader does: logical lines, each cut at its colon."""
    return [line.partition(b":") for line in re.sub(rb"\r?\n[ \t]", b"", body).split(b"\r\n")]


def _memory(events: int) -> Row:
    """Of a fresh reader, its program included, and of our process, which holds the result."""
    reading.close()
    body = feed(events)
    ourselves = psutil.Process()
    before = ourselves.memory_info().rss
    result = asked(body)
    grown = ourselves.memory_info().rss - before
    (reader,) = readers()
    theirs = peak(reader.pid) or reader.memory_info().rss
    total = (theirs + max(grown, 0)) / MIB
    assert len(result.events) == events
    return Row(
        f"{events:,} events, memory at its peak",
        f"{total:,.0f} MB",
        f"reader {theirs / MIB:,.0f} MB with its program, ours {grown / MIB:,.0f} MB",
        "",
        f"<= {MEMORY_BAR} MB",
        total <= MEMORY_BAR,
    )


def readers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "connectors.ical.reader" in child.cmdline()]


def peak(pid: int) -> int:
    """Bytes; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text(encoding="ascii")) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
