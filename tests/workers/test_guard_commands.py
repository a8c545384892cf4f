"""A person's word on links, from a terminal: what waits, releasing and keeping it, pausing and resuming."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub import clock
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.properties import Unit
from hub.models.records import Change
from sync.pull import pull
from sync.runtime import Runtime
from tests import factories
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import calendar, nights
from tests.workers.conftest import Run
from workers import choosing, demo

FEED = "/booking.ics"
CALENDAR = "Sample Booking.com, Room 2, Casa Demo"


@pytest.fixture
def house(runtime: Runtime, remote: FeedServer) -> UUID:
    organization_id = factories.an_organization(runtime.database, name="Casa Azul").organization_id
    assert demo.seed_house(runtime, organization_id, remote.url(""))
    return organization_id


@pytest.fixture
def link(runtime: Runtime, house: UUID, remote: FeedServer) -> UUID:
    """Of four stays its calendar tells none any more."""
    with runtime.database.unit_of_work(house) as session:
        of_room = select(Link.id).join(Unit, Unit.id == Link.unit_id).where(Unit.name == "Room 2")
        found: UUID = session.scalars(of_room).one()
    stays = [nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in range(4)]
    for events in (stays, []):
        remote.answer(FEED, body=calendar(*events))
        assert pull(runtime, house, found).state == "changed"
    return found


def day(after: int) -> date:
    today: date = clock.today("Europe/Lisbon")
    return today + timedelta(days=after)


def events(runtime: Runtime, house: UUID, link: UUID) -> list[ExternalEvent]:
    statement = select(ExternalEvent).where(ExternalEvent.link_id == link).order_by(ExternalEvent.starts_at)
    with runtime.database.unit_of_work(house) as session:
        return list(session.scalars(statement))


def test_what_waits_is_listed_with_why_and_when_it_is_free(hub: Run, link: UUID) -> None:
    listed = hub("link", "guarded")

    assert listed.code == 0
    (row,) = (line for line in listed.out.splitlines() if line.startswith(choosing.ending(link)))
    assert CALENDAR in row
    assert "1 of 3" in row
    assert "hub link release LINK" in listed.out
    (plain,) = hub("link", "guarded", "--json").json
    assert (plain["link_id"], plain["state"], len(plain["events"])) == (str(link), "guarded", 4)
    assert [way["action"] for way in plain["ways"]] == ["release", "keep"]


def test_of_one_link_each_event_is_listed(runtime: Runtime, house: UUID, hub: Run, link: UUID) -> None:
    shown = hub("link", "guarded", str(link)[-6:]).out

    assert "the calendar is empty although 4 stays were held" in shown
    for event in events(runtime, house, link):
        assert f"{choosing.ending(event.id)}  {event.first} to {event.after}  Room 2" in shown
    assert "keep: it stays taken until the channel tells it again" in shown


def test_one_event_is_released_and_the_rest_is_kept(
    runtime: Runtime, house: UUID, hub: Run, link: UUID
) -> None:
    one, *others = events(runtime, house, link)

    released = hub("link", "release", choosing.ending(link), "--event", choosing.ending(one.id))
    assert (released.code, released.out[: len(CALENDAR) + 9]) == (0, f"{CALENDAR}: guarded")
    kept = hub("link", "keep", choosing.ending(link))
    assert (kept.code, kept.out) == (0, f"{CALENDAR}: in order\n")
    shown = hub("link", "guarded", str(link)).out
    assert [f"kept: {choosing.ending(event.id)}" in shown for event in (one, *others)] == [
        False,
        True,
        True,
        True,
    ]
    assert "3 were kept: name what of it is meant" in hub("link", "release", str(link)).err

    left = events(runtime, house, link)
    assert [event.id for event in left] == [event.id for event in others]
    assert all(event.kept_at and not event.missing_since for event in left)
    assert hub("link", "guarded").out == "Nothing waits to be freed.\n"
    with runtime.database.unit_of_work(house) as session:
        by_hand = select(Change.action).where(Change.actor_kind == "command", Change.run_id.is_(None))
        said = session.scalars(by_hand.where(Change.entity == "external_event")).all()
    assert sorted(said) == ["kept", "kept", "kept", "released"]


def test_all_of_it_is_released_at_once(runtime: Runtime, house: UUID, hub: Run, link: UUID) -> None:
    assert hub("link", "release", str(link)).code == 0
    assert events(runtime, house, link) == []

    again = hub("link", "release", str(link))
    assert (again.code, again.err) == (1, "hub: nothing on this link waits to be freed\n")


def test_a_link_is_paused_and_resumed_and_a_guarded_one_stays_guarded(hub: Run, link: UUID) -> None:
    paused = hub("link", "pause", choosing.ending(link)).out
    assert paused.startswith(f"{CALENDAR}: paused (by hand): its calendar is not read")
    assert "not while it is not read" in hub("link", "guarded").out
    assert [row["id"] for row in hub("link", "list", "--state", "paused", "--json").json] == [str(link)]

    resumed = hub("link", "resume", choosing.ending(link)).out

    assert resumed.startswith(f"{CALENDAR}: guarded")
    (row,) = hub("link", "list", "--state", "guarded", "--json").json
    assert row["to_do"].startswith("release it if that is right, keep it if it is not")
    assert hub("link", "list", "--state", "paused").out == "No link is paused.\n"


@pytest.mark.parametrize("given", ["zzzz", "abc", "", "0" * 33, "%", "____"])
def test_what_is_no_id_is_refused(hub: Run, house: UUID, given: str) -> None:
    refused = hub("link", "pause", given)

    assert (refused.code, refused.out) == (1, "")
    assert "give an id, or at least the last 4 characters of one" in refused.err


def test_an_ending_that_several_have_or_none_is_refused(
    runtime: Runtime, house: UUID, hub: Run, link: UUID
) -> None:
    with runtime.database.unit_of_work(house) as session:
        twin = session.scalars(select(Link.id).where(Link.id != link).limit(1)).one()
    assert hub("link", "pause", twin.hex[:12] + link.hex[12:]).code == 1

    absent = hub("link", "pause", "f" * 32)
    assert (absent.code, absent.err) == (1, f"hub: LINK: there is no link {'f' * 32}\n")
