"""Bookings over HTTP, on a durable database, against the same lock, check and inserts from bare psycopg.

At saturation as many clients send to the hub as there are bare ones; at 30 a second requests are due at
random instants, and latency counts from the instant at which each was due.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from random import Random
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.orm import Session

from benchmarks._hub import BenchHub, hub
from benchmarks._load import SEED, Answers, Orders, request, send
from benchmarks._report import NO_BAR, Row, percentile, show
from hub import clock
from hub.database import Database
from hub.domain.periods import Nights, occupied
from hub.ids import new_id
from hub.models.properties import Unit
from hub.queries import locks
from hub.services import properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit

TYPES, UNITS, CLIENTS = 6, 50, 24
ROUNDS, SECONDS, WARM_UP = 3, 6.0, 2.0
SHARE = 0.05
RATE, PACED_SECONDS, P95 = 30.0, 20.0, 0.2
ZONE = ZoneInfo("Europe/Madrid")
DAYS = 720
"""That can be booked ahead: more than there is time to sell"""
PREPARED = 1500
"""Requests made ready for one measurement; more than it can send"""

LOCK = "SELECT pg_advisory_xact_lock(%s)"
CHECK = """
    SELECT 1 FROM allocations WHERE unit_id = %(unit)s AND ends_at > %(starts)s AND starts_at < %(ends)s
    UNION ALL
    SELECT 1 FROM external_blocks WHERE unit_id = %(unit)s AND free_at > %(starts)s AND starts_at < %(ends)s
    LIMIT 1
"""
BOOK = """
    INSERT INTO bookings (organization_id, id, property_id, reference, status, source, guests, starts_at,
                          ends_at, check_state, version, created_at, updated_at)
    VALUES (%(org)s, %(booking)s, %(property)s, %(booking)s::text, 'confirmed', 'direct', 2, %(starts)s,
            %(ends)s, 'unchecked', 1, now(), now())
"""
ITEM = """
    INSERT INTO booking_items (organization_id, id, booking_id, position, unit_type_id, unit_id, pinned,
                               arrival, departure, starts_at, ends_at, uid)
    VALUES (%(org)s, %(item)s, %(booking)s, 0, %(type)s, %(unit)s, true, %(arrival)s, %(departure)s,
            %(starts)s, %(ends)s, %(item)s::text)
"""
ALLOCATE = """
    INSERT INTO allocations (organization_id, id, unit_id, booking_id, item_id, starts_at, ends_at)
    VALUES (%(org)s, gen_random_uuid(), %(unit)s, %(booking)s, %(item)s, %(starts)s, %(ends)s)
"""


@dataclass(frozen=True, slots=True)
class House:
    """Where everything is booked: six types of 50 units, and one unit of a type of its own."""

    organization_id: UUID
    property_id: UUID
    units: tuple[Unit, ...]
    hot: Unit


@dataclass(frozen=True, slots=True)
class Stay:
    unit: Unit
    nights: Nights


def main() -> None:
    with hub() as bench:
        claims = bench.organization()
        house = furnish(bench.runtime.database, claims.organization_id)
        with bench.web() as (base, _):
            port = urlsplit(base).port or 80
            desk = Desk(bench, house, port, bench.bearer(claims))
            spread = stays(house.units)
            desk.over_http(islice(spread, PREPARED), WARM_UP)

            bare, ours, of_type = [], [], []
            for _ in range(ROUNDS):
                bare.append(desk.bare(spread, SECONDS))
                ours.append(desk.over_http(islice(spread, PREPARED), SECONDS))
                of_type.append(desk.over_http(islice(spread, PREPARED), SECONDS, by_type=True))
            paced = desk.over_http(islice(spread, PREPARED), PACED_SECONDS, rate=RATE)
            hot = stays([house.hot], longest=1)
            hot_bare = desk.bare(islice(hot, DAYS // 2), SECONDS / 2)
            hot_ours = desk.over_http(hot, SECONDS / 2)
        lost = desk.acknowledged - desk.found()
    rows = [
        at_saturation("a named unit", ours, bare),
        # For information: the bare peer is told its unit, and so has less to do than who must find one.
        replace(at_saturation(f"any unit of a type of {UNITS}", of_type, bare), bar=NO_BAR, held=None),
        open_loop(paced),
        Row("one hot unit", told([hot_ours]), f"{hot_bare:,.0f}/s", f"{hot_ours.a_second / hot_bare:.1%}"),
        Row("acknowledged and not found", f"{lost}", "", "", "0", lost == 0),
    ]
    show(f"Bookings, {CLIENTS} clients, fsync on; medians of {ROUNDS}", rows)


@dataclass(slots=True)
class Desk:
    bench: BenchHub
    house: House
    port: int
    bearer: dict[str, str]
    acknowledged: int = 0

    def over_http(
        self,
        wanted: Iterable[Stay],
        seconds: float,
        *,
        by_type: bool = False,
        rate: float | None = None,
    ) -> Answers:
        requests = [self._request(stay, by_type) for stay in wanted]
        connections = 0 if rate else CLIENTS
        answers = send(Orders(self.port, requests, seconds, connections, rate))
        self.acknowledged += answers.statuses[201]
        return answers

    def bare(self, wanted: Iterator[Stay], seconds: float) -> float:
        """Bookings a second by as many threads as there are clients, each with a connection of its own."""
        until, shares = time.perf_counter() + seconds, threading.Lock()

        def client(_: int) -> int:
            made = 0
            with psycopg.connect(self.bench.owner_url) as connection:
                while time.perf_counter() < until:
                    with shares:
                        stay = next(wanted, None)
                    if stay is None:
                        break
                    made += book(connection, self.house, stay)
            return made

        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as threads:
            made = sum(threads.map(client, range(CLIENTS)))
        self.acknowledged += made
        return made / (time.perf_counter() - began)

    def found(self) -> int:
        with psycopg.connect(self.bench.owner_url) as connection:
            row = connection.execute("SELECT count(DISTINCT booking_id) FROM allocations").fetchone()
        assert row is not None
        number: int = row[0]
        return number

    def _request(self, stay: Stay, by_type: bool) -> bytes:
        unit = {"unit_type_id": str(stay.unit.unit_type_id)} if by_type else {"unit_id": str(stay.unit.id)}
        nights = {"arrival": str(stay.nights.arrival), "departure": str(stay.nights.departure)}
        body = {
            "property_id": str(self.house.property_id),
            "items": [unit | nights],
            "guests": 2,
            "guest": {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+34 600 123 456"},
        }
        return request("POST", "/api/v1/bookings", self.bearer, json.dumps(body).encode())


def book(connection: psycopg.Connection[tuple[object, ...]], house: House, stay: Stay) -> bool:
    """The bare peer's booking: False where the unit is taken."""
    period = occupied(stay.nights, ZONE)
    values = {
        "org": house.organization_id,
        "property": house.property_id,
        "type": stay.unit.unit_type_id,
        "unit": stay.unit.id,
        "booking": new_id(),
        "item": new_id(),
        "arrival": stay.nights.arrival,
        "departure": stay.nights.departure,
        "starts": period.starts_at,
        "ends": period.ends_at,
    }
    with connection.transaction():
        connection.execute(LOCK, (locks.key(stay.unit.id),))
        if connection.execute(CHECK, values).fetchone():
            return False
        for statement in (BOOK, ITEM, ALLOCATE):
            connection.execute(statement, values)
    return True


def stays(units: Sequence[Unit], longest: int = 2) -> Iterator[Stay]:
    """For all units and days in random order; none meets another."""
    first, random = clock.now().date() + timedelta(days=2), Random(SEED)
    places = [(unit, first + timedelta(days=n)) for unit in units for n in range(0, DAYS, longest)]
    random.shuffle(places)
    for unit, arrival in places:
        yield Stay(unit, Nights(arrival, arrival + timedelta(days=random.randint(1, longest))))


def furnish(database: Database, organization_id: UUID) -> House:
    def work(session: Session) -> House:
        place = properties.create(session, NewProperty("Bench House", time_zone=ZONE.key))
        kinds = [
            unit_types.create(
                session, NewUnitType(place.id, f"Type {n}", category="room", let_by="night", capacity=2)
            ).id
            for n in range(TYPES + 1)
        ]
        many = [
            units.create_many(session, NewUnit(kind, f"Room {n}-{{n}}"), UNITS)
            for n, kind in enumerate(kinds[1:])
        ]
        hot = units.create(session, NewUnit(kinds[0], "The one"))
        return House(organization_id, place.id, tuple(unit for some in many for unit in some), hot)

    return database.transact(organization_id, work)


def at_saturation(what: str, ours: list[Answers], bare: list[float]) -> Row:
    """The ratio is the median of the rounds', whose two halves were measured one after the other."""
    ratio = median(one.a_second / other for one, other in zip(ours, bare, strict=True))
    held = ratio >= SHARE and not any(answers.of_server_errors for answers in ours)
    return Row(what, told(ours), f"{median(bare):,.0f}/s", f"{ratio:.1%}", f">= {SHARE:.0%}, no 5xx", held)


def open_loop(paced: Answers) -> Row:
    late, most = percentile(paced.latencies, 0.95), max(paced.latencies)
    held = late < P95 and not paced.of_server_errors
    said = f"p95 {late * 1000:.0f} ms, most {most * 1000:.0f} ms; {statuses([paced])}"
    return Row(f"open loop, {RATE:g} a second", said, "", "", f"p95 < {P95 * 1000:.0f} ms, no 5xx", held)


def told(answers: list[Answers]) -> str:
    return f"{median(one.a_second for one in answers):,.0f}/s; {statuses(answers)}"


def statuses(answers: list[Answers]) -> str:
    total = sum((one.statuses for one in answers), Counter[int]())
    return ", ".join(f"{number} x {status}" for status, number in sorted(total.items()))


if __name__ == "__main__":
    main()
