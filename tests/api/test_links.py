"""CRUD links: asked before they are saved, shown without their secrets, removed with what they hold."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem
from tests.api.linked import FEED, connected, link_body, linked, pulled, says
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, day, nights

WHOLE = calendar(nights("a", day(20), day(23)))

NO_CALENDARS: dict[str, tuple[Answer, int, str]] = {
    "a web page": (Answer(body=b"<html>Sign in</html>"), 422, "not_a_calendar"),
    "nothing": (Answer(body=b""), 422, "not_a_calendar"),
    "no content": (Answer(status=204), 422, "not_a_calendar"),
    "half a calendar": (Answer(body=WHOLE[:-20]), 422, "not_a_calendar"),
    "an unknown address": (Answer(status=404), 422, "not_found"),
    "a closed door": (Answer(status=403), 422, "access_refused"),
    "an error": (Answer(status=500), 502, "remote_error"),
    "too many requests": (Answer(status=429), 502, "rate_limited"),
    "a transfer that breaks off": (Answer(body=WHOLE, cut_after=50), 502, "interrupted"),
}


def test_a_link_is_made_when_its_calendar_answers(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)))

    answer = house.post("/links", link_body(house, channel))

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"/api/v1/links/{made['id']}"
    assert (made["state"], made["channel"], made["connector"]) == ("active", "Seaside Rentals", "ical")
    assert (made["property_id"], made["unit_id"], made["unit_type_id"]) == (
        house.property_id,
        house.rooms[0],
        None,
    )
    assert made["feed_url"] is None
    assert house.get(f"/links/{made['id']}").json() == made
    assert pulled(house, made).state == "changed"
    after = house.get(f"/links/{made['id']}").json()
    assert (after["failures"], after["version"]) == (0, 1)
    assert after["verified_at"] is not None


@pytest.mark.parametrize("kind", NO_CALENDARS)
def test_a_feed_that_is_none_is_refused_and_nothing_is_saved(
    house: House, channel: FeedServer, kind: str
) -> None:
    answer, status, code = NO_CALENDARS[kind]
    channel.answer(FEED, answer)

    said = check_problem(
        house.post("/links", link_body(house, channel)),
        status,
        code,
        "settings.url" if status == 422 else None,
    )

    assert "s3cret" not in str(said), "the address is a secret"
    assert house.get("/links").json()["items"] == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.1.2.3/a.ics", "address_refused"),
        ("http://169.254.169.254/latest", "address_refused"),
        ("https://nobody.example/a.ics", "unknown_host"),
        ("file:///etc/passwd", "invalid_setting"),
        ("a.ics", "invalid_setting"),
        ("https://me:pass@a.example/a.ics", "invalid_setting"),
        ("http://0x7f000001/a.ics", "invalid_setting"),
    ],
)
def test_an_address_that_cannot_be_is_refused(house: House, channel: FeedServer, url: str, code: str) -> None:
    answer = house.post("/links", link_body(house, channel, settings={"url": url}))

    check_problem(answer, 422, code, "settings.url")
    assert house.get("/links").json()["items"] == []


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"direction": "sideways"}, 422, "enum", "direction"),
        ({"interval_seconds": 59}, 422, "greater_than_equal", "interval_seconds"),
        ({"interval_seconds": "900"}, 422, "int_type", "interval_seconds"),
        ({"settings": {}}, 422, "invalid_setting", "settings.url"),
        ({"settings": {"colour": "red"}}, 422, "unknown_setting", "settings.colour"),
        ({"unit_id": None}, 422, "required", "property_id"),
        ({"unit_id": str(uuid4())}, 422, "unknown", "unit_id"),
        ({"unit_id": "room 1"}, 422, "uuid_parsing", "unit_id"),
        ({"category": "room"}, 422, "one_scope", "unit_id"),
        ({"connection_id": str(uuid4())}, 422, "unknown", "connection_id"),
        ({"property_id": str(uuid4())}, 422, "elsewhere", "unit_id"),
        ({"state": "paused"}, 422, "extra_forbidden", "state"),
    ],
)
def test_a_bad_link_is_refused_with_the_field_named_and_its_channel_is_not_asked(
    house: House, channel: FeedServer, fields: dict[str, Any], status: int, code: str, field: str
) -> None:
    says(channel)
    body = link_body(house, channel, unit_id=house.rooms[0]) | fields

    check_problem(house.post("/links", body), status, code, field)
    assert channel.requests() == []
    assert house.get("/links").json()["items"] == []


def test_what_belongs_to_others_is_unknown_in_a_body_too(
    house: House, neighbours: House, channel: FeedServer
) -> None:
    says(channel)
    theirs = connected(neighbours)["id"]
    foreign = {
        "connection_id": theirs,
        "unit_id": neighbours.rooms[0],
        "unit_type_id": neighbours.unit_type_id,
    }
    for field, value in foreign.items():
        body = link_body(house, channel, unit_id=None if field == "unit_type_id" else house.rooms[0])
        first, second = (house.post("/links", body | {field: one}).json() for one in (value, str(uuid4())))
        assert first["errors"] == second["errors"]
        assert first["errors"][0]["field"] == field


def test_a_link_may_speak_of_a_unit_a_type_a_category_or_a_property(
    house: House, channel: FeedServer
) -> None:
    says(channel)
    scopes = [
        {"unit_id": house.rooms[0]},
        {"unit_type_id": house.unit_type_id},
        {"property_id": house.property_id, "category": "car"},
        {"property_id": house.property_id},
    ]
    for scope in scopes:
        made = linked(house, channel, **scope)
        assert {name: made[name] for name in scope} == scope
        assert made["property_id"] == house.property_id


def test_an_idempotent_link_is_made_once_and_its_calendar_asked_once(
    house: House, channel: FeedServer
) -> None:
    says(channel)
    body = link_body(house, channel)

    first = house.post("/links", body, Idempotency_Key="one")
    channel.answer(FEED, Answer(status=500))
    second = house.post("/links", body, Idempotency_Key="one")

    assert first.status_code == 201
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert len(channel.requests()) == 1
    assert len(house.get("/links").json()["items"]) == 1


def test_an_export_asks_nobody_and_has_a_feed_at_once(house: House, channel: FeedServer) -> None:
    made = linked(house, channel, direction="export", settings={})

    assert channel.requests() == []
    assert made["next_pull_at"] is None
    assert made["feed_url"].startswith("https://hub.example.com/feeds/")
    assert house.client.get(urlsplit(made["feed_url"]).path).status_code == 200


def test_only_managers_see_the_feeds_address(house: House, channel: FeedServer) -> None:
    path = f"/links/{linked(house, channel, direction='export', settings={})['id']}"

    assert house.colleague("manager").get(path).json()["feed_url"] is not None
    assert house.colleague("staff").get(path).json()["feed_url"] is None
    assert house.colleague("staff").get("/links").json()["items"][0]["feed_url"] is None


def test_a_links_address_is_never_shown(house: House, channel: FeedServer) -> None:
    says(channel)
    made = linked(house, channel)

    assert made["settings"] == {"url": f"http://{channel.host}/…"}
    for path in (f"/links/{made['id']}", "/links", "/audit"):
        assert "s3cret" not in house.get(path).text


def test_a_new_address_is_asked_before_it_is_saved(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)))
    link = linked(house, channel)
    pulled(house, link)
    path = f"/links/{link['id']}"

    wrong = house.ask("PATCH", path, json={"settings": {"url": channel.url("/nothing.ics")}})
    check_problem(wrong, 422, "not_found", "settings.url")
    assert pulled(house, link).state == "unchanged"

    channel.answer("/moved.ics", Answer(body=calendar(nights("b", day(30), day(31)))))
    moved = house.ask("PATCH", path, json={"settings": {"url": channel.url("/moved.ics")}})
    assert moved.status_code == 200
    assert len(house.get(f"{path}/events").json()["items"]) == 1, "what is held stays until the next pull"
    assert pulled(house, link).counts["added"] == 1


def test_an_interval_is_changed_unless_somebody_was_faster(house: House, channel: FeedServer) -> None:
    says(channel)
    path = f"/links/{linked(house, channel)['id']}"

    changed = house.ask("PATCH", path, json={"interval_seconds": 1800}, headers={"If-Match": '"1"'})

    assert (changed.json()["interval_seconds"], changed.headers["etag"]) == (1800, '"2"')
    late = house.ask("PATCH", path, json={"interval_seconds": 60}, headers={"If-Match": '"1"'})
    check_problem(late, 412, "changed", "If-Match")


def test_a_removed_link_frees_its_nights(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)))
    link = linked(house, channel)
    pulled(house, link)
    stay = house.stay(20, 22, unit_id=house.rooms[0])
    said = check_problem(house.post("/bookings", stay), 409, "sold_out", "items[0]")
    assert "Seaside Rentals" in str(said), "told with which channel it collides"

    assert house.ask("DELETE", f"/links/{link['id']}").status_code == 204

    assert house.post("/bookings", stay).status_code == 201
    check_problem(house.get(f"/links/{link['id']}"), 404, "not_found")


def test_links_are_listed_in_pages_and_by_what_is_asked(house: House, channel: FeedServer) -> None:
    says(channel)
    first, second = linked(house, channel), linked(house, channel, unit_id=house.rooms[1])
    house.post(f"/links/{second['id']}/pause")

    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in house.get("/links", **params).json()["items"]]

    assert ids() == [first["id"], second["id"]]
    assert ids(state="paused") == [second["id"]]
    assert ids(connection_id=first["connection_id"]) == [first["id"]]
    assert ids(property_id=house.property_id) == [first["id"], second["id"]]
    page = house.get("/links", limit=1).json()
    assert ids(limit=1, cursor=page["next_cursor"]) == [second["id"]]
    check_problem(house.get("/links", state="asleep"), 422, "enum", "state")


def test_staff_sees_links_and_managers_make_them(house: House, channel: FeedServer) -> None:
    says(channel)
    link = linked(house, channel)
    staff = house.colleague("staff")

    assert staff.get(f"/links/{link['id']}").status_code == 200
    for method, path, body in (
        ("POST", "/links", link_body(house, channel)),
        ("PATCH", f"/links/{link['id']}", {"interval_seconds": 60}),
        ("DELETE", f"/links/{link['id']}", None),
        ("POST", f"/links/{link['id']}/pause", None),
        ("POST", f"/links/{link['id']}/rotate-feed", None),
    ):
        check_problem(staff.ask(method, path, json=body), 403, "role")
    asked = len(channel.requests())
    assert asked == 1, "nobody is asked for somebody who may not"
