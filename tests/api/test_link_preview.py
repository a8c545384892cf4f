"""POST links/preview: what would be imported, and what it clashes with."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem
from tests.api.linked import FEED, says
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import day, nights


def _preview(house: House, channel: FeedServer, **fields: Any) -> Any:
    usual = {"connector": "ical", "settings": {"url": channel.url(FEED)}, "unit_id": house.rooms[0]}
    return house.post("/links/preview", usual | fields)


def test_a_preview_shows_what_would_come_and_saves_nothing(house: House, channel: FeedServer) -> None:
    house.book(22, 24, unit_id=house.rooms[0])
    says(channel, nights("a", day(20), day(23)), nights("b", day(30), day(31)))

    answer = _preview(house, channel)

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["title"] == "Seaside Rentals"
    assert shown["counts"] == {"events": 2, "busy": 2, "clashing": 1}
    assert shown["events"][0] == {
        "summary": "Reserved",
        "starts_at": str(day(20)),
        "ends_at": str(day(23)),
        "busy": True,
        "units": ["Room 1"],
        "clashes": [f"Room 1: a booking, {day(22)} to {day(24)}"],
        "problem": None,
        "nature": "stay",
        "note": "",
    }
    assert house.get("/links").json()["items"] == []
    assert house.get("/conflicts").json()["items"] == []
    assert house.post("/bookings", house.stay(30, 31, unit_id=house.rooms[0])).status_code == 201


@pytest.mark.parametrize(
    "scope",
    [{"unit_type_id": "type"}, {"property_id": "place", "category": "room"}, {"property_id": "place"}],
)
def test_a_preview_may_be_of_many_units(house: House, channel: FeedServer, scope: dict[str, str]) -> None:
    says(channel, nights("a", day(20), day(23)))
    known = {"type": house.unit_type_id, "place": house.property_id}

    shown = _preview(
        house, channel, unit_id=None, **{name: known.get(value, value) for name, value in scope.items()}
    ).json()

    assert len(shown["events"][0]["units"]) == 1


@pytest.mark.parametrize(
    ("answer", "status", "code", "field"),
    [
        (Answer(body=b"<html></html>"), 422, "not_a_calendar", "settings.url"),
        (Answer(status=404), 422, "not_found", "settings.url"),
        (Answer(status=500), 502, "remote_error", None),
        (Answer(hang_up=True), 502, "interrupted", None),
    ],
)
def test_a_feed_that_is_none_is_a_problem_that_says_whose(
    house: House, channel: FeedServer, answer: Answer, status: int, code: str, field: str | None
) -> None:
    channel.answer(FEED, answer)

    check_problem(_preview(house, channel), status, code, field)


def test_a_channel_that_asks_to_wait_is_quoted(house: House, channel: FeedServer) -> None:
    channel.answer(FEED, Answer(status=429, headers={"Retry-After": "120"}))

    answer = _preview(house, channel)

    check_problem(answer, 502, "rate_limited")
    assert answer.headers["retry-after"] == "120"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"connector": "pigeon"}, "unknown_connector", "connector"),
        ({"settings": {}}, "invalid_setting", "settings.url"),
        ({"settings": {"url": "http://192.168.0.1/a"}}, "address_refused", "settings.url"),
        ({"settings": {"url": "https://nobody.example/a"}}, "unknown_host", "settings.url"),
        ({"unit_id": None}, "required", "property_id"),
        ({"unit_id": str(uuid4())}, "unknown", "unit_id"),
        ({"direction": "import"}, "extra_forbidden", "direction"),
    ],
)
def test_a_bad_question_is_refused_with_the_field_named(
    house: House, channel: FeedServer, fields: dict[str, Any], code: str, field: str
) -> None:
    check_problem(_preview(house, channel, **fields), 422, code, field)
    assert channel.requests() == []


def test_another_organizations_unit_is_unknown(house: House, neighbours: House, channel: FeedServer) -> None:
    says(channel)

    check_problem(_preview(house, channel, unit_id=neighbours.rooms[0]), 422, "unknown", "unit_id")
    assert channel.requests() == []


def test_a_long_calendar_is_shown_in_part_and_counted_in_full(house: House, channel: FeedServer) -> None:
    says(channel, *(nights(f"e{number}", day(number % 500), day(number % 500 + 1)) for number in range(600)))

    shown = _preview(house, channel).json()

    assert (len(shown["events"]), shown["counts"]["events"]) == (500, 600)
