"""A person's word on events in a calendar that is synced event by event: agreed to, ignored, counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from connectors.contract import AllDay
from hub import clock
from hub.queries import links as query
from tests.api.houses import House, check_problem
from tests.api.linked import pulled
from tests.api.synced import event, item, row, synced
from tests.connectors.sandbox.playing import SandboxHarness, playing


@pytest.fixture
def calendars() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


def test_an_ignored_event_takes_nothing_and_blocks_again_when_it_counts(house: House) -> None:
    first = clock.today("Europe/Madrid") + timedelta(days=10)
    with playing() as calendars:
        calendars.person.add(AllDay(first, first + timedelta(days=2)), "Fire drill")
        made = synced(house, calendars)
        pulled(house, made)
        (told,) = house.get(f"/links/{made['id']}/events").json()["items"]
        booking = house.stay(10, 12, unit_id=house.rooms[0])
        assert house.post("/bookings", booking).status_code == 409

        ignored = house.post(f"/links/{made['id']}/events/{told['id']}/ignore").json()
        pulled(house, made)

        assert (ignored["summary"], ignored["first"]) == ("Fire drill", str(first))
        assert house.get(f"/links/{made['id']}/events").json()["items"] == []
        assert house.post("/bookings", booking).status_code == 201

        house.post(f"/links/{made['id']}/events/{ignored['id']}/ignore", {"ignored": False})
        pulled(house, made)
        (again,) = house.get(f"/links/{made['id']}/events").json()["items"]
        assert again["summary"] == "Fire drill"
        assert house.get("/conflicts", state="open").json()["items"]


def test_what_was_deleted_there_is_agreed_to(house: House, calendars: SandboxHarness) -> None:
    made = synced(house, calendars)
    path = f"/links/{made['id']}/accept-guard"
    check_problem(house.post(path, {"action": "release"}), 409, "nothing_waits")
    gone = {"remote_state": "deleted", "gone_at": clock.now()}
    ours, theirs = item(house, made, **gone), item(house, made, origin="remote", **gone)
    stays = item(house, made)
    guard = {"tripped": True, "why": "2 events were deleted at once"}
    house.work(lambda session: query.note(session, UUID(made["id"]), guard=guard, state="guarded"))
    told = event(house, made, theirs)

    check_problem(house.post(path, {"action": "keep"}), 422, "restore_there", "action")
    unknown = house.post(path, {"action": "release", "event_ids": [str(ours)]})
    check_problem(unknown, 422, "not_waiting", "event_ids")
    first = house.post(path, {"action": "release", "event_ids": [told]}).json()
    assert (first["state"], row(house, theirs).gone_agreed, row(house, ours).gone_agreed) == (
        "guarded",
        True,
        False,
    )
    rest = house.post(path, {"action": "release"}).json()
    assert (rest["state"], rest["guard"]) == ("active", None)
    assert (row(house, ours).gone_agreed, row(house, ours).touched) == (True, True)
    assert row(house, stays).gone_agreed is False


def test_an_event_of_others_takes_nothing_until_it_counts_again(
    house: House, calendars: SandboxHarness
) -> None:
    made = synced(house, calendars)
    theirs = item(house, made, origin="remote")
    told = event(house, made, theirs)
    path = f"/links/{made['id']}/events"

    ignored = house.post(f"{path}/{told}/ignore")

    assert ignored.status_code == 200, ignored.text
    assert (ignored.json()["id"], ignored.json()["ignored"]) == (str(theirs), True)
    assert (row(house, theirs).hidden, row(house, theirs).touched) == (True, True)
    assert house.work(lambda session: query.one(session, UUID(made["id"]))).dirty_seq == 1
    assert [one["id"] for one in house.get(f"/links/{made['id']}/ignored").json()["items"]] == [str(theirs)]

    house.colleague("staff").post(f"{path}/{theirs}/ignore", {"ignored": False})

    assert row(house, theirs).hidden is False
    assert house.get(f"/links/{made['id']}/ignored").json()["items"] == []


def test_an_event_of_ours_is_not_ignored(house: House, calendars: SandboxHarness) -> None:
    made = synced(house, calendars)
    path = f"/links/{made['id']}/events"

    check_problem(house.post(f"{path}/{item(house, made)}/ignore"), 404, "not_found")
    check_problem(house.post(f"{path}/{house.rooms[0]}/ignore"), 404, "not_found")
