"""POST and GET bookings, GET bookings/{id}."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import GUEST, House, check_problem, day, instant


def test_a_booking_by_type_is_confirmed_and_given_a_unit(house: House) -> None:
    answer = house.post("/bookings", house.stay(guests=2, source="phone", guest=GUEST))

    assert answer.status_code == 201
    booked = answer.json()
    assert answer.headers["location"] == f"/api/v1/bookings/{booked['id']}"
    assert answer.headers["etag"] == f'"{booked["version"]}"'
    assert (booked["status"], booked["source"], booked["guests"]) == ("confirmed", "phone", 2)
    assert booked["guest"] == {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+34600123456",
        "note": "late",
    }
    (item,) = booked["items"]
    assert item["unit_id"] in house.rooms
    assert (item["arrival"], item["departure"]) == (day(10), day(12))
    assert (item["starts_at"], item["ends_at"], item["pinned"]) == (None, None, False)
    assert house.get(f"/bookings/{booked['id']}").json() == booked


def test_a_booking_by_hours_keeps_its_instants(house: House) -> None:
    item = {"unit_id": house.cars[0], "starts_at": instant(30), "ends_at": instant(33)}

    booked = house.post("/bookings", {"property_id": house.property_id, "items": [item]}).json()

    assert (booked["items"][0]["starts_at"], booked["items"][0]["ends_at"]) == (instant(30), instant(33))
    assert booked["items"][0]["arrival"] is None
    assert booked["items"][0]["pinned"]


def test_a_hold_says_until_when(house: House) -> None:
    held = house.book(status="held", hold_minutes=5)

    assert held["status"] == "held"
    assert held["hold_until"].endswith("Z")


def test_what_is_sold_is_refused_with_what_took_it(house: House) -> None:
    first = house.book(unit_id=house.rooms[0])

    answer = house.post("/bookings", house.stay(11, 13, unit_id=house.rooms[0]))

    said = check_problem(answer, 409, "sold_out", "items[0]")
    assert said["detail"] == f"sold out on {day(11)}"
    assert first["id"] in {error.get("reference") for error in said["errors"]}
    assert answer.json()["title"] == "The inventory or its state forbids it"


def _with(body: dict[str, Any], value: Any, *path: Any) -> dict[str, Any]:
    at: Any = body
    for part in path[:-1]:
        at = at[part]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return body


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        (("items", 0, "departure"), "2027-13-01", "invalid_date", "items[0].departure"),
        (("items", 0, "departure"), 20270701, "invalid_date", "items[0].departure"),
        (("items", 0, "departure"), None, "required", "items[0].departure"),
        (("items", 0, "departure"), day(10), "no_nights", "items[0].departure"),
        (("items", 0, "departure"), "2500-01-01", "too_long", "items[0].departure"),
        (("items", 0, "arrival"), "0001-01-01", "beyond_calendar", "items[0].arrival"),
        (("items", 0, "arrival"), day(-3), "in_the_past", "items[0].arrival"),
        (("items", 0, "starts_at"), "2027-07-01T10:00:00Z", "nights_or_hours", "items[0].starts_at"),
        (("items", 0, "unit_type_id"), None, "one_of", "items[0]"),
        (("items", 0, "unit_type_id"), "room", "uuid_parsing", "items[0].unit_type_id"),
        (("items", 0, "colour"), "blue", "extra_forbidden", "items[0].colour"),
        (("items",), [], "too_short", "items"),
        (("guests",), 3, "over_capacity", "guests"),
        (("guests",), "2", "int_type", "guests"),
        (("guests",), 0, "greater_than_equal", "guests"),
        (("status",), "cancelled", "enum", "status"),
        (("source",), "Walk In", "string_pattern_mismatch", "source"),
        (("hold_minutes",), 0, "greater_than_equal", "hold_minutes"),
        (("guest",), {"name": " "}, "string_too_short", "guest.name"),
        (("guest",), {"name": "A\x00da"}, "control_character", "guest.name"),
        (("guest",), {"name": "Ada", "email": "ada@"}, "invalid_email", "guest.email"),
        (("guest",), {"name": "Ada", "phone": "600 123"}, "invalid_phone", "guest.phone"),
        (("property_id",), None, "missing", "property_id"),
    ],
)
def test_bad_input_is_refused_with_the_field_named(
    house: House, path: tuple[Any, ...], value: Any, code: str, field: str
) -> None:
    answer = house.post("/bookings", _with(house.stay(), value, *path))

    check_problem(answer, 422, code, field)
    assert house.get("/bookings").json()["items"] == []


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "code", "field"),
    [
        ("2027-07-01T10:00:00", "2027-07-01T12:00:00Z", "no_offset", "items[0].starts_at"),
        ("2027-07-01T12:00:00Z", "2027-07-01T10:00:00Z", "no_hours", "items[0].ends_at"),
        ("2027-07-01T12:00:00Z", "1700000000", "invalid_instant", "items[0].ends_at"),
        ("2027-07-01T12:00:00Z", "2027-07-01T14:00:00 00:00", "invalid_instant", "items[0].ends_at"),
        ("2027-07-01T12:00:00Z", "2027-02-30T14:00:00Z", "invalid_instant", "items[0].ends_at"),
    ],
)
def test_bad_instants_are_refused_with_the_field_named(
    house: House, starts_at: str, ends_at: str, code: str, field: str
) -> None:
    item = {"unit_id": house.cars[0], "starts_at": starts_at, "ends_at": ends_at}

    check_problem(
        house.post("/bookings", {"property_id": house.property_id, "items": [item]}), 422, code, field
    )


def test_items_that_are_wrong_are_not_called_too_few_as_well(house: House) -> None:
    said = check_problem(
        house.post("/bookings", house.stay() | {"items": [{"arrival": 1}]}),
        422,
        "invalid_date",
        "items[0].arrival",
    )

    assert len(said["errors"]) == 1


def test_the_list_pages_through_every_booking_once(house: House) -> None:
    made = [house.book(ahead, ahead + 1)["id"] for ahead in (14, 10, 12, 11, 13)]

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = house.get("/bookings", limit=2, **cursor).json()
        assert len(page["items"]) <= 2
        seen += [booking["id"] for booking in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert seen == [made[1], made[3], made[2], made[4], made[0]]


def test_the_list_narrows_by_status_channel_days_and_property(house: House) -> None:
    held = house.book(10, 12, status="held", source="phone")
    sold = house.book(20, 22)

    def ids(**params: Any) -> list[str]:
        return [booking["id"] for booking in house.get("/bookings", **params).json()["items"]]

    assert ids(status="held") == [held["id"]]
    assert ids(status=["held", "confirmed"]) == [held["id"], sold["id"]]
    assert ids(channel="phone") == [held["id"]]
    assert ids(**{"from": day(13)}) == [sold["id"]]
    assert ids(to=day(20)) == [held["id"]]
    assert ids(**{"from": day(12), "to": day(13), "property_id": house.property_id}) == [held["id"]]
    assert ids(property_id=house.property_id) == [held["id"], sold["id"]]


@pytest.mark.parametrize("q", ["ada@example.com", " ADA@example.com", "+34 600 12 34 56", "+34600123456"])
def test_a_booking_is_found_by_its_guests_exact_address_or_number(house: House, q: str) -> None:
    booked = house.book(guest=GUEST)
    house.book(guest={"name": "Somebody else", "email": "other@example.com", "phone": "+34 600 123 457"})

    found = house.get("/bookings", q=q).json()["items"]

    assert [booking["id"] for booking in found] == [booked["id"]]


def test_a_booking_is_found_by_its_reference_in_any_case(house: House) -> None:
    booked = house.book()
    house.book()

    found = house.get("/bookings", q=booked["reference"].lower()).json()["items"]

    assert [booking["id"] for booking in found] == [booked["id"]]


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"q": "ada@"}, "invalid_email", "q"),
        ({"q": "+34 x"}, "invalid_phone", "q"),
        ({"q": ""}, "string_too_short", "q"),
        ({"status": "sold"}, "enum", "status[0]"),
        ({"from": "tomorrow"}, "invalid_date", "from"),
        ({"from": "0001-01-01"}, "beyond_calendar", "from"),
        ({"limit": 201}, "less_than_equal", "limit"),
        ({"limit": 0}, "greater_than_equal", "limit"),
        ({"cursor": "next"}, "invalid_cursor", "cursor"),
        ({"property_id": "7"}, "uuid_parsing", "property_id"),
    ],
)
def test_a_bad_filter_is_refused_with_its_name(
    house: House, params: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.get("/bookings", **params), 422, code, field)


def test_a_list_of_an_unknown_property_is_not_found(house: House) -> None:
    answer = house.get("/bookings", property_id=str(uuid4()))

    check_problem(answer, 404, "not_found", "property_id")
