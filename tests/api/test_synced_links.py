"""Links to calendars that are synced event by event: made, changed, emptied, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import clock
from hub.models.sync import SyncItem
from hub.queries import links as query
from sync.relay import relay
from tests.api.houses import House, check_problem
from tests.api.linked import pulled
from tests.api.synced import account, body, item, op, row, synced
from tests.connectors.sandbox.playing import SandboxHarness, playing
from tests.fakes.faulty_proxy import Answer, Passed


@pytest.fixture(scope="module")
def service() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


@pytest.fixture
def calendars(service: SandboxHarness) -> SandboxHarness:
    service.heal()
    return service


def link_of(house: House, link: dict[str, Any]) -> Any:
    return house.work(lambda session: query.one(session, UUID(link["id"])))


@pytest.mark.parametrize("direction", ["import", "export", "two_way"])
def test_a_calendar_is_linked_in_any_direction_and_polled(
    house: House, calendars: SandboxHarness, direction: str
) -> None:
    made = synced(house, calendars, direction=direction)

    assert (made["by_event"], made["synced"], made["waiting"], made["reviews"]) == (True, True, 0, 0)
    assert made["feed_url"] is None
    assert made["next_pull_at"] is not None
    kept = link_of(house, made)
    assert (kept.host, kept.returns_ours, kept.polled) == ("", False, True)
    check_problem(house.post(f"/links/{made['id']}/rotate-feed"), 409, "no_feed")
    assert house.post(f"/links/{made['id']}/sync").status_code == 202


def test_a_link_of_a_feed_is_none_of_these(house: House) -> None:
    connection = house.post("/connections", {"connector": "ical", "name": "Seaside"}).json()["id"]
    feed = {"connection_id": connection, "unit_id": house.rooms[0], "direction": "export"}

    made = house.post("/links", feed).json()

    assert (made["by_event"], made["synced"], made["next_pull_at"]) == (False, None, None)
    assert made["feed_url"]


@pytest.mark.parametrize("direction", ["import", "export"])
def test_a_calendar_that_is_not_there_is_not_linked(
    house: House, calendars: SandboxHarness, direction: str
) -> None:
    unknown = body(house, calendars, direction=direction, settings={"calendar": "agenda-999"})

    answer = house.post("/links", unknown)

    assert answer.status_code == 422, answer.text
    assert house.get("/links").json()["items"] == []


def test_a_calendar_that_may_only_be_read_is_not_linked_to_be_written(
    house: House, calendars: SandboxHarness
) -> None:
    service = calendars.service
    service.agendas["boats"] = replace(calendars.agenda, name="boats", owner="bob", readers={"ada": False})
    boats = {"settings": {"calendar": "boats"}}

    for direction in ("two_way", "export"):
        answer = house.post("/links", body(house, calendars, direction=direction, **boats))
        check_problem(answer, 422, "read_only", "direction")

    assert synced(house, calendars, direction="import", **boats)["by_event"] is True


def test_a_calendar_has_one_link_in_an_organization(
    house: House, neighbours: House, calendars: SandboxHarness
) -> None:
    made = synced(house, calendars)

    again = house.post("/links", body(house, calendars, unit_id=house.rooms[1]))

    said = check_problem(again, 409, "calendar_linked", "settings")
    assert said["errors"][0]["link_id"] == made["id"]
    assert synced(neighbours, calendars)["by_event"] is True


def test_looks_may_change_and_the_calendar_only_while_nothing_is_known_of_it(
    house: House, calendars: SandboxHarness
) -> None:
    made = synced(house, calendars)
    path, own = f"/links/{made['id']}", {"calendar": calendars.agenda.name}
    other = calendars.other.model_dump(include={"calendar"})
    house.work(lambda session: query.note(session, UUID(made["id"]), cursor={"upto": "1"}, state="lost"))

    told = house.ask("PATCH", path, json={"settings": own | {"tells": "busy", "turnaround": True}})

    assert (told.status_code, told.json()["state"]) == (200, "active")
    kept = link_of(house, made)
    assert (kept.cursor, kept.scan_at) == ({"upto": "1"}, None)
    assert house.ask("PATCH", path, json={"settings": other}).status_code == 200
    assert link_of(house, made).cursor is None
    item(house, made)
    back = house.ask("PATCH", path, json={"settings": own})
    check_problem(back, 422, "other_calendar", "settings")
    assert house.ask("PATCH", path, json={"settings": other | {"tells": "guest"}}).status_code == 200


def test_a_link_tells_how_it_stands(house: House, calendars: SandboxHarness) -> None:
    made = synced(house, calendars)
    shown = item(house, made, review=True)
    op(house, made, shown)
    house.work(lambda session: query.note(session, UUID(made["id"]), dirty_seq=3, rests_until=clock.now()))

    told = house.get(f"/links/{made['id']}").json()

    assert (told["waiting"], told["reviews"], told["synced"]) == (1, 1, False)
    assert told["rests_until"] is not None
    assert house.get("/links").json()["items"] == [told]


def test_a_link_that_shows_nothing_of_ours_is_removed_at_once(
    house: House, calendars: SandboxHarness
) -> None:
    made = synced(house, calendars)
    item(house, made, origin="remote")

    assert house.ask("DELETE", f"/links/{made['id']}").status_code == 204


@pytest.mark.parametrize("written", [True, False])
def test_what_becomes_of_our_events_is_said_by_whoever_removes_the_link(
    house: House, calendars: SandboxHarness, written: bool
) -> None:
    made = synced(house, calendars)
    shown = item(house, made, **({} if written else {"remote_state": "none", "remote": None}))
    if not written:
        op(house, made, shown)
    path = f"/links/{made['id']}"

    check_problem(house.ask("DELETE", path), 409, "still_shown")
    check_problem(house.ask("DELETE", path, params={"events": "burn"}), 422, "enum", "events")
    assert house.ask("DELETE", path, params={"events": "keep"}).status_code == 204
    check_problem(house.get(path), 404, "not_found")


def test_our_events_go_first_and_then_the_link(house: House, calendars: SandboxHarness) -> None:
    made = synced(house, calendars)
    ours, theirs = item(house, made), item(house, made, origin="remote")
    path = f"/links/{made['id']}"

    for _ in range(2):
        begun = house.ask("DELETE", path, params={"events": "remove"})
        assert begun.status_code == 202, begun.text
        told = begun.json()
        assert (told["id"], told["emptying"], told["synced"]) == (made["id"], True, False)
        assert "once more" in told["state_reason"]
    assert (row(house, ours).hidden, row(house, ours).touched) == (False, True)
    assert row(house, theirs).touched is False
    check_problem(house.ask("DELETE", path), 409, "emptying")

    house.work(lambda session: _gone(session, ours, house))
    assert house.ask("DELETE", path).status_code == 204


def _gone(session: Session, item_id: UUID, house: House) -> None:
    session.get_one(SyncItem, (house.organization_id, item_id)).remote_state = "deleted"


def test_a_calendar_is_emptied_by_the_next_pass_and_shows_nothing_new(house: House) -> None:
    with playing() as calendars:
        house.book(10, 12)
        made = synced(house, calendars, property_id=house.property_id)
        pulled(house, made)
        assert len(living(calendars)) == 1
        path = f"/links/{made['id']}"

        assert house.ask("DELETE", path, params={"events": "remove"}).status_code == 202
        house.book(20, 22)
        relay(house.runtime)
        pulled(house, made)

        assert living(calendars) == []
        assert house.ask("DELETE", path).status_code == 204


@pytest.mark.parametrize("passed", [True, False], ids=["emptied", "not_yet"])
def test_a_link_that_is_resumed_shows_again_what_was_to_be_removed(house: House, passed: bool) -> None:
    """But for what somebody hid before, and with nobody asked why the events were gone."""
    with playing() as calendars:
        shown, hidden = house.book(10, 12), house.book(20, 22)
        made = synced(house, calendars, property_id=house.property_id)
        pulled(house, made)
        path = f"/links/{made['id']}"
        house.post(f"/bookings/{hidden['id']}/channels/{made['id']}/remove")
        pulled(house, made)
        assert len(living(calendars)) == 1
        assert house.ask("DELETE", path, params={"events": "remove"}).status_code == 202
        if passed:
            pulled(house, made)
            assert living(calendars) == []

        told = house.post(f"{path}/resume").json()
        pulled(house, made)

        assert (told["emptying"], told["state"], told["state_reason"]) == (False, "active", None)
        assert len(living(calendars)) == 1
        assert [standing(house, one) for one in (shown, hidden)] == [[("synced", False)], [("hidden", False)]]
        assert house.get("/conflicts").json()["items"] == []
        check_problem(house.ask("DELETE", path), 409, "still_shown")


def test_a_link_that_is_resumed_while_a_deletion_is_on_its_way_asks_nobody_about_it(house: House) -> None:
    with playing() as calendars:
        booked = house.book(10, 12)
        made = synced(house, calendars, property_id=house.property_id)
        pulled(house, made)
        path = f"/links/{made['id']}"
        assert house.ask("DELETE", path, params={"events": "remove"}).status_code == 202
        calendars.proxy.trouble = _deletions_are_not_answered
        assert pulled(house, made).state == "failed"
        calendars.heal()
        assert living(calendars) == []

        house.post(f"{path}/resume")
        pulled(house, made)

        assert len(living(calendars)) == 1
        assert standing(house, booked) == [("synced", False)]
        assert {one["state"] for one in house.get("/conflicts").json()["items"]} <= {"closed"}


def standing(house: House, booked: dict[str, Any]) -> list[tuple[str, bool]]:
    """How its events stand, and whether somebody is asked about them."""
    found = house.get(f"/bookings/{booked['id']}/channels").json()
    return [(one["state"], one["review"]) for one in found["calendars"]]


def _deletions_are_not_answered(asked: Passed, remote: Callable[[], Answer]) -> Answer | None:
    answer = remote()
    return None if asked.method == "DELETE" else answer


def living(calendars: SandboxHarness) -> list[str]:
    """Events that are in the calendar, whosesoever."""
    page = calendars.connector.changes(calendars.settings, None, None, calendars.network)
    return [event.id for event in page.events if not event.deleted]


def test_a_link_that_rests_cannot_be_emptied(house: House, calendars: SandboxHarness) -> None:
    made = synced(house, calendars)
    item(house, made)
    path = f"/links/{made['id']}"
    assert house.post(f"{path}/pause").json()["state"] == "paused"

    check_problem(house.ask("DELETE", path, params={"events": "remove"}), 409, "not_active")

    assert house.post(f"{path}/resume").json()["state"] == "active"
    assert house.ask("DELETE", path, params={"events": "remove"}).status_code == 202


def test_new_settings_of_an_account_have_its_links_asked_afresh(
    house: House, calendars: SandboxHarness
) -> None:
    connection = account(house, calendars)
    made = synced(house, calendars, connection_id=connection["id"], direction="export")
    house.work(
        lambda session: query.note(session, UUID(made["id"]), state="needs_auth", cursor={"upto": "1"})
    )
    path = f"/connections/{connection['id']}"

    wrong = house.ask("PATCH", path, json={"settings": connection["settings"] | {"key": "wrong"}})
    assert wrong.status_code == 422, wrong.text
    right = house.ask("PATCH", path, json={"settings": connection["settings"]})
    assert right.status_code == 200, right.text

    kept = link_of(house, made)
    assert (kept.state, kept.cursor) == ("active", None)
