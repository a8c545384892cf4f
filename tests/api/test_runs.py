"""POST links/{id}/sync and the other steps; runs, events and consumers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from sync.due import claim_due
from tests.api.houses import House, check_problem
from tests.api.linked import FEED, linked, pulled, says, with_a_stay
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import day, nights


@pytest.fixture
def link(house: House, channel: FeedServer) -> dict[str, Any]:
    return with_a_stay(house, channel)


def test_a_sync_is_accepted_and_done_by_the_next_worker(
    house: House, channel: FeedServer, link: dict[str, Any]
) -> None:
    answer = house.post(f"/links/{link['id']}/sync")

    assert answer.status_code == 202
    queued = answer.json()
    assert (queued["state"], queued["trigger"], queued["link_id"]) == ("queued", "request", link["id"])
    assert answer.headers["location"] == f"/api/v1/sync-runs/{queued['id']}"
    assert link["id"] in [str(one.link_id) for one in claim_due(house.runtime, 1000)]

    says(channel, nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    pulled(house, link)

    done = house.get(f"/sync-runs/{queued['id']}").json()
    assert (done["state"], done["counts"]["added"], done["error"]) == ("done", 1, None)
    assert (done["changed"], done["headline"]) == (True, "+1 stay")
    events = house.get(f"/links/{link['id']}/events").json()["items"]
    assert [event["run_id"] == queued["id"] for event in events] == [False, True]
    assert f"+ {day(30)} to {day(31)} on Room 1" in done["summary"]
    assert "Wilhelmina" not in str(done)


def test_two_who_ask_at_once_wait_for_one_run(house: House, link: dict[str, Any]) -> None:
    first, second = (house.post(f"/links/{link['id']}/sync").json() for _ in range(2))

    assert first["id"] == second["id"]


def test_an_idempotent_sync_is_answered_again(house: House, link: dict[str, Any]) -> None:
    path = f"/links/{link['id']}/sync"
    first = house.post(path, Idempotency_Key="now")
    pulled(house, link)

    second = house.post(path, Idempotency_Key="now")

    assert (second.status_code, second.json()) == (202, first.json())


def test_a_dry_run_shows_and_saves_nothing(house: House, channel: FeedServer, link: dict[str, Any]) -> None:
    says(channel, nights("b", day(30), day(31)))

    answer = house.ask("POST", f"/links/{link['id']}/sync", params={"dry_run": True})

    assert answer.status_code == 200, answer.text
    assert [event["starts_at"] for event in answer.json()["events"]] == [str(day(30))]
    plan = answer.json()["plan"]
    assert (plan["changed"], plan["counts"]["added"], plan["writes"]) == (True, 1, [])
    assert plan["headline"] == "+1 stay, 1 waits to be freed"
    events = house.get(f"/links/{link['id']}/events").json()["items"]
    assert [event["first"] for event in events] == [str(day(20))]
    assert len(house.get(f"/links/{link['id']}/runs").json()["items"]) == 1


def test_a_dry_run_of_a_channel_that_is_down_is_a_502(
    house: House, channel: FeedServer, link: dict[str, Any]
) -> None:
    channel.answer(FEED, Answer(status=500))

    answer = house.ask("POST", f"/links/{link['id']}/sync", params={"dry_run": True})

    check_problem(answer, 502, "remote_error")


def test_a_link_that_rests_is_not_synced(house: House, link: dict[str, Any]) -> None:
    paused = house.post(f"/links/{link['id']}/pause")
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    assert paused.json()["next_pull_at"] is None

    said = check_problem(house.post(f"/links/{link['id']}/sync"), 409, "not_active")
    assert "resume it first" in said["detail"]

    resumed = house.post(f"/links/{link['id']}/resume").json()
    assert (resumed["state"], resumed["state_reason"]) == ("active", None)
    assert house.post(f"/links/{link['id']}/sync").status_code == 202


@pytest.mark.parametrize("params", [{}, {"dry_run": True}])
def test_a_link_that_only_exports_is_not_synced(
    house: House, channel: FeedServer, params: dict[str, Any]
) -> None:
    link = linked(house, channel, direction="export", settings={})

    check_problem(house.ask("POST", f"/links/{link['id']}/sync", params=params), 409, "exports_only")


def test_a_rotated_feed_leaves_its_old_address(house: House, channel: FeedServer) -> None:
    link = linked(house, channel, direction="export", settings={})

    rotated = house.post(f"/links/{link['id']}/rotate-feed").json()

    assert rotated["feed_url"] != link["feed_url"]
    assert house.client.get(urlsplit(link["feed_url"]).path).status_code == 404
    assert house.client.get(urlsplit(rotated["feed_url"]).path).status_code == 200


def test_a_link_that_only_imports_has_no_feed_to_rotate(house: House, link: dict[str, Any]) -> None:
    check_problem(house.post(f"/links/{link['id']}/rotate-feed"), 409, "no_feed")


def test_staff_reads_what_was_imported(house: House, link: dict[str, Any]) -> None:
    (event,) = house.colleague("staff").get(f"/links/{link['id']}/events").json()["items"]

    assert (event["summary"], event["first"], event["after"]) == ("Wilhelmina", str(day(20)), str(day(23)))
    assert (event["unit_ids"], event["unplaced"]) == ([house.rooms[0]], False)


def test_an_event_without_a_unit_says_so(house: House, channel: FeedServer) -> None:
    for room in house.rooms:
        house.book(20, 23, unit_id=room)
    says(channel, nights("a", day(20), day(23)))
    link = linked(house, channel, unit_type_id=house.unit_type_id)
    pulled(house, link)

    (event,) = house.get(f"/links/{link['id']}/events").json()["items"]

    assert (event["unit_ids"], event["unplaced"]) == ([], True)
    assert [row["type"] for row in house.get("/conflicts", state="open").json()["items"]] == ["UNPLACED"]


def test_events_come_in_pages_by_their_beginning(house: House, channel: FeedServer) -> None:
    says(channel, *(nights(f"e{ahead}", day(ahead), day(ahead + 1)) for ahead in (30, 10, 20)))
    link = linked(house, channel)
    pulled(house, link)
    path = f"/links/{link['id']}/events"

    first = house.get(path, limit=2).json()
    second = house.get(path, limit=2, cursor=first["next_cursor"]).json()

    assert [event["first"] for event in first["items"] + second["items"]] == [
        str(day(10)),
        str(day(20)),
        str(day(30)),
    ]


def test_runs_are_listed_newest_first(house: House, channel: FeedServer, link: dict[str, Any]) -> None:
    channel.answer(FEED, Answer(status=500))
    pulled(house, link)

    failed, first = house.get(f"/links/{link['id']}/runs").json()["items"]

    assert (failed["state"], failed["trigger"]) == ("failed", "schedule")
    assert "500" in failed["error"]
    assert first["counts"]["added"] == 1
    page = house.get("/sync-runs", limit=1, link_id=link["id"]).json()
    assert page["items"] == [failed]
    assert house.get("/sync-runs", limit=1, cursor=page["next_cursor"]).json()["items"] == [first]
    assert house.get(f"/links/{link['id']}").json()["state_reason"] == failed["error"]


def test_a_link_without_a_feed_has_no_consumers(house: House, link: dict[str, Any]) -> None:
    nobody: dict[str, object] = {"revision": 0, "revision_at": None, "outdated": False, "items": []}
    assert house.get(f"/links/{link['id']}/consumers").json() == nobody


@pytest.mark.parametrize("step", ["sync", "pause", "resume", "rotate-feed"])
def test_a_step_of_an_unknown_link_is_a_404(house: House, step: str) -> None:
    check_problem(house.post(f"/links/{uuid4()}/{step}"), 404, "not_found")


@pytest.mark.parametrize("listed", ["runs", "events", "consumers"])
def test_a_list_of_an_unknown_link_is_a_404(house: House, listed: str) -> None:
    check_problem(house.get(f"/links/{uuid4()}/{listed}"), 404, "not_found")


def test_guests_see_nothing_of_it(house: House, link: dict[str, Any]) -> None:
    guest = house.colleague("guest")

    for path in ("/connectors", "/connections", "/links", "/sync-runs", f"/links/{link['id']}/events"):
        check_problem(guest.get(path), 403, "role")
