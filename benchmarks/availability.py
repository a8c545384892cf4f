"""Availability of one type, and the calendar of 200 units x 90 days, among a million bookings.

The peer is the bare query of the same rows and columns from psycopg, on the same indexes, as the tables'
owner (no row-level security). The two are asked in turn, so that a busy moment of the machine meets both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from statistics import median
from uuid import UUID

import httpx
import psycopg
from sqlalchemy.orm import Session

from benchmarks._hub import hub
from benchmarks._report import Row, show
from hub.database import Database
from hub.domain.periods import Nights
from hub.services import availability, properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit

UNITS, TYPES, BOOKINGS = 200, 4, 1_000_000
AHEAD = 730
"""Days that are booked from now on, every other night; all the rest is past"""
BAR = 5.0
WARM_UP, ROUNDS = 10, 60

LOAD = """
    WITH made AS (
        SELECT g, uuidv7() AS booking, uuidv7() AS item, u.id AS unit, u.unit_type_id AS type,
               (CAST(%(first)s AS date) + ((g / %(units)s) * 2)::int + time '12:00')
                   AT TIME ZONE 'Europe/Madrid' AS starts_at,
               CAST(%(first)s AS date) + ((g / %(units)s) * 2)::int AS arrival
        FROM generate_series(0, %(bookings)s - 1) AS g
        JOIN (SELECT id, unit_type_id, row_number() OVER (ORDER BY id) - 1 AS n FROM units
              WHERE property_id = %(property)s) AS u ON u.n = g %% %(units)s
    ), b AS (
        INSERT INTO bookings (organization_id, id, property_id, reference, status, source, guests, starts_at,
                              ends_at, check_state, version, created_at, updated_at)
        SELECT %(org)s, booking, %(property)s, booking::text, 'confirmed', 'direct', 1, starts_at,
               starts_at + interval '1 day', 'unchecked', 1, now(), now() FROM made
    ), i AS (
        INSERT INTO booking_items (organization_id, id, booking_id, position, unit_type_id, unit_id, pinned,
                                   arrival, departure, starts_at, ends_at, uid)
        SELECT %(org)s, item, booking, 0, type, unit, false, arrival, arrival + 1, starts_at,
               starts_at + interval '1 day', item::text FROM made
    )
    INSERT INTO allocations (organization_id, id, unit_id, booking_id, item_id, starts_at, ends_at)
    SELECT %(org)s, uuidv7(), unit, booking, item, starts_at, starts_at + interval '1 day' FROM made
"""

BARE = """
    SELECT unit_id, starts_at, ends_at, hold_until, coalesce(booking_id, blackout_id), blackout_id IS NOT NULL
    FROM allocations WHERE unit_id = ANY(%s) AND ends_at > %s AND starts_at < %s
    UNION ALL
    SELECT unit_id, starts_at, free_at, NULL, event_id, NULL FROM external_blocks
    WHERE unit_id = ANY(%s) AND free_at > %s AND starts_at < %s
"""


def main() -> None:
    with hub() as bench:
        claims = bench.organization()
        property_id, type_id, unit_ids, of_type = furnish(bench.runtime.database, claims.organization_id)
        today = date.today()  # noqa: DTZ011 -- a day about now; which one does not matter
        print(f"loading {BOOKINGS:,} bookings ...", flush=True)
        first = today - timedelta(days=2 * BOOKINGS // UNITS - AHEAD)
        load(bench.superuser_url, claims.organization_id, property_id, first)
        nights = Nights(today + timedelta(days=30), today + timedelta(days=33))
        after = today + timedelta(days=90)

        with psycopg.connect(bench.owner_url) as bare, bench.web() as (base, _):
            client = httpx.Client(base_url=base + "/api/v1", headers=bench.bearer(claims), timeout=30)
            ask = {"property_id": str(property_id), "unit_type_id": str(type_id), "guests": "1"}
            ask |= {"arrival": nights.arrival.isoformat(), "departure": nights.departure.isoformat()}
            days = {"property_id": str(property_id), "from": today.isoformat(), "to": after.isoformat()}

            def one_type(session: Session) -> object:
                return availability.of_property(session, property_id, nights, 1, type_id)

            def many_days(session: Session) -> object:
                return availability.calendar(session, property_id, today, after)

            database, organization_id = bench.runtime.database, claims.organization_id

            def bare_type() -> int:
                return fetch(bare, of_type, nights.arrival, nights.departure)

            def bare_days() -> int:
                return fetch(bare, unit_ids, today, after)

            rows = [
                compare("one type, service", lambda: database.transact(organization_id, one_type), bare_type),
                compare("one type, over HTTP", lambda: get(client, "/availability", ask), bare_type),
                compare(
                    "calendar, service", lambda: database.transact(organization_id, many_days), bare_days
                ),
                compare("calendar, over HTTP", lambda: get(client, "/calendar", days), bare_days),
            ]
    show(f"{BOOKINGS:,} bookings on {UNITS} units; medians of {ROUNDS}", rows)


def furnish(database: Database, organization_id: UUID) -> tuple[UUID, UUID, list[UUID], list[UUID]]:
    def work(session: Session) -> tuple[UUID, UUID, list[UUID], list[UUID]]:
        place = properties.create(session, NewProperty("Bench House", time_zone="Europe/Madrid"))
        made: list[list[UUID]] = []
        types = []
        for n in range(TYPES):
            kind = unit_types.create(
                session, NewUnitType(place.id, f"Type {n}", category="room", let_by="night", capacity=2)
            )
            types.append(kind.id)
            rooms = units.create_many(session, NewUnit(kind.id, f"Room {n}-{{n}}"), UNITS // TYPES)
            made.append([room.id for room in rooms])
        return place.id, types[0], [unit for some in made for unit in some], made[0]

    return database.transact(organization_id, work)


def load(url: str, organization_id: UUID, property_id: UUID, first: date, number: int = BOOKINGS) -> None:
    """So many bookings, every other night from the first one; `url` is a superuser's."""
    values = {
        "org": organization_id,
        "property": property_id,
        "units": UNITS,
        "bookings": number,
        "first": first,
    }
    with psycopg.connect(url) as connection:
        # No look-up of foreign keys: what refers to what is made here, in one statement.
        connection.execute("SET session_replication_role = replica")
        connection.execute(LOAD, values)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def fetch(
    connection: psycopg.Connection[tuple[object, ...]], units: list[UUID], first: date, after: date
) -> int:
    span = (units, datetime.fromisoformat(f"{first}T11:00Z"), datetime.fromisoformat(f"{after}T11:00Z"))
    rows = connection.execute(BARE, (*span, *span)).fetchall()
    connection.rollback()
    return len(rows)


def get(client: httpx.Client, path: str, asked: dict[str, str]) -> None:
    answer = client.get(path, params=asked)
    answer.raise_for_status()


def compare(what: str, work: Callable[[], object], bare: Callable[[], object]) -> Row:
    ours, theirs = in_turn(work, bare)
    ratio = ours / theirs
    return Row(what, _ms(ours), _ms(theirs), f"{ratio:.1f} x", f"<= {BAR:g} x", ratio <= BAR)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def in_turn(*works: Callable[[], object]) -> list[float]:
    """The median of each, in seconds."""
    found: list[list[float]] = [[] for _ in works]
    for round_ in range(WARM_UP + ROUNDS):
        for work, times in zip(works, found, strict=True):
            began = time.perf_counter()
            work()
            if round_ >= WARM_UP:
                times.append(time.perf_counter() - began)
    return [median(times) for times in found]


if __name__ == "__main__":
    main()
