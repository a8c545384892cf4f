"""An outbound feed of 60 entries, 200 and 304, against a bare ASGI server that sends the same answers.

The generator and the servers share the machine's cores, so what counts is the CPU time that the server's
process spends on a request: the ledger, its writing and the readings of the database included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import mean
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psutil
from sqlalchemy.orm import Session

from benchmarks import _bare
from benchmarks._hub import BenchHub, hub
from benchmarks._load import Orders, request, send
from benchmarks._report import Row, show
from hub import clock
from hub.database import vault_of
from hub.domain.periods import Nights
from hub.services import bookings, properties, unit_types, units
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from hub.services.guests import GuestFields
from hub.services.properties import NewProperty
from hub.services.tokens import Claims
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, feeds, linking
from sync.linking import Scope

ENTRIES = 60
DOMAIN = "bench.example"
BAR = 1.15
ROUNDS, SECONDS = 10, 1.0
BEST = 3
"""Rounds that count, the best ones: whatever else runs on the machine only adds to the others"""
CONNECTIONS = 16
SELDOM = 300
"""Feeds asked one after the other: each is read from the database, for none is asked twice in a second"""

READER = {"User-Agent": "Bench-Calendar/1.0 (+https://calendar.example)", "Accept": "text/calendar, */*"}
ADDED = {"date", "server"}
"""Headers that uvicorn writes by itself, for both servers"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One way of asking for the feed: `path` is ours, `slug` what the peer answers alike."""

    what: str
    path: str
    slug: str
    headers: dict[str, str]
    status: int


@dataclass(slots=True)
class Server:
    base: str
    process: psutil.Process
    cpu: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of its process a request, by what was asked"""
    a_second: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, what: str, requests: list[bytes], status: int, seconds: float = SECONDS) -> None:
        port = urlsplit(self.base).port or 80
        before = self._spent()
        answers = send(Orders(port, requests, seconds, CONNECTIONS))
        spent = self._spent() - before
        if set(answers.statuses) != {status}:
            raise SystemExit(f"{what}: {self.base} answered {dict(answers.statuses)}")
        self.cpu.setdefault(what, []).append(spent / answers.number)
        self.a_second.setdefault(what, []).append(answers.a_second)

    def best(self, what: str) -> float:
        return mean(sorted(self.cpu[what])[:BEST])

    def said(self, what: str) -> str:
        a_second = mean(sorted(self.a_second[what])[-BEST:])
        return f"{self.best(what) * 1e6:,.1f} µs, {a_second:,.0f}/s"

    def _spent(self) -> float:
        times = self.process.cpu_times()
        spent: float = times.user + times.system
        return spent


def main() -> None:
    with hub() as bench:
        claims = bench.organization()
        hot, *seldom = furnish(bench, claims)
        with bench.web() as (base, process):
            ours, ways = Server(base, process), ways_of_asking(base, hot)
            with peer(bench, base, ways) as other:
                for round_ in range(ROUNDS):
                    for way in ways:
                        pair = [(ours, way.path), (other, way.slug)]
                        for server, path in pair if round_ % 2 else reversed(pair):
                            server.measure(way.what, [request("GET", path, way.headers)], way.status)
                rows = [compare(way.what, ours, other) for way in ways]
            what = f"200, {SELDOM} feeds in turn"
            for path in seldom:  # the first look at a feed also writes what it says
                httpx.get(base + path)
            asked = [request("GET", path, ways[0].headers) for path in seldom]
            ours.measure(what, asked, 200, 3 * SECONDS)
            rows.append(Row(what, ours.said(what), "", ""))
    show(f"A feed of {ENTRIES} entries: CPU time of the server a request; best {BEST} of {ROUNDS}", rows)


def compare(what: str, ours: Server, other: Server) -> Row:
    ratio = ours.best(what) / other.best(what)
    bar = f"<= {BAR:g} x of the CPU time"
    return Row(what, ours.said(what), other.said(what), f"{ratio:.2f} x", bar, ratio <= BAR)


def ways_of_asking(base: str, path: str) -> list[Asked]:
    plain, packed = {**READER, "Accept-Encoding": "identity"}, {**READER, "Accept-Encoding": "gzip, deflate"}
    etag = httpx.get(base + path, headers=plain).headers["etag"]
    return [
        Asked("200", path, _alike(path, "plain"), plain, 200),
        Asked("200, gzip", path, _alike(path, "packed"), packed, 200),
        Asked("304", path, _alike(path, "unchanged"), {**plain, "If-None-Match": etag}, 304),
    ]


def _alike(path: str, slug: str) -> str:
    """A path of the same length, so that both servers have the same to read."""
    return f"/{slug:_<{len(path) - 1}}"


@contextmanager
def peer(bench: BenchHub, base: str, ways: list[Asked]) -> Iterator[Server]:
    """A server that answers each way as ours just did, byte for byte."""
    replies: dict[str, _bare.Reply] = {}
    for way in ways:
        with httpx.stream("GET", base + way.path, headers=way.headers) as answer:
            body = b"".join(answer.iter_raw())
            headers = [(name, value) for name, value in answer.headers.raw if name.decode() not in ADDED]
        if answer.status_code != way.status:
            raise SystemExit(f"{way.what}: answered {answer.status_code}")
        replies[way.slug] = (way.status, headers, body)
    _bare.write(bench.data_dir / "replies", replies)
    with bench.web("benchmarks._bare:create") as (other, process):
        yield Server(other, process)


def furnish(bench: BenchHub, claims: Claims) -> list[str]:
    """Paths of feeds: the first of a unit with 60 stays, then of the same unit for other channels."""
    today = clock.now().date()
    guest = GuestFields("Ada Lovelace")

    def work(session: Session) -> tuple[UUID, UUID]:
        place = properties.create(session, NewProperty("Bench House", time_zone="Europe/Madrid"))
        kind = unit_types.create(
            session, NewUnitType(place.id, "Double", category="room", let_by="night", capacity=2)
        )
        return place.id, units.create(session, NewUnit(kind.id, "Room 1")).id

    property_id, unit_id = bench.runtime.database.transact(claims.organization_id, work)
    for n in range(ENTRIES):
        stay = Nights(today + timedelta(days=3 * n + 1), today + timedelta(days=3 * n + 3))
        wanted = BookingRequest(property_id, (ItemRequest(stay, unit_id=unit_id),), 2, guest)
        with bench.runtime.database.unit_of_work(claims.organization_id) as session:
            bookings.book(session, wanted, DOMAIN)

    def link(session: Session) -> list[str]:
        channel = connecting.connect(session, "ical", "Elsewhere", {})
        links = [
            linking.link(session, channel.id, Scope(unit_id=unit_id), "export", {}, uid_domain=DOMAIN)
            for _ in range(1 + SELDOM)
        ]
        addresses = [feeds.feed_url(bench.runtime.settings, vault_of(session), link) for link in links]
        return [urlsplit(address).path for address in addresses if address]

    return bench.runtime.database.transact(claims.organization_id, link)


if __name__ == "__main__":
    main()
