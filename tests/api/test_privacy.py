"""Exports, erasures and consents over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, text

from tests.api.houses import GUEST, House, check_problem

UNKNOWN = "0198c2f0-6c1e-7b7a-9f00-000000000000"


def a_guest(house: House, **fields: Any) -> str:
    booked = house.book(guest=GUEST, **fields)
    guest_id: str = booked["guest_id"]
    return guest_id


def test_an_export_names_the_guest_and_their_bookings(house: House) -> None:
    guest_id = a_guest(house)
    answer = house.get(f"/privacy/guests/{guest_id}/export")
    assert answer.status_code == 200
    assert answer.json()["guests"][0]["email"] == "ada@example.com"
    assert len(answer.json()["bookings"]) == 1
    changes = house.get("/audit", entity="export").json()["items"]
    assert [change["for_id"] for change in changes] == [guest_id]


def test_an_erased_guest_is_null_and_the_booking_stays(house: House) -> None:
    booked = house.book(guest=GUEST)
    guest_id = booked["guest_id"]
    house.post(f"/bookings/{booked['id']}/cancel", {"reason": "Ada fell ill"})
    erased = house.post(f"/privacy/guests/{guest_id}/erasure", {})
    assert erased.status_code == 200
    assert (erased.json()["guest_ids"], erased.json()["again"]) == ([guest_id], False)
    seen = house.get(f"/bookings/{booked['id']}").json()
    assert (seen["guest"], seen["guest_id"], seen["cancel_reason"]) == (None, guest_id, None)
    assert house.get("/bookings", q="ada@example.com").json()["items"] == []
    assert house.get("/bookings", q="Lovelace").json()["items"] == []
    assert house.get("/bookings").json()["items"] == [seen]
    assert house.post(f"/privacy/guests/{guest_id}/erasure", {}).json()["again"]
    assert house.get(f"/privacy/guests/{guest_id}/export").json()["guests"][0]["erased"]
    (erasure,) = house.get("/privacy/erasures").json()["items"]
    assert erasure["guest_id"] == guest_id


def test_only_an_admin_forgets_somebody_whose_stay_is_not_over(house: House) -> None:
    guest_id = a_guest(house)
    path = f"/privacy/guests/{guest_id}/erasure"
    check_problem(house.post(path, {}), 409, "stay_not_over")
    check_problem(house.colleague("manager").post(path, {"force": True}), 403, "role", "force")
    assert house.post(path, {"force": True}).status_code == 200


def test_staff_neither_export_nor_erase(house: House) -> None:
    guest_id, staff = a_guest(house), house.colleague("staff")
    check_problem(staff.get(f"/privacy/guests/{guest_id}/export"), 403, "role")
    check_problem(staff.post(f"/privacy/guests/{guest_id}/erasure", {}), 403, "role")


def test_a_guest_of_others_is_like_one_that_is_not_there(house: House, neighbours: House) -> None:
    theirs = a_guest(neighbours)
    for guest_id in (theirs, UNKNOWN):
        for answer in (
            house.get(f"/privacy/guests/{guest_id}/export"),
            house.post(f"/privacy/guests/{guest_id}/erasure", {"force": True}),
            house.get(f"/privacy/guests/{guest_id}/consents"),
            house.post(f"/privacy/guests/{guest_id}/consents", {"purpose": "news", "text_version": "1"}),
        ):
            check_problem(answer, 404, "not_found")
    assert neighbours.get(f"/privacy/guests/{theirs}/export").json()["guests"][0]["name"] == GUEST["name"]


def test_consents_are_given_once_listed_and_withdrawn(house: House) -> None:
    guest_id = a_guest(house)
    path = f"/privacy/guests/{guest_id}/consents"
    given = house.post(path, {"purpose": "newsletter", "text_version": "2026-11"}, Idempotency_Key="one")
    assert given.status_code == 201
    again = house.post(path, {"purpose": "newsletter", "text_version": "2026-11"}, Idempotency_Key="two")
    assert again.json() == given.json()
    withdrawn = house.post(f"/privacy/consents/{given.json()['id']}/withdraw")
    assert withdrawn.json()["withdrawn_at"] is not None
    assert house.get(path).json() == [withdrawn.json()]
    check_problem(house.post(f"/privacy/consents/{UNKNOWN}/withdraw"), 404, "not_found")


def test_everybody_exports_themselves(house: House) -> None:
    staff = house.colleague("staff")
    told = staff.get("/auth/me/export")
    assert told.status_code == 200
    assert told.json()["account"]["name"] == "Sam Staff"
    assert [one["id"] for one in told.json()["organizations"]] == [str(house.organization_id)]


def test_bookings_are_found_by_the_words_of_a_name(house: House, neighbours: House) -> None:
    booked = house.book(guest=GUEST)
    house.book(guest={"name": "Augusta Byron"})
    neighbours.book(guest=GUEST)
    for q in ("lovelace", "ADA LOVELACE", "Lovelace, Ada"):
        assert [one["id"] for one in house.get("/bookings", q=q).json()["items"]] == [booked["id"]], q
    for q in ("ada byron", "love", "late"):
        assert house.get("/bookings", q=q).json()["items"] == [], q


def test_a_page_asks_no_more_of_the_database_for_more_bookings(house: House) -> None:
    said: list[str] = []
    engine = house.runtime.database.engine

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    def statements() -> int:
        said.clear()
        event.listen(engine, "before_cursor_execute", hear)
        try:
            assert house.get("/bookings", limit=50).status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", hear)
        return len(said)

    house.book(guest=GUEST)
    one = statements()
    for day in range(1, 13):
        house.book(2 * day, 2 * day + 1, guest={"name": f"Guest {day}"})
    assert statements() == one


def test_no_name_stands_in_the_database_in_the_open(house: House) -> None:
    house.post("/bookings", house.stay(guest=GUEST), Idempotency_Key="sealed")

    def rows(session: Any) -> str:
        tables = ("idempotency_keys", "guests", "guest_words", "bookings", "changes", "outbox")
        return " ".join(str(session.execute(text(f"SELECT * FROM {t}")).all()) for t in tables)

    kept = house.work(rows).lower()
    assert str(house.organization_id) in kept
    for word in ("lovelace", "ada@example.com", "600123456"):
        assert word not in kept
