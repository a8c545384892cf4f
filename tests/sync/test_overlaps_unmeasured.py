"""Overlaps are found by the index on units, whether or not PostgreSQL knows what is in its tables."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from connectors.transport import Network
from hub import clock
from hub.ids import new_id
from hub.models.external import ExternalBlock, ExternalEvent
from hub.queries import overlaps, rows
from sync import connecting, linking
from sync.linking import Scope
from tests.fakes.feed_server import FeedServer
from tests.servers import Servers
from tests.sync.calendars import day, noon
from tests.sync.importing import DOMAIN, FEED, Importer, a_runtime

LINKS = 500
EACH = 30
"""Events of a link"""
BESIDE = 25
"""Links of one unit, of another stretch of time each but for one night"""
INDEX = "ix_external_blocks_unit_id_free_at"
TABLES = ("external_events", "external_blocks", "allocations")


@pytest.fixture(scope="module")
def importer(servers: Servers, worker_id: str) -> Iterator[Importer]:
    """On a database that gathers no statistics by itself, for tests that only read what is there."""
    own = servers.copy_template(f"{worker_id}_unmeasured")
    engine = create_engine(own.owner_url)
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
    engine.dispose()
    runtime = a_runtime(own, Network(["127.0.0.1"]))
    with FeedServer() as channel:
        yield Importer.build(runtime, channel, units=LINKS // BESIDE)
    runtime.database.dispose()
    servers.drop(own)


@pytest.fixture(scope="module")
def events(importer: Importer) -> list[UUID]:
    """The events of LINKS calendars, as a first import of all of them leaves them."""

    def work(session: Session) -> list[UUID]:
        connection = connecting.connect(session, "ical", "Seaside", {})
        url = {"url": importer.channel.url(FEED)}
        scopes = [Scope(unit_id=importer.units[number // BESIDE]) for number in range(LINKS)]
        made = [linking.link(session, connection.id, one, "import", url, uid_domain=DOMAIN) for one in scopes]
        links = [link.id for link in made]
        now = clock.now()
        found: dict[type[Any], list[dict[str, Any]]] = {ExternalEvent: [], ExternalBlock: []}
        for number, link_id in enumerate(links):
            for position in range(EACH):
                first = 2 + (number % BESIDE) * (EACH * 2 - 1) + position * 2
                event_id, span = new_id(), {"starts_at": noon(first), "ends_at": noon(first + 2)}
                common = {"organization_id": importer.organization_id, "link_id": link_id}
                said = {"all_day": True, "first": day(first), "after": day(first + 2), "sealed": b""}
                known = {"digest": b"", "uid_out": event_id.hex, "first_seen_at": now, "changed_at": now}
                event = {"id": event_id, "key": str(position), **said, **known}
                found[ExternalEvent].append(common | event | span)
                block = {"event_id": event_id, "unit_id": importer.units[number // BESIDE]}
                found[ExternalBlock].append(common | block | span | {"free_at": span["ends_at"]})
        rows.insert_values(session, found)
        return [event["id"] for event in found[ExternalEvent]]

    return importer.do(work)


def test_of_tables_that_nobody_measured_the_index_on_units_is_read(
    importer: Importer, events: list[UUID]
) -> None:
    def work(session: Session) -> str:
        known = "SELECT count(*) FROM pg_stats WHERE tablename = ANY(:tables)"
        assert session.scalar(text(known), {"tables": list(TABLES)}) == 0
        asked = {"events": events, "now": clock.now()}
        return "\n".join(session.scalars(text(f"EXPLAIN {overlaps.MET}"), asked))

    plan = importer.do(work)
    assert f"using {INDEX} on external_blocks x" in plan
    assert "BitmapAnd" not in plan
    assert "Seq Scan on external_" not in plan, "neither of the two is read as a whole for each event"


def test_the_overlaps_of_all_events_of_a_first_import_are_found_at_once(
    importer: Importer, events: list[UUID]
) -> None:
    def work(session: Session) -> tuple[int, float]:
        began = perf_counter()
        found = overlaps.of_events(session, events, clock.now())
        return len(found), perf_counter() - began

    found, took = importer.do(work)
    assert found == (BESIDE - 1) * LINKS // BESIDE
    assert took < 40, "it takes a second or two; minutes, where each event is compared with all"
