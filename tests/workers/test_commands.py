"""The command line: what it does, what it prints, and how it refuses."""

from __future__ import annotations

import json
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sandbox import calendar_service, samples
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.zoo import Zoo
from hub import clock
from hub.domain.periods import Nights
from hub.models.links import Connection, Link
from hub.models.properties import Unit
from hub.services import bookings, sign_in
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from sync.runtime import Runtime
from tests import factories
from tests.fakes.feed_server import FeedServer
from tests.workers.conftest import Run
from workers import beginnings, demo


@pytest.fixture
def house(runtime: Runtime, remote: FeedServer) -> UUID:
    """An organization with the demo's house in it, its channels played by `remote`: each has one stay."""
    organization_id = factories.an_organization(runtime.database, name="Casa Azul").organization_id
    assert demo.seed_house(runtime, organization_id, remote.url(""))
    for channel in demo.CHANNELS:
        remote.answer(f"/{channel.calendar}.ics", body=feed(10, 12))
    remote.answer(f"/agendas/{demo.CALENDAR.calendar}/changes", body=agenda(10, 12))
    return organization_id


def agenda(first: int, after: int) -> bytes:
    """The same in a calendar that is synced event by event."""
    today: date = clock.today("Europe/Lisbon")
    entry = {
        "name": "painters",
        "version": 1,
        "removed": False,
        "edited": f"{today:%Y-%m-%d}T00:00:00+00:00",
        "span": {"days": [str(today + timedelta(days=first)), str(today + timedelta(days=after))]},
        "title": "Painters",
    }
    return json.dumps({"entries": [entry], "more": None, "upto": 1}).encode()


def feed(first: int, after: int, summary: str = "Reserved") -> bytes:
    """One stay, in days from today."""
    today: date = clock.today("Europe/Lisbon")
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//tests//EN",
        "BEGIN:VEVENT",
        f"UID:{summary}@tests",
        f"DTSTAMP:{today:%Y%m%d}T000000Z",
        f"DTSTART;VALUE=DATE:{today + timedelta(days=first):%Y%m%d}",
        f"DTEND;VALUE=DATE:{today + timedelta(days=after):%Y%m%d}",
        f"SUMMARY:{summary}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


def booked(runtime: Runtime, organization_id: UUID, unit: str) -> str:
    """The reference of a booking of the nights that the channels' stays take too."""
    today = clock.today("Europe/Lisbon")
    nights = Nights(today + timedelta(days=10), today + timedelta(days=11))

    def work(session: Session) -> str:
        row = session.scalars(select(Unit).where(Unit.name == unit)).one()
        request = BookingRequest(row.property_id, (ItemRequest(nights, row.id),), 1, None)
        return bookings.book(session, request, "hub.example").booking.reference

    return runtime.database.transact(organization_id, work)


def link_ids(runtime: Runtime, organization_id: UUID) -> list[UUID]:
    with runtime.database.unit_of_work(organization_id) as session:
        return list(session.scalars(select(Link.id).order_by(Link.id)))


def test_the_house_is_seeded_once(runtime: Runtime, house: UUID, remote: FeedServer) -> None:
    assert not demo.seed_house(runtime, house, remote.url(""))
    with runtime.database.unit_of_work(house) as session:
        names = set(session.scalars(select(Unit.name)))
    assert {"Bed 6", "Room 1", "Villa", "Car 1"} <= names
    assert len(link_ids(runtime, house)) == len(demo.EVERY_CHANNEL)


def test_one_channel_of_the_demo_is_synced_both_ways_event_by_event(runtime: Runtime, house: UUID) -> None:
    with runtime.database.unit_of_work(house) as session:
        found = session.execute(
            select(Link.direction, Unit.name, Connection.connector, Connection.name)
            .join(Unit, Unit.id == Link.unit_id)
            .join(Connection, Connection.id == Link.connection_id)
            .where(Link.calendar_key.is_not(None))
        ).all()
    assert [tuple(row) for row in found] == [("two_way", "Room 3", "sandbox", demo.CALENDAR.name)]


def test_what_the_demo_links_is_what_its_server_has() -> None:
    server = SandboxServer(0, Zoo((), samples.ZONE))
    server.server_close()
    assert demo.CALENDAR.calendar in server.calendars.agendas
    assert server.calendars.keys == {calendar_service.DEMO_KEY: "demo"}


def test_seeding_asks_what_to_seed(hub: Run) -> None:
    refused = hub("seed")
    assert refused.code == 1
    assert "--demo" in refused.err


def test_links_are_listed_with_their_state(house: UUID, hub: Run) -> None:
    listed = hub("link", "list", "--json").json
    assert [row["channel"] for row in listed] == [channel.name for channel in demo.EVERY_CHANNEL]
    assert {row["state"] for row in listed} == {"active"}
    assert "Room 1, Casa Demo" in hub("link", "list").out


def test_a_preview_shows_what_would_come_and_saves_nothing(
    runtime: Runtime, house: UUID, hub: Run, remote: FeedServer
) -> None:
    remote.answer("/new.ics", body=feed(3, 5, "Reserved - Ines"))
    shown = hub("link", "preview", remote.url("/new.ics"), "--unit", "Room 3", "--json")
    (event,) = shown.json["events"]
    assert event["summary"] == "Reserved - Ines"
    assert event["units"] == ["Room 3"]
    assert event["clashes"] == []
    assert "Reserved - Ines" in hub("link", "preview", remote.url("/new.ics")).out
    assert len(link_ids(runtime, house)) == len(demo.EVERY_CHANNEL)


def test_a_preview_of_what_is_no_calendar_fails_with_the_reason(
    house: UUID, hub: Run, remote: FeedServer
) -> None:
    remote.answer("/page.html", body=b"<html></html>")
    refused = hub("link", "preview", remote.url("/page.html"))
    assert refused.code == 1
    assert "not a calendar" in refused.err
    assert "Traceback" not in refused.err


def test_a_preview_for_an_unknown_unit_names_the_option(house: UUID, hub: Run, remote: FeedServer) -> None:
    refused = hub("link", "preview", remote.url("/airbnb.ics"), "--unit", "Room 99")
    assert (refused.code, refused.err) == (1, "hub: --unit: there is no unit Room 99\n")


def test_a_dry_run_changes_nothing(runtime: Runtime, house: UUID, hub: Run) -> None:
    shown = hub("sync", "--all", "--dry-run", "--json").json
    assert all(len(row["events"]) == 1 for row in shown)
    assert hub("runs", "--json").json == []
    assert {row["verified_at"] for row in hub("link", "list", "--json").json} == {None}


def test_what_was_sold_and_comes_from_a_channel_too_is_a_clash_and_then_a_conflict(
    runtime: Runtime, house: UUID, hub: Run
) -> None:
    assert hub("conflicts").out == "There are no open conflicts.\n"
    reference = booked(runtime, house, "Room 1")
    clashes = [
        event["clashes"]
        for row in hub("sync", "--all", "--dry-run", "--json").json
        for event in row["events"]
    ]
    assert any("Room 1: a booking" in words for event in clashes for words in event)
    assert hub("sync", "--all").code == 0
    conflicts = hub("conflicts", "--json").json
    with_ours = [row for row in conflicts if "reference" in row["local"]]
    assert {(row["state"], row["local"]["reference"]) for row in with_ours} == {("open", reference)}
    assert reference in hub("conflicts").out


def test_a_person_is_added_with_a_password_from_standard_input(
    runtime: Runtime, house: UUID, hub: Run
) -> None:
    email = factories.an_email()
    added = hub("user", "add", email, "--role", "manager", "--password-stdin", given="long enough for us\n")
    assert (added.code, added.out) == (0, f"{email} may sign in as manager.\n")
    assert sign_in.login(runtime.database, email, "long enough for us").role == "manager"


def test_without_a_terminal_a_password_is_made_up_and_shown_once(
    runtime: Runtime, house: UUID, hub: Run
) -> None:
    email = factories.an_email()
    shown = hub("user", "add", email, "--json").json
    assert sign_in.login(runtime.database, email, shown["generated_password"]).role == "staff"


def test_who_has_an_account_keeps_its_password(runtime: Runtime, house: UUID, hub: Run) -> None:
    email = factories.an_email()
    hub("user", "add", email, "--password-stdin", given="long enough for us\n")
    added = hub("user", "add", email, "--new-organization", "Casa Roja", "--json").json
    assert added["generated_password"] is None
    assert added["role"] == "admin"
    assert added["organization_id"] != str(house)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nonsense",), "email"),
        (("new@example.com", "--role", "king"), "role"),
        (("new@example.com", "--password-stdin"), "password"),
        (("new@example.com", "--organization", "Nobody's"), "there is no organization Nobody's"),
    ],
)
def test_refusals_name_what_is_wrong(house: UUID, hub: Run, arguments: tuple[str, ...], words: str) -> None:
    refused = hub("user", "add", *arguments, given="short\n")
    assert refused.code == 1
    assert words in refused.err
    assert refused.err.startswith("hub: ")
    assert len(refused.err.splitlines()) == 1


def test_with_several_organizations_one_must_be_named(runtime: Runtime, house: UUID, hub: Run) -> None:
    factories.an_organization(runtime.database, name="Casa Roja")
    assert "say which" in hub("link", "list").err
    assert hub("link", "list", "--organization", "Casa Roja").out == "There are no links.\n"
    assert hub("link", "list", "--organization", str(house)).code == 0


def test_an_empty_hub_says_what_to_do(hub: Run) -> None:
    refused = hub("link", "list")
    assert refused.code == 1
    assert "hub up" in refused.err


def test_migrating_twice_does_nothing(hub: Run) -> None:
    assert hub("migrate").code == 0
    assert hub("migrate").out == "The schema is up to date.\n"


def test_a_wrong_setting_is_named(hub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_WORKER_CONCURRENCY", "many")
    refused = hub("link", "list")
    assert refused.code == 1
    assert refused.err.startswith("hub: HUB_WORKER_CONCURRENCY: ")
    monkeypatch.delenv("HUB_WORKER_CONCURRENCY")
    monkeypatch.setenv("HUB_TRUSTED_PROXIES", "proxy")
    assert hub("link", "list").err.startswith("hub: HUB_TRUSTED_PROXIES: 'proxy' does not")


def test_a_database_that_does_not_answer_is_said_in_one_sentence(
    hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://hub:secret@127.0.0.1:1/hub")
    refused = hub("runs")
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert "HUB_DATABASE_URL" in refused.err
    assert "secret" not in refused.err


def test_the_first_admin_is_made_once(runtime: Runtime) -> None:
    admin = beginnings.first_admin(runtime)
    assert admin is not None
    assert admin.generated_password is not None
    signed_in = sign_in.login(runtime.database, admin.email, admin.generated_password)
    assert signed_in.role == "admin"
    assert beginnings.first_admin(runtime) is None
