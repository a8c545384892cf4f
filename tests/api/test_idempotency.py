"""Idempotency-Key: a create that is sent again is answered again, and happens once."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from hub.models.records import IdempotencyKey
from tests.api.houses import House, check_problem, day

GUEST = {"name": "Ada Lovelace", "email": "ada@example.com"}


def _bookings(house: House) -> list[str]:
    return [booking["id"] for booking in house.get("/bookings").json()["items"]]


def test_the_same_request_with_the_same_key_books_once(house: House) -> None:
    body = house.stay(guest=GUEST)

    first = house.post("/bookings", body, Idempotency_Key="order-1042")
    second = house.post("/bookings", body, Idempotency_Key="order-1042")

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (second.headers["location"], second.headers["etag"]) == (
        first.headers["location"],
        first.headers["etag"],
    )
    assert _bookings(house) == [first.json()["id"]]


def test_without_a_key_the_same_request_books_twice(house: House) -> None:
    body = house.stay()

    ids = {house.post("/bookings", body).json()["id"] for _ in range(2)}

    assert len(ids) == 2
    assert set(_bookings(house)) == ids


def test_the_order_and_layout_of_the_json_do_not_make_another_request(house: House) -> None:
    body = house.stay()
    first = house.post("/bookings", body, Idempotency_Key="k")

    second = house.post("/bookings", dict(reversed(body.items())), Idempotency_Key="k")

    assert second.json() == first.json()


def test_a_key_is_not_used_for_another_request(house: House) -> None:
    house.post("/bookings", house.stay(), Idempotency_Key="k")

    answer = house.post("/bookings", house.stay(guests=2), Idempotency_Key="k")

    check_problem(answer, 422, "idempotency_key_reused", "Idempotency-Key")
    elsewhere = house.post(
        "/blackouts",
        {"unit_id": house.rooms[0], "kind": "closed", "arrival": day(40), "departure": day(41)},
        Idempotency_Key="k",
    )
    check_problem(elsewhere, 422, "idempotency_key_reused", "Idempotency-Key")
    assert len(_bookings(house)) == 1


def test_what_was_refused_may_be_sent_again_with_its_key(house: House) -> None:
    taken = house.book(unit_id=house.rooms[0])
    body = house.stay(unit_id=house.rooms[0])
    check_problem(house.post("/bookings", body, Idempotency_Key="k"), 409, "sold_out", "items[0]")
    house.post(f"/bookings/{taken['id']}/cancel")

    answer = house.post("/bookings", body, Idempotency_Key="k")

    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers


def test_the_keys_of_others_are_others(house: House, neighbours: House) -> None:
    colleague = house.colleague("staff")
    answers = [
        asking.post("/bookings", asking.stay(), Idempotency_Key="1")
        for asking in (house, colleague, neighbours)
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "string_too_short"),
        ("x" * 256, "string_too_long"),
        ("caf\u00e9", "string_pattern_mismatch"),
        ("a\tb", "string_pattern_mismatch"),
    ],
)
def test_a_key_that_is_none_is_refused(house: House, key: str, code: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1"), b"Authorization": f"Bearer {house.token}".encode()}

    answer = house.client.post("/api/v1/bookings", json=house.stay(), headers=headers)

    check_problem(answer, 422, code, "Idempotency-Key")
    assert _bookings(house) == []


def test_the_stored_answer_names_no_guest_in_the_open(house: House) -> None:
    house.post("/bookings", house.stay(guest=GUEST), Idempotency_Key="k")

    row = house.work(lambda session: session.query(IdempotencyKey).filter_by(key="k").one())

    assert row.status == 201
    for word in (b"Lovelace", b"example.com", b"reference"):
        assert word not in bytes(row.body)


def test_every_create_keeps_its_keys(house: House) -> None:
    body = {"unit_id": house.rooms[0], "kind": "closed", "arrival": day(40), "departure": day(41)}

    answers = [house.post("/blackouts", body, Idempotency_Key="b") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def _at_once(house: House, *keys: dict[str, str]) -> list[Any]:
    """Post the same booking in parallel; both are under way before either can commit."""
    body = house.stay()
    with ThreadPoolExecutor(len(keys)) as threads:
        answers: list[Future[Any]] = []
        with house.rooms_locked():
            answers += [threads.submit(house.post, "/bookings", body, **key) for key in keys]
            house.wait_for_queue(len(keys))
        return [answer.result() for answer in answers]


def test_two_at_once_with_the_same_key_book_once(house: House) -> None:
    same = {"Idempotency_Key": "the same"}

    one, other = _at_once(house, same, same)

    assert (one.status_code, other.status_code) == (201, 201)
    assert one.content == other.content
    assert sorted("idempotent-replayed" in answer.headers for answer in (one, other)) == [False, True]
    assert _bookings(house) == [one.json()["id"]]


@pytest.mark.parametrize(
    "keys",
    [({}, {}), ({"Idempotency_Key": "one"}, {"Idempotency_Key": "another"})],
    ids=["none", "different"],
)
def test_two_at_once_without_one_key_book_twice(house: House, keys: tuple[dict[str, str], ...]) -> None:
    one, other = _at_once(house, *keys)

    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json()["id"] != other.json()["id"]
    assert len(_bookings(house)) == 2


def test_when_the_first_of_two_is_refused_the_second_is_not_answered_with_its_refusal(house: House) -> None:
    """The one that waits for the key takes it over, and is judged for itself."""
    for room in house.rooms:
        house.book(unit_id=room)
    same = {"Idempotency_Key": "the same"}

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: house.post("/bookings", house.stay(), **same), range(2)))

    for answer in answers:
        check_problem(answer, 409, "sold_out", "items[0]")
    assert house.work(lambda session: session.query(IdempotencyKey).filter_by(key="the same").count()) == 0
