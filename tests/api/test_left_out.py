"""An event of a feed that is left out, at the door."""

from __future__ import annotations

from tests.api.houses import House, check_problem
from tests.api.linked import linked, pulled, says
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights


def test_an_event_of_a_feed_takes_nothing_at_once_and_is_listed(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23), "Not available"))
    link = linked(house, channel)
    pulled(house, link)
    (event,) = house.get(f"/links/{link['id']}/events").json()["items"]
    path = f"/links/{link['id']}/events/{event['id']}/ignore"

    left = house.post(path)

    assert left.status_code == 200, left.text
    told = {"summary": "Not available", "first": str(day(20)), "recurs": False, "present": True}
    assert left.json() == {"id": event["id"], "ignored": True, **told}
    (shown,) = house.get(f"/links/{link['id']}/events").json()["items"]
    assert (shown["standing"], shown["unit_ids"]) == ("ignored", [])
    assert house.get(f"/links/{link['id']}/ignored").json()["items"] == [left.json()]

    again = house.post(path, {"ignored": False})

    assert again.json()["ignored"] is False
    (shown,) = house.get(f"/links/{link['id']}/events").json()["items"]
    assert (shown["standing"], shown["unit_ids"]) == ("external", event["unit_ids"])
    assert house.get(f"/links/{link['id']}/ignored").json()["items"] == []
    actions = [row["action"] for row in house.get("/audit", entity="external_event").json()["items"]]
    assert actions == ["counted", "ignored", "added"]


def test_what_waits_to_be_freed_is_released_instead(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)), nights("b", day(30), day(33)))
    link = linked(house, channel)
    pulled(house, link)
    says(channel, nights("b", day(30), day(33)))
    pulled(house, link)
    events = house.get(f"/links/{link['id']}/events").json()["items"]
    waiting = next(one["id"] for one in events if one["missing_since"])

    check_problem(house.post(f"/links/{link['id']}/events/{waiting}/ignore"), 409, "waits")
