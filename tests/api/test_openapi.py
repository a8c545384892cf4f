"""The description is complete: every operation has a summary, an example and its problems."""

from __future__ import annotations

from typing import Any

import pytest

from api.openapi import CONFLICTS
from api.problems import MEDIA_TYPE
from api.routes import API
from tests.api.described import OPERATIONS, SCHEMA

RETURNS = (f"{API}/connections/sign-in/callback", "/webhooks/")
OPEN = ("/livez", "/readyz", f"{API}/auth/", f"{API}/invitations/accept", *RETURNS)
"""Addresses for which nobody needs to be signed in"""

everything = pytest.mark.parametrize("name", sorted(OPERATIONS))


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    for part in (schema, *schema.get("anyOf", ())):
        if "$ref" in part:
            found: dict[str, Any] = SCHEMA["components"]["schemas"][part["$ref"].rpartition("/")[2]]
            return found
    return schema


@everything
def test_every_operation_has_a_summary_of_its_own(name: str) -> None:
    summary = OPERATIONS[name]["summary"]

    assert len(summary.split()) >= 2, summary
    assert [other["summary"] for other in OPERATIONS.values()].count(summary) == 1
    assert OPERATIONS[name]["tags"]


@everything
def test_every_answer_with_content_has_an_example_that_its_schema_knows(name: str) -> None:
    good = {status: one for status, one in OPERATIONS[name]["responses"].items() if status < "400"}

    assert good
    for status, answer in good.items():
        if status in ("204", "302"):
            assert "content" not in answer
            continue
        (content,) = answer["content"].values()
        assert "example" in content, name
        known = _resolved(content["schema"]).get("properties")
        if known is not None:
            assert set(content["example"]) == set(known), name


@everything
def test_every_body_has_an_example(name: str) -> None:
    body = OPERATIONS[name].get("requestBody")

    if body is not None:
        assert _resolved(body["content"]["application/json"]["schema"])["examples"], name


@pytest.mark.parametrize("name", sorted(CONFLICTS))
def test_what_is_in_the_way_of_what_sells_no_night_is_no_sold_night(name: str) -> None:
    (content,) = OPERATIONS[name]["responses"]["409"]["content"].values()

    assert content["example"]["detail"] == CONFLICTS[name].message
    assert content["example"]["type"].endswith(f":{CONFLICTS[name].code}")


@everything
def test_what_is_not_there_is_what_the_address_names(name: str) -> None:
    named = [part[1:-4] for part in name.split("/") if part.endswith("_id}")]

    if named and "404" in OPERATIONS[name]["responses"]:
        (content,) = OPERATIONS[name]["responses"]["404"]["content"].values()
        assert content["example"]["detail"] == f"there is no such {named[-1].replace('_', ' ')}"


@everything
def test_every_operation_documents_its_problems(name: str) -> None:
    operation = OPERATIONS[name]
    answers = operation["responses"]
    expected = {"500", "503"}
    if not name.split()[1].startswith(OPEN):
        assert operation["security"]
        expected |= {"401", "403"}
    if "requestBody" in operation:
        expected |= {"400", "413", "415", "422"}
    if "{" in name:
        expected |= {"404"}

    assert expected <= set(answers)
    for status, answer in answers.items():
        if status >= "400":
            content = answer["content"]
            assert set(content) == {MEDIA_TYPE}, (name, status)
            assert content[MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content[MEDIA_TYPE]["example"]["status"] == int(status)


@pytest.mark.parametrize(
    "name", sorted(name for name, one in OPERATIONS.items() if "201" in one["responses"])
)
def test_every_create_takes_an_idempotency_key(name: str) -> None:
    parameters = {parameter["name"] for parameter in OPERATIONS[name].get("parameters", ())}

    assert "Idempotency-Key" in parameters


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, one in OPERATIONS.items()
        if name.startswith("GET")
        and "cursor" in {parameter["name"] for parameter in one.get("parameters", ())}
    ),
)
def test_every_list_is_a_page(name: str) -> None:
    content = OPERATIONS[name]["responses"]["200"]["content"]["application/json"]

    assert set(content["example"]) - {"totals"} == {"items", "next_cursor"}


def test_the_description_names_no_other_shape_of_error() -> None:
    assert "HTTPValidationError" not in str(SCHEMA)


def test_a_booking_can_be_made_and_steered() -> None:
    steps = ("confirm", "cancel", "move", "check-in", "check-out", "no-show")

    assert f"POST {API}/bookings" in OPERATIONS
    assert {f"POST {API}/bookings/{{booking_id}}/{step}" for step in steps} <= set(OPERATIONS)
