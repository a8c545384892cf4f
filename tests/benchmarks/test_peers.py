"""The bare peers of the benchmarks write what the hub reads: their SQL follows the schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest

from benchmarks import availability as benchmark
from benchmarks import bookings
from hub import clock
from hub.database import Database
from hub.domain.periods import Nights
from hub.services import availability
from tests import factories, servers


@pytest.fixture
def hub(own_database: servers.Database) -> Iterator[Database]:
    opened = Database(own_database.app_url, factories.a_vault())
    yield opened
    opened.dispose()


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_what_the_bare_peer_books_is_taken_for_the_hub_and_for_itself(
    hub: Database, own_database: servers.Database
) -> None:
    organization_id = factories.an_organization(hub).organization_id
    house = bookings.furnish(hub, organization_id)
    first = clock.now().date() + timedelta(days=2)
    stay = bookings.Stay(house.hot, Nights(first, first + timedelta(days=2)))

    with psycopg.connect(plain(own_database.owner_url)) as connection:
        assert bookings.book(connection, house, stay)
        assert not bookings.book(connection, house, stay)

    with hub.unit_of_work(organization_id) as session:
        (found,) = availability.of_property(
            session, house.property_id, stay.nights, 2, house.hot.unit_type_id
        )
    assert found.free == 0


def test_what_is_loaded_is_in_the_calendar_and_the_bare_query_finds_as_much(
    hub: Database, own_database: servers.Database
) -> None:
    with psycopg.connect(plain(own_database.superuser_url)) as connection:
        if connection.info.server_version < 180000:
            pytest.skip("NOT TESTED HERE: benchmarks run on PostgreSQL 18, which makes UUIDs of version 7")
    organization_id = factories.an_organization(hub).organization_id
    property_id, _, unit_ids, _ = benchmark.furnish(hub, organization_id)
    first = date(2027, 3, 1)
    number = 2 * benchmark.UNITS  # of each unit the first and the third night

    benchmark.load(plain(own_database.superuser_url), organization_id, property_id, first, number)

    after = first + timedelta(days=10)
    with hub.unit_of_work(organization_id) as session:
        calendar = availability.calendar(session, property_id, first, after)
    assert len(calendar) == benchmark.UNITS
    assert {len(one.busy) for one in calendar} == {2}
    with psycopg.connect(plain(own_database.owner_url)) as connection:
        assert benchmark.fetch(connection, unit_ids, first, after) == number
