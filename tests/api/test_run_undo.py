"""POST sync-runs/{id}/undo: what it says, who may, and what it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from hub.ids import new_id
from sync.planning import guard
from tests import servers
from tests.api.houses import House, check_problem
from tests.api.linked import linked, pulled, says
from tests.api.machines import a_key, ask
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights
from tests.sync.rehearsed import untouched


@pytest.fixture
def link(house: House, channel: FeedServer) -> dict[str, Any]:
    """Its calendar had one stay when it was first read."""
    says(channel, nights("a", day(20), day(23), "Wilhelmina"))
    made = linked(house, channel)
    pulled(house, made)
    return made


@pytest.fixture
def came(house: House, channel: FeedServer, link: dict[str, Any]) -> str:
    """The address of the sync that brought another two."""
    says(
        channel,
        nights("a", day(20), day(23), "Wilhelmina"),
        nights("b", day(30), day(32)),
        nights("c", day(40), day(42)),
    )
    return f"/sync-runs/{pulled(house, link).run_id}/undo"


@pytest.fixture
def went(house: House, channel: FeedServer, link: dict[str, Any], clock: FrozenClock) -> str:
    """The address of the sync that freed the stay."""
    says(channel)
    for _ in range(6):
        outcome = pulled(house, link)
        if not house.get(f"/links/{link['id']}/events").json()["items"]:
            return f"/sync-runs/{outcome.run_id}/undo"
        clock.advance(guard.APART)
    raise AssertionError("it was never freed")


def events(house: House, link: dict[str, Any]) -> list[str]:
    found = house.get(f"/links/{link['id']}/events").json()["items"]
    return [event["first"] for event in found if event["standing"] != "ignored"]


def test_what_a_sync_brought_is_ignored(house: House, link: dict[str, Any], came: str) -> None:
    answer = house.post(came)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["headline"], told["dry_run"], told["more"]) == ("2 events ignored", False, 0)
    assert [(one["possible"], one["done"], one["left"]) for one in told["steps"]] == [(True, True, None)] * 2
    assert all(one["what"].startswith("came: ") and "Room 1" in one["what"] for one in told["steps"])
    assert "Wilhelmina" not in answer.text
    assert events(house, link) == [str(day(20))]
    (audit,) = house.get("/audit", entity="sync_run").json()["items"]
    assert (audit["action"], audit["actor"], audit["run_id"]) == ("undone", "member", None)


def test_a_dry_run_says_the_same_and_changes_no_row(
    house: House, came: str, database: servers.Database
) -> None:
    with untouched(database):
        planned = house.post(f"{came}?dry_run=true").json()

    done = house.post(came).json()
    assert (planned["dry_run"], planned["headline"]) == (True, done["headline"])
    assert [one["change_id"] for one in planned["steps"]] == [one["change_id"] for one in done["steps"]]
    assert {one["done"] for one in planned["steps"]} == {False}


def test_one_of_its_changes_alone_is_undone(house: House, link: dict[str, Any], came: str) -> None:
    steps = house.post(f"{came}?dry_run=true").json()["steps"]

    told = house.post(came, {"only": [steps[0]["change_id"]]}).json()

    assert (told["headline"], len(told["steps"])) == ("1 event ignored", 1)
    assert len(events(house, link)) == 2
    check_problem(house.post(came, {"only": [str(new_id())]}), 422, "unknown", "only")


def test_what_went_is_held_again_and_can_be_sold_by_nobody(house: House, went: str) -> None:
    told = house.post(went).json()

    assert told["headline"] == "3 nights held again"
    (closed,) = house.get("/blackouts").json()["items"]
    assert (closed["arrival"], closed["departure"]) == (str(day(20)), str(day(23)))
    sold = house.post("/bookings", house.stay(20, 23, unit_id=house.rooms[0], guest={"name": "Ada"}))
    check_problem(sold, 409, "sold_out", "items[0]")
    again = house.post(went).json()
    assert (again["headline"], again["steps"][0]["left"]["code"]) == ("1 left", "taken")


def test_what_was_sold_meanwhile_is_left_with_who_has_it(house: House, went: str) -> None:
    booked = house.book(20, 23, unit_id=house.rooms[0], guest={"name": "Ada"})

    (step,) = house.post(went).json()["steps"]

    assert step["left"] == {"code": "taken", "message": f"taken already, by booking {booked['reference']}"}
    assert (step["possible"], step["does"]) == (False, "")
    assert house.get("/blackouts").json()["items"] == []


def test_staff_and_keys_that_only_read_may_not(house: House, came: str) -> None:
    check_problem(house.colleague("staff").post(came), 403, "role")
    assert house.colleague("manager").post(f"{came}?dry_run=true").status_code == 200
    assert ask(house, a_key(house, "bookings").secret, "POST", came).status_code == 403


def test_a_key_undoes_only_what_it_may_do_elsewhere(house: House, went: str) -> None:
    """Holding nights again is a blackout, for which a key needs the scope `bookings`."""
    key = a_key(house, "sync").secret

    (planned,) = ask(house, key, "POST", f"{went}?dry_run=true").json()["steps"]
    (step,) = ask(house, key, "POST", went).json()["steps"]

    for one in (planned, step):
        assert (one["possible"], one["done"], one["left"]["code"]) == (False, False, "not_allowed")
    assert house.get("/blackouts").json()["items"] == []
    both = a_key(house, "sync", "bookings").secret
    assert ask(house, both, "POST", went).json()["headline"] == "3 nights held again"


def test_runs_that_cannot_be_undone_say_so(
    house: House, neighbours: House, channel: FeedServer, link: dict[str, Any], came: str
) -> None:
    queued = house.post(f"/links/{link['id']}/sync").json()
    many = house.post("/sync-runs", {"link_ids": [link["id"]]}).json()

    check_problem(house.post(f"/sync-runs/{queued['id']}/undo"), 409, "not_over")
    check_problem(house.post(f"/sync-runs/{many['id']}/undo"), 409, "of_many")
    check_problem(house.post(f"/sync-runs/{new_id()}/undo"), 404, "not_found")
    check_problem(neighbours.post(came), 404, "not_found")


def test_a_sync_that_changed_nothing_has_nothing_to_undo(
    house: House, channel: FeedServer, link: dict[str, Any]
) -> None:
    run = house.post(f"/links/{link['id']}/sync").json()
    pulled(house, link)

    told = house.post(f"/sync-runs/{run['id']}/undo").json()

    assert (told["headline"], told["steps"], told["note"]) == ("nothing to undo", [], None)
    assert house.get("/audit", entity="sync_run", entity_id=run["id"], action="undone").json()["items"] == []


@pytest.mark.parametrize("body", [{"only": []}, {"only": ["x"]}, {"all": True}])
def test_what_is_no_choice_is_refused(house: House, came: str, body: dict[str, Any]) -> None:
    assert house.post(came, body).status_code == 422
