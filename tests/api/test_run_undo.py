"""POST sync-runs/{id}/undo: what it says, who may, and what it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from api.rights import RIGHTS
from hub.ids import new_id
from sync.planning import guard
from tests import servers
from tests.api.houses import House, check_problem
from tests.api.linked import pulled, says, with_a_stay
from tests.api.machines import a_key, ask
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights
from tests.sync.rehearsed import untouched

DONE = (
    "POST /links/{link_id}/events/{event_id}/ignore",
    "POST /links/{link_id}/accept-guard",
    "POST /blackouts",
    "PATCH /blackouts/{blackout_id}",
    "POST /bookings/{booking_id}/move",
)
"""What undoing does, by the operations that do the same"""


@pytest.fixture
def link(house: House, channel: FeedServer) -> dict[str, Any]:
    return with_a_stay(house, channel)


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


@pytest.mark.parametrize("scope", ["sync", "bookings"])
def test_a_key_that_may_do_half_of_it_may_not(house: House, went: str, scope: str) -> None:
    """Else nights that one guest gave up and the next took would be free: ignored, and not held again."""
    answer = ask(house, a_key(house, scope).secret, "POST", went)

    check_problem(answer, 403, "scope")
    assert "this needs the scopes sync and bookings" in answer.text
    assert ask(house, a_key(house, scope).secret, "POST", f"{went}?dry_run=true").status_code == 403
    assert house.get("/blackouts").json()["items"] == []
    both = a_key(house, "sync", "bookings").secret
    assert ask(house, both, "POST", went).json()["headline"] == "3 nights held again"


def test_whoever_may_undo_a_sync_may_do_elsewhere_what_it_does() -> None:
    undoes = RIGHTS["POST /api/v1/sync-runs/{run_id}/undo"]

    for operation in DONE:
        right = RIGHTS[f"{operation.replace(' ', ' /api/v1', 1)}"]
        assert right.allows_scopes(frozenset(undoes.scopes)), operation
        assert right.allows_role(undoes.role), operation


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
