"""Calendars that are synced event by event: the first sync of 5,000 events; 1,000 calendars without changes.

Ours is the whole path of a sync, in threads as the puller has them. The peer is Google's own client on the
same transport, with as many threads, which lists the same pages with the same sync tokens and does nothing
with what it gets. The double of Google has a process of its own; CPU time is that of the syncing process, and
beside it PostgreSQL's.
"""

from __future__ import annotations

import importlib.resources
import json
import resource
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import google_auth_httplib2
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks._google import Google, google
from benchmarks._hub import BenchHub, hub
from benchmarks._report import Row, show
from benchmarks.pulls import Took, analyze, measured, pull_all
from connectors.google_calendar.client import PAGE
from connectors.google_calendar.transport import HttpxHttp
from connectors.transport import Network
from hub import clock
from hub.domain.periods import Nights
from hub.queries import links as links_query
from hub.services import bookings, properties, unit_types, units
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from hub.services.properties import NewProperty
from hub.services.tokens import Claims
from hub.services.unit_types import NewUnitType
from hub.services.units import NewUnit
from sync import connecting, linking, relay
from sync.linking import Scope
from sync.runtime import Runtime

EVENTS, ROOMS, FILLED = 5000, 50, 40
"""Of the calendar that is synced for the first time, the rooms that it speaks of, and how many it fills"""
LINKS, EACH = 1000, 20
"""Calendars of one room, and the events of each; one of these is a booking of ours"""
TIMES = 3
"""Times that all are synced without changes; whatever else runs on the machine only adds, the best counts"""
CPU, MEMORY = 3.0, 300
"""The bars: times the peer's CPU, megabytes"""
LATER = 200
"""Days until our booking: after all that is theirs"""
OWNER = "owner@example.com"
DOMAIN = "bench.example"


@dataclass(frozen=True, slots=True)
class House:
    """`calendars` and `links` one for one."""

    property_id: UUID
    calendars: list[str]
    links: list[UUID]
    units: list[UUID]


def main() -> None:
    with hub() as bench, google() as there:
        runtime = replace(bench.runtime, network=Network(applications={"google_calendar": there.application}))
        claims = bench.organization()
        refresh, access = there.account(OWNER)
        peer = Peer(there.root, access)
        threads = runtime.settings.pull_concurrency

        large = furnish(bench, claims, refresh, there.calendars(OWNER, 1, EVENTS, FILLED), ROOMS)
        rows = [first_sync(bench, runtime, claims, there, large, peer)]
        memory = peak()
        small = furnish(bench, claims, refresh, there.calendars(OWNER, LINKS, EACH - 1), 1)
        book_each(bench, claims, small)
        settle(runtime, claims, small, threads)
        analyze(bench)
        rows += steady(bench, runtime, claims, there, small, peer, threads)
    rows.append(Row("memory after the first sync, in the end", f"{memory:.0f}, {peak():.0f} MB", "", ""))
    rows[-1] = replace(rows[-1], bar=f"{MEMORY} MB", held=peak() < MEMORY)
    show(f"Two-way sync: {EVENTS:,} events at once, {LINKS:,} calendars without changes", rows)


class Peer:
    """Google's client and nothing else."""

    def __init__(self, root: str, token: str) -> None:
        found = importlib.resources.files("googleapiclient") / "discovery_cache/documents/calendar.v3.json"
        document = json.loads(found.read_text(encoding="utf-8"))
        document["rootUrl"] = root + "/"
        make: Any = Credentials  # which has no types
        http = google_auth_httplib2.AuthorizedHttp(make(token), http=HttpxHttp(20))
        self._events: Any = build_from_document(document, http=http).events()

    def list(self, calendar: str, token: str | None) -> int:
        """The events on all pages."""
        more: dict[str, str] = {"syncToken": token} if token else {}
        number = 0
        while True:
            request = self._events.list(calendarId=calendar, singleEvents=False, maxResults=PAGE, **more)
            page = request.execute(num_retries=0)
            number += len(page["items"])
            if "nextPageToken" not in page:
                return number
            more["pageToken"] = page["nextPageToken"]

    def list_all(self, calendars: Sequence[str], tokens: Sequence[str | None], threads: int) -> Counter[str]:
        with ThreadPoolExecutor(threads) as pool:
            return Counter(str(number) for number in pool.map(self.list, calendars, tokens))


def first_sync(
    bench: BenchHub, runtime: Runtime, claims: Claims, there: Google, house: House, peer: Peer
) -> Row:
    """Everything, from listing to blocks."""
    bare = measured(bench, runtime, partial(peer.list_all, house.calendars, [None], 1))
    there.asked()
    ask = partial(pull_all, runtime, claims.organization_id, house.links, 1)
    ours = measured(bench, runtime, ask)
    asked = there.asked()
    events, blocks = (inventory(bench, claims)[name] for name in ("external_events", "external_blocks"))
    if ours.ended != {"changed": 1} or bare.ended != {str(EVENTS): 1} or asked.writes or events < EVENTS:
        raise SystemExit(f"it ended otherwise: {ours.ended}, {bare.ended}, {asked}, {events} events")
    said = f"{ours.seconds:.1f} s, {per(ours, EVENTS)}, {asked.total} requests, {blocks:,} blocks"
    return Row(
        f"first sync of {EVENTS:,} events",
        said,
        f"{bare.seconds:.2f} s, {per(bare, EVENTS, database=False)}",
        f"{ours.cpu / bare.cpu:.0f} x the CPU",
    )


def steady(
    bench: BenchHub,
    runtime: Runtime,
    claims: Claims,
    there: Google,
    house: House,
    peer: Peer,
    threads: int,
) -> list[Row]:
    """All once more, while nobody did anything; ours and the peer take turns."""
    tokens = cursors(runtime, claims, house.links)
    before = inventory(bench, claims)
    there.asked()
    best: tuple[Took, Took] | None = None
    for _ in range(TIMES):
        bare = measured(bench, runtime, partial(peer.list_all, house.calendars, tokens, threads))
        ask = partial(pull_all, runtime, claims.organization_id, house.links, threads)
        ours = measured(bench, runtime, ask)
        if ours.ended != {"unchanged": LINKS} or bare.ended != {"0": LINKS}:
            raise SystemExit(f"it ended otherwise: {ours.ended}, {bare.ended}")
        best = (ours, bare) if best is None else (least(ours, best[0]), least(bare, best[1]))
    assert best is not None
    ours, bare = best
    asked, after = there.asked(), inventory(bench, claims)
    written = sum(after[name] != before[name] for name in before)
    ratio = ours.cpu / bare.cpu
    requests = (asked.total - TIMES * LINKS) / TIMES / LINKS
    return [
        Row(
            f"{LINKS:,} calendars of {EACH} events, nothing new",
            f"{LINKS / ours.seconds:,.0f}/s, {per(ours, LINKS)}, {ours.statements / LINKS:.1f} statements",
            f"{LINKS / bare.seconds:,.0f}/s, {per(bare, LINKS, database=False)}",
            f"{ratio:.2f} x the CPU",
            f"{CPU:.0f} x the CPU",
            ratio <= CPU,
        ),
        Row(f"requests of each, of {threads} threads", f"{requests:.2f}", "1", "", "1", requests == 1),
        Row(
            "writes there; tables here that changed",
            f"{asked.writes}; {written}",
            "",
            "",
            "0; 0",
            asked.writes == written == 0,
        ),
    ]


def least(one: Took, other: Took) -> Took:
    return min(one, other, key=lambda took: took.cpu)


def per(took: Took, number: int, *, database: bool = True) -> str:
    words = f"{took.cpu / number * 1000:.2f} ms CPU"
    return words + (f" + {took.database / number * 1000:.2f} ms PostgreSQL" if database else "") + " each"


def peak() -> float:
    """Megabytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def inventory(bench: BenchHub, claims: Claims) -> dict[str, int]:
    """How many rows there are of what a sync may write, and for those that it may change the sum of xmin."""
    counted = ("outbox", "changes", "sync_runs", "conflicts")
    marked = ("bookings", "allocations", "external_events", "external_blocks", "sync_items", "sync_ops")

    def work(session: Session) -> dict[str, int]:
        found = {name: _number(session, f"SELECT count(*) FROM {name}") for name in counted + marked}
        for name in marked:
            found[f"{name} as written"] = _number(
                session, f"SELECT coalesce(sum(xmin::text::bigint), 0) FROM {name}"
            )
        return found

    return bench.runtime.database.transact(claims.organization_id, work)


def _number(session: Session, statement: str) -> int:
    return int(session.execute(text(statement)).scalar_one())


def settle(runtime: Runtime, claims: Claims, house: House, threads: int) -> None:
    """Sync until nothing happens any more."""
    while relay.relay(runtime):
        pass
    for _ in range(4):
        ended = pull_all(runtime, claims.organization_id, house.links, threads)
        while relay.relay(runtime):
            pass
        if ended == {"unchanged": len(house.links)}:
            return
    raise SystemExit(f"no rest: {ended}")


def cursors(runtime: Runtime, claims: Claims, links: Sequence[UUID]) -> list[str | None]:
    def work(session: Session) -> list[str | None]:
        rows = [links_query.one(session, link_id) for link_id in links]
        return [(row.cursor or {}).get("syncToken") for row in rows]

    return runtime.database.transact(claims.organization_id, work)


def furnish(bench: BenchHub, claims: Claims, refresh: str, calendars: list[str], rooms: int) -> House:
    """
    So many rooms for each calendar, and a link that nobody has synced yet: of the room, or of all of them.
    """

    def work(session: Session) -> House:
        place = properties.create(session, NewProperty("Bench House", time_zone="Europe/Madrid"))
        kind = unit_types.create(
            session, NewUnitType(place.id, "Double", category="room", let_by="night", capacity=2)
        )
        number = len(calendars) * rooms
        made = [
            unit
            for part in range(0, number, 500)
            for unit in units.create_many(
                session, NewUnit(kind.id, f"Room {part} {{n}}"), min(500, number - part)
            )
        ]
        at_google = connecting.connect(session, "google_calendar", "Elsewhere", {"refresh_token": refresh})
        links = []
        for calendar, unit in zip(calendars, made, strict=False):
            scope = Scope(unit_id=unit.id) if rooms == 1 else Scope(place.id)
            own = {"calendar_id": calendar}
            links.append(linking.link(session, at_google.id, scope, "two_way", own, uid_domain=DOMAIN).id)
        return House(place.id, calendars, links, [unit.id for unit in made])

    return bench.runtime.database.transact(claims.organization_id, work)


def book_each(bench: BenchHub, claims: Claims, house: House) -> None:
    """Each room once, after all that is theirs."""
    arrival = clock.today("UTC") + timedelta(days=LATER)
    span = Nights(arrival, arrival + timedelta(days=2))
    for unit_id in house.units:
        request = BookingRequest(house.property_id, (ItemRequest(span, unit_id),), 1, None)
        bench.runtime.database.transact(
            claims.organization_id, partial(bookings.book, request=request, uid_domain=DOMAIN)
        )


if __name__ == "__main__":
    main()
