"""Runs of many links at the door: asked for, looked at, ended, gone on with, tried again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub.models.access import MemberProperty
from tests import factories
from tests.api.houses import House, check_problem
from tests.api.linked import connected, linked, pulled
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, day, nights


@pytest.fixture
def links(house: House, channel: FeedServer) -> list[dict[str, Any]]:
    """Three calendars of three rooms."""
    connection = connected(house)["id"]
    found = []
    for number, room in enumerate(house.rooms):
        channel.answer(f"/{number}.ics", Answer(body=calendar(nights("a", day(20), day(23)))))
        settings = {"url": channel.url(f"/{number}.ics")}
        found.append(linked(house, channel, unit_id=room, settings=settings, connection_id=connection))
    return found


def ask(house: House, **said: Any) -> dict[str, Any]:
    answer = house.post("/sync-runs", said or {"all": True})
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/sync-runs/{run['id']}"
    return run


def step(house: House, run: dict[str, Any], name: str) -> dict[str, Any]:
    answer = house.post(f"/sync-runs/{run['id']}/{name}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_run_tells_how_far_it_is(house: House, links: list[dict[str, Any]]) -> None:
    run = ask(house)
    assert (run["state"], run["link_id"], run["started_at"]) == ("queued", None, None)
    assert (run["progress"]["total"], run["progress"]["queued"]) == (3, 3)
    assert (run["progress"]["seconds_left"], run["criteria"], run["mode"]) == (None, {"all": True}, "both")

    pulled(house, links[0])
    half = house.get(f"/sync-runs/{run['id']}").json()
    assert (half["state"], half["finished_at"]) == ("running", None)
    assert (half["progress"]["done"], half["progress"]["queued"]) == (1, 2)
    assert half["progress"]["rate"] > 0
    assert half["progress"]["seconds_left"] > 0

    for link in links[1:]:
        pulled(house, link)
    done = house.get(f"/sync-runs/{run['id']}").json()
    assert (done["state"], done["changed"], done["counts"]["added"]) == ("done", True, 3)
    assert (done["progress"]["changed"], done["progress"]["seconds_left"]) == (3, 0)
    assert done["headline"] == "3 of 3 links synced, 3 changed"
    assert done["finished_at"] >= done["started_at"]


def test_its_syncs_are_listed_below_it_and_not_beside_it(house: House, links: list[dict[str, Any]]) -> None:
    run = ask(house)
    pulled(house, links[0])
    path = f"/sync-runs/{run['id']}/children"

    first = house.get(path, limit=2).json()
    rest = house.get(path, limit=2, cursor=first["next_cursor"]).json()
    found = first["items"] + rest["items"]

    assert {child["link_id"] for child in found} == {link["id"] for link in links}
    assert {child["parent_id"] for child in found} == {run["id"]}
    assert rest["next_cursor"] is None
    (done,) = house.get(path, state="done").json()["items"]
    assert done["link_id"] == links[0]["id"]
    assert [one["id"] for one in house.get("/sync-runs").json()["items"]] == [run["id"]]
    of_link = house.get("/sync-runs", link_id=links[0]["id"]).json()["items"]
    assert [one["id"] for one in of_link] == [done["id"]]


def test_a_run_is_ended_and_gone_on_with(house: House, links: list[dict[str, Any]]) -> None:
    run = ask(house)
    pulled(house, links[0])

    for _ in range(2):
        ended = step(house, run, "cancel")
        assert (ended["state"], ended["progress"]["cancelled"], ended["progress"]["done"]) == (
            "cancelled",
            2,
            1,
        )
    check_problem(house.post(f"/sync-runs/{run['id']}/retry"), 409, "cancelled")
    for _ in range(2):
        resumed = step(house, run, "resume")
        assert (resumed["state"], resumed["progress"]["queued"]) == ("running", 2)
    for link in links[1:]:
        pulled(house, link)

    check_problem(house.post(f"/sync-runs/{run['id']}/cancel"), 409, "over")
    check_problem(house.post(f"/sync-runs/{run['id']}/resume"), 409, "over")
    said = house.get("/audit", entity="sync_run", entity_id=run["id"]).json()["items"]
    assert sorted(one["action"] for one in said) == ["asked", "cancelled", "resumed"]


def test_what_failed_is_tried_again(house: House, channel: FeedServer, links: list[dict[str, Any]]) -> None:
    channel.answer("/1.ics", Answer(status=500))
    run = ask(house)
    for link in links:
        pulled(house, link)
    failed = house.get(f"/sync-runs/{run['id']}").json()
    assert (failed["state"], failed["progress"]["failed"]) == ("failed", 1)

    channel.answer("/1.ics", Answer(body=calendar(nights("a", day(20), day(23)))))
    again = step(house, run, "retry")
    assert (again["state"], again["progress"]["queued"], again["progress"]["retried"]) == ("running", 1, 1)
    pulled(house, links[1])

    done = house.get(f"/sync-runs/{run['id']}").json()
    assert (done["state"], done["progress"]["total"], done["progress"]["done"]) == ("done", 3, 3)
    assert step(house, run, "retry")["id"] == run["id"]


def test_where_nothing_failed_or_one_link_is_meant_it_is_said(
    house: House, links: list[dict[str, Any]]
) -> None:
    run = ask(house, link_ids=[links[0]["id"]])
    check_problem(house.post(f"/sync-runs/{run['id']}/retry"), 409, "nothing_failed")
    single = house.post(f"/links/{links[1]['id']}/sync").json()
    for name in ("cancel", "resume", "retry"):
        check_problem(house.post(f"/sync-runs/{single['id']}/{name}"), 409, "one_link")


def test_a_link_that_rests_is_left_out_and_told_whenever_one_looks(
    house: House, links: list[dict[str, Any]]
) -> None:
    house.post(f"/links/{links[0]['id']}/pause")

    run = ask(house)

    for told in (run, house.get(f"/sync-runs/{run['id']}").json()):
        (left_out,) = told["left_out"]
        assert (left_out["link_id"], left_out["code"]) == (links[0]["id"], "not_active")
        assert told["progress"]["total"] == 2


def test_staff_who_are_limited_meet_the_runs_of_their_properties_alone(
    house: House, links: list[dict[str, Any]]
) -> None:
    def limit(session: Session) -> tuple[Any, Any]:
        member, elsewhere = factories.a_member(session), factories.a_property(session)
        member.role = "staff"
        other = factories.a_member(session)
        other.role = "staff"
        session.flush()
        for who, place in ((member, house.property_id), (other, elsewhere.id)):
            known = {"member_id": who.id, "property_id": place}
            session.add(MemberProperty(organization_id=house.organization_id, **known))
        return member.id, other.id

    ours, others = (replace(house, member_id=one, role="staff") for one in house.work(limit))
    everything = ask(house)

    assert ours.get(f"/sync-runs/{everything['id']}").json()["progress"]["total"] == 3
    check_problem(others.get(f"/sync-runs/{everything['id']}"), 404, "not_found")
    theirs, nothing = ask(ours), ask(others)
    assert theirs["id"] != everything["id"], "the same words mean other links to them"
    assert (theirs["progress"]["total"], nothing["progress"]["total"]) == (3, 0)
    assert [run["id"] for run in others.get("/sync-runs").json()["items"]] == [nothing["id"]]
    check_problem(others.post(f"/sync-runs/{theirs['id']}/cancel"), 404, "not_found")
