"""What the demo makes: a house and a hostel, whatever was there before, and what it links."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from connectors.sandbox import harbour
from hub import clock
from hub.database import Actor, vault_of
from hub.models.links import Connection, Link
from hub.models.properties import Property, Unit
from hub.services import properties
from sync.runtime import Runtime
from tests import factories
from tests.workers.conftest import Run
from workers import demo, demo_hostel

FEEDS = "http://127.0.0.1:8099"
LINKS = len(demo.EVERY_CHANNEL) + len(harbour.CALENDARS)


@pytest.fixture
def organization_id(runtime: Runtime) -> UUID:
    return factories.an_organization(runtime.database, name="Casa Azul").organization_id


@pytest.fixture
def playing(runtime: Runtime) -> Runtime:
    settings = runtime.settings.model_copy(update={"demo_feeds_url": FEEDS})
    return Runtime(settings, runtime.database, runtime.network)


def links(runtime: Runtime, organization_id: UUID) -> int:
    with runtime.database.unit_of_work(organization_id) as session:
        return session.scalar(select(func.count()).select_from(Link)) or 0


def test_the_demo_has_more_than_a_hundred_links_each_to_its_unit(
    playing: Runtime, organization_id: UUID
) -> None:
    assert demo.seed(playing, organization_id) == ["Casa Demo", "Harbour Hostel"]

    assert links(playing, organization_id) == LINKS > 100
    with playing.database.unit_of_work(organization_id) as session:
        found = session.execute(
            select(Unit.name, Connection.name.label("channel"), Link)
            .join(Link, Link.unit_id == Unit.id)
            .join(Connection, Connection.id == Link.connection_id)
            .join(Property, Property.id == Link.property_id)
            .where(Property.slug == demo_hostel.SLUG)
        ).all()
        sealed = {row.name: vault_of(session).open(row.Link.settings_sealed) for row in found}
    assert sealed["Bunk 7"] == {"url": f"{FEEDS}/harbour-bunk-7.ics"}
    assert {url["url"] for url in sealed.values()} == {f"{FEEDS}/{name}.ics" for name in harbour.CALENDARS}
    assert {(row.Link.direction, row.Link.interval_seconds) for row in found} == {("two_way", 900)}
    assert {row.channel for row in found} == {
        f"Harbour {title}" for title in ("Booking.com", "Hostaway", "TripAdvisor", "Vrbo")
    }


def test_the_hostels_first_pulls_are_spread_and_the_house_is_due_at_once(
    playing: Runtime, organization_id: UUID
) -> None:
    demo.seed(playing, organization_id)

    now = clock.now()
    with playing.database.unit_of_work(organization_id) as session:
        due = sorted(session.scalars(select(Link.next_pull_at)))
    assert sum(at <= now for at in due) == len(demo.EVERY_CHANNEL)
    assert all(two - one < timedelta(seconds=12) for one, two in pairwise(due[6:]))
    assert due[-1] - now <= timedelta(seconds=demo_hostel.PULL_EVERY)
    assert due[-1] - due[6] > timedelta(seconds=demo_hostel.PULL_EVERY * 0.9)


def test_a_demo_from_before_the_hostel_gets_it_and_keeps_its_own(
    playing: Runtime, organization_id: UUID
) -> None:
    assert demo.seed_house(playing, organization_id, FEEDS)

    assert demo.seed(playing, organization_id) == ["Harbour Hostel"]
    assert demo.seed(playing, organization_id) == []
    assert links(playing, organization_id) == LINKS


def test_a_slug_that_somebody_else_has_stops_no_start(playing: Runtime, organization_id: UUID) -> None:
    other = factories.an_organization(playing.database, name="Elsewhere").organization_id
    playing.database.transact(
        other, lambda session: properties.create(session, demo_hostel.PROPERTY), Actor("command")
    )

    assert demo.seed(playing, organization_id) == ["Casa Demo", "Harbour Hostel"]

    assert demo.seed(playing, organization_id) == []


def test_seeding_the_hostel_costs_a_few_statements_a_link(playing: Runtime, organization_id: UUID) -> None:
    said: list[str] = []
    with playing.database.unit_of_work(organization_id) as session:
        engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))

    demo_hostel.seed(playing, organization_id, FEEDS)

    assert len(said) < 10 * len(harbour.CALENDARS)


def test_the_command_says_what_it_made(runtime: Runtime, organization_id: UUID, hub: Run) -> None:
    first, again = hub("seed", "--demo"), hub("seed", "--demo")

    assert first.out == "Made: Casa Demo and Harbour Hostel; the channels play from the next `hub up` on.\n"
    assert again.out == "It was there before.\n"
