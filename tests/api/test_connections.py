"""GET connectors, CRUD connections."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.houses import House, check_problem
from tests.api.linked import FEED, connected, linked, pulled, says
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import day, nights

URL = "https://calendar.example.com/s3cret.ics"
HINT = "https://calendar.example.com/…"


def test_connectors_tell_their_settings_and_which_are_secret(house: House) -> None:
    found = {one["slug"]: one for one in house.get("/connectors").json()["items"]}
    ical = found["ical"]

    assert ical["capabilities"] == ["pulls_events", "renders_feed"]
    assert ical["settings"]["required"] == ["url"]
    assert ical["settings"]["properties"]["url"]["writeOnly"] is True
    assert found["sandbox"]["capabilities"] == ["syncs_events", "watches_changes", "keeps_calendars"]


def test_a_connection_is_made_and_shown(house: House) -> None:
    answer = house.post("/connections", {"connector": "ical", "name": "Seaside Rentals"})

    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/api/v1/connections/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (made["connector"], made["name"], made["settings"]) == ("ical", "Seaside Rentals", {})
    assert house.get(f"/connections/{made['id']}").json() == made
    assert house.get("/connections").json() == {"items": [made], "next_cursor": None}


def test_secrets_are_never_shown(house: House) -> None:
    made = connected(house, settings={"url": URL})

    shown = house.get(f"/connections/{made['id']}")

    assert made["settings"] == shown.json()["settings"] == {"url": HINT}
    assert "s3cret" not in shown.text
    assert "s3cret" not in house.get("/audit").text


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"connector": "pigeon"}, "unknown_connector", "connector"),
        ({"name": " "}, "string_too_short", "name"),
        ({"settings": {"colour": "red"}}, "unknown_setting", "settings.colour"),
        ({"settings": {"url": "gopher://a.example/1"}}, "invalid_setting", "settings.url"),
        ({"settings": {"url": "https://me:pass@a.example/1"}}, "invalid_setting", "settings.url"),
        ({"settings": "no"}, "dict_type", "settings"),
        ({"colour": "red"}, "extra_forbidden", "colour"),
    ],
)
def test_a_bad_connection_is_refused_with_the_field_named(
    house: House, fields: dict[str, Any], code: str, field: str
) -> None:
    answer = house.post("/connections", {"connector": "ical", "name": "Seaside"} | fields)

    said = check_problem(answer, 422, code, field)
    assert "pass" not in str(said)
    assert house.get("/connections").json()["items"] == []


def test_an_idempotent_connection_is_made_once(house: House) -> None:
    body = {"connector": "ical", "name": "Seaside", "settings": {"url": URL}}

    first, second = (house.post("/connections", body, Idempotency_Key="one") for _ in range(2))

    assert first.json() == second.json()
    assert len(house.get("/connections").json()["items"]) == 1


def test_a_connection_is_renamed_unless_somebody_was_faster(house: House) -> None:
    made = connected(house)
    path = f"/connections/{made['id']}"

    renamed = house.ask("PATCH", path, json={"name": "Bay Rentals"}, headers={"If-Match": '"1"'})

    assert (renamed.json()["name"], renamed.headers["etag"]) == ("Bay Rentals", '"2"')
    late = house.ask("PATCH", path, json={"name": "Late"}, headers={"If-Match": '"1"'})
    check_problem(late, 412, "changed", "If-Match")


def test_new_settings_reach_the_links_only_if_the_calendar_answers(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)))
    connection = connected(house, settings={"url": channel.url(FEED)})
    link = linked(house, channel, connection_id=connection["id"], settings={})
    path = f"/connections/{connection['id']}"

    wrong = house.ask("PATCH", path, json={"settings": {"url": channel.url("/nothing.ics")}})
    check_problem(wrong, 422, "not_found", "settings.url")
    assert pulled(house, link).state == "changed"

    channel.answer("/moved.ics", Answer(status=503))
    down = house.ask("PATCH", path, json={"settings": {"url": channel.url("/moved.ics")}})
    check_problem(down, 502, "remote_error")
    assert pulled(house, link).state == "unchanged"

    unchanged = house.ask("PATCH", path, json={"settings": connection["settings"]})
    assert unchanged.status_code == 200
    assert pulled(house, link).state == "unchanged"


def test_a_connection_with_links_is_not_removed(house: House, channel: FeedServer) -> None:
    says(channel)
    connection = connected(house)
    link = linked(house, channel, connection_id=connection["id"])
    path = f"/connections/{connection['id']}"

    check_problem(house.ask("DELETE", path), 409, "has_links")

    assert house.ask("DELETE", f"/links/{link['id']}").status_code == 204
    assert house.ask("DELETE", path).status_code == 204
    check_problem(house.get(path), 404, "not_found")


def test_connections_come_in_pages(house: House) -> None:
    made = [connected(house, name=f"Channel {number}")["id"] for number in range(3)]

    first = house.get("/connections", limit=2).json()
    second = house.get("/connections", limit=2, cursor=first["next_cursor"]).json()

    assert [row["id"] for row in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


def test_staff_sees_connections_and_managers_make_them(house: House) -> None:
    made = connected(house)
    staff = house.colleague("staff")

    assert staff.get(f"/connections/{made['id']}").status_code == 200
    for method, path, body in (
        ("POST", "/connections", {"connector": "ical", "name": "Mine"}),
        ("PATCH", f"/connections/{made['id']}", {"name": "Mine"}),
        ("DELETE", f"/connections/{made['id']}", None),
    ):
        check_problem(staff.ask(method, path, json=body), 403, "role")
    assert house.colleague("manager").ask("DELETE", f"/connections/{made['id']}").status_code == 204
