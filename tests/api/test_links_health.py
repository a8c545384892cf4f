"""GET health, health/properties and links/{id}/health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.ids import new_id
from hub.models.access import MemberProperty
from tests import factories
from tests.api.houses import House, check_problem
from tests.api.linked import FEED, connected, linked, pulled, says
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer


def linked_to(house: House, channel: FeedServer, number: int) -> list[dict[str, Any]]:
    says(channel)
    connection = connected(house)["id"]
    return [linked(house, channel, connection_id=connection) for _ in range(number)]


def set_on(house: House, link: dict[str, Any], columns: str) -> None:
    house.work(
        lambda session: session.execute(
            text(f"UPDATE links SET {columns} WHERE id = :id"), {"id": link["id"]}
        )
    )


def test_a_link_says_how_it_does_and_since_when(
    house: House, channel: FeedServer, clock: FrozenClock
) -> None:
    (link,) = linked_to(house, channel, 1)
    pulled(house, link)
    began = clock.instant
    channel.answer(FEED, Answer(status=500))
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        pulled(house, link)

    said = house.get(f"/links/{link['id']}/health").json()

    assert (said["standing"], said["failures"], said["state"]) == ("failing", 3, "active")
    assert said["failing_since"] == (began + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert said["age_seconds"] == 3 * 3600
    assert said["lag_seconds"] == 3 * 3600 - 900 * 1.25
    assert said["words"].startswith("its calendar cannot be read; the last 3 tries failed, for 2 h; ")
    assert said["next_pull_at"] > clock.instant.isoformat()
    assert said["exposure"]["unknown_seconds"] == 3 * 3600
    assert (said["channel"], said["scope"], said["property"]) == ("Seaside Rentals", "Room 1", "Casa Azul")


def test_the_list_begins_with_the_worst_and_counts_all(house: House, channel: FeedServer) -> None:
    well, lost, paused = linked_to(house, channel, 3)
    pulled(house, well)
    set_on(house, lost, "state = 'lost'")
    set_on(house, paused, "state = 'paused'")

    said = house.get("/health", limit=2).json()

    assert [one["link_id"] for one in said["items"]] == [lost["id"], paused["id"]]
    assert {name: number for name, number in said["totals"].items() if number} == {
        "lost": 1,
        "paused": 1,
        "fresh": 1,
    }
    rest = house.get("/health", limit=2, cursor=said["next_cursor"]).json()
    assert [one["link_id"] for one in rest["items"]] == [well["id"]]
    assert rest["next_cursor"] is None
    assert rest["totals"] == said["totals"]


def test_a_page_behind_a_link_that_is_gone_is_asked_for_anew(house: House, channel: FeedServer) -> None:
    links = linked_to(house, channel, 3)
    cursor = house.get("/health", limit=1).json()
    last = cursor["items"][0]["link_id"]
    assert last in {link["id"] for link in links}
    assert house.ask("DELETE", f"/links/{last}").status_code == 204

    check_problem(house.get("/health", cursor=cursor["next_cursor"]), 422, "invalid_cursor", "cursor")


def test_a_property_says_what_of_it_is_covered(house: House, channel: FeedServer) -> None:
    (link,) = linked_to(house, channel, 1)
    pulled(house, link)

    (place,) = house.get("/health/properties").json()["items"]

    assert (place["property_id"], place["links"]["fresh"]) == (house.property_id, 1)
    assert place["units_without_link"] == 4
    assert {unit["name"] for unit in place["unlinked"]} == {"Room 2", "Room 3", "Car 1", "Car 2"}
    assert place["oldest_link_id"] == link["id"]
    assert place["next_pull_at"] is not None
    assert place["words"] == "1 link: 1 fresh; 4 units without any link"


def test_a_feed_says_when_a_channel_fetched_it_and_has_no_exposure(house: House, channel: FeedServer) -> None:
    link = linked(house, channel, direction="export", settings={})

    said = house.get(f"/links/{link['id']}/health").json()

    assert (said["standing"], said["exposure"], said["next_pull_at"]) == ("exporting", None, None)
    assert said["words"] == "the channel fetches our feed; nobody has fetched it yet"


def test_nobody_sees_how_the_links_of_others_do(house: House, neighbours: House, channel: FeedServer) -> None:
    (link,) = linked_to(house, channel, 1)

    assert neighbours.get("/health").json()["items"] == []
    check_problem(neighbours.get(f"/links/{link['id']}/health"), 404, "not_found")
    check_problem(house.get(f"/links/{new_id()}/health"), 404, "not_found")


@pytest.mark.parametrize("path", ["/health", "/health/properties"])
def test_staff_who_are_limited_to_a_property_meet_no_other(
    house: House, channel: FeedServer, path: str
) -> None:
    linked_to(house, channel, 1)
    staff, other = house.colleague("staff"), house.colleague("staff")
    elsewhere = house.work(lambda session: factories.a_property(session, name="Elsewhere").id)

    def limit(session: Any) -> None:
        session.add(
            MemberProperty(
                organization_id=house.organization_id,
                member_id=staff.member_id,
                property_id=elsewhere,
            )
        )

    house.work(limit)

    def found(by: House) -> set[str]:
        return {one["property_id"] for one in by.get(path).json()["items"]}

    assert house.property_id not in found(staff)
    assert house.property_id in found(other), "the control"
