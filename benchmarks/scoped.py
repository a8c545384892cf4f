"""A read by a member and by an API key, scoped to their organization, beside the same read without accounts.

The peer is the same door on the same database with the same route, service and answer, in which nobody is
asked who they are: no token is read, no key looked up, no member and no right, and no limit is counted.
Both run as processes of their own; they are asked in turn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median
from uuid import UUID

import httpx
from fastapi import Request
from sqlalchemy.orm import Session

from api import app, dependencies
from api.app import Door
from api.routes import ROUTERS
from benchmarks._hub import BenchHub, hub
from benchmarks._report import Row, show
from hub.embedded import Valkey
from hub.services import api_keys, properties, unit_types, units
from hub.services.properties import NewProperty
from hub.services.tokens import Claims
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit

BAR = 1.5
WARM_UP, ROUNDS = 50, 600
NOBODY = "benchmarks.scoped:create"
ORGANIZATION = "BENCH_ORGANIZATION"
UNITS = 25


class Nobody:
    """Stands in for the caller: one organization, whoever asks."""

    def __init__(self, request: Request) -> None:
        self._database = request.app.state.runtime.database

    def transact(self, work: Callable[[Session], object]) -> object:
        return self._database.transact(UUID(os.environ[ORGANIZATION]), work)


async def nobody(request: Request) -> Nobody:
    return Nobody(request)


def create() -> Door:
    """The door as it is, but nobody is asked who they are. Routes that doors share cannot be overridden."""
    door = app.create()
    door.http.router.routes.clear()
    for prefix, router in ROUTERS:
        door.http.include_router(router, prefix=prefix)
    door.http.dependency_overrides[dependencies.signed] = nobody
    return door


def main() -> None:
    os.environ["HUB_RATE_CALLER"] = "1000000000"  # counted like any other, and never used up
    with hub() as bench, Valkey(bench.data_dir):
        claims = bench.organization()
        first, property_id = furnish(bench, claims)
        os.environ[ORGANIZATION] = str(claims.organization_id)
        member = {**bench.bearer(claims)}
        machine = {"Authorization": f"Bearer {a_key(bench, claims)}"}
        one, many = f"/api/v1/units/{first}", f"/api/v1/units?property_id={property_id}&limit={UNITS}"
        with bench.web() as (ours, _), bench.web(NOBODY) as (bare, _), httpx.Client(timeout=30) as client:

            def asking(base: str, path: str, headers: dict[str, str]) -> Callable[[], object]:
                return lambda: client.get(base + path, headers=headers).raise_for_status()

            rows = [
                compare(f"{what}, by {who}", asking(ours, path, headers), asking(bare, path, {}))
                for what, path in (("one unit", one), (f"a page of {UNITS} units", many))
                for who, headers in (("a member", member), ("an API key", machine))
            ]
    show(f"a scoped read over HTTP beside the same without accounts; medians of {ROUNDS}", rows)


def furnish(bench: BenchHub, claims: Claims) -> tuple[UUID, UUID]:
    def work(session: Session) -> tuple[UUID, UUID]:
        place = properties.create(session, NewProperty("Bench House", time_zone="Europe/Madrid"))
        kind = NewUnitType(place.id, "Double room", category="room", let_by="night", capacity=2)
        room = NewUnit(unit_types.create(session, kind).id, "Room {n}")
        return units.create_many(session, room, UNITS)[0].id, place.id

    return bench.runtime.database.transact(claims.organization_id, work)


def a_key(bench: BenchHub, claims: Claims) -> str:
    def work(session: Session) -> str:
        wanted = api_keys.NewKey("Bench", ("read",), None)
        return api_keys.create(session, wanted, claims.member_id).secret

    return bench.runtime.database.transact(claims.organization_id, work)


def compare(what: str, work: Callable[[], object], bare: Callable[[], object]) -> Row:
    """In turn, so that a busy moment of the machine meets both."""
    found: tuple[list[float], list[float]] = ([], [])
    for round_ in range(WARM_UP + ROUNDS):
        for ask, times in zip((work, bare), found, strict=True):
            began = time.perf_counter()
            ask()
            if round_ >= WARM_UP:
                times.append(time.perf_counter() - began)
    ours, theirs = (median(times) for times in found)
    ratio = ours / theirs
    return Row(what, ms(ours), ms(theirs), f"{ratio:.2f} x", f"<= {BAR:g} x", ratio <= BAR)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    main()
