"""After the `?` of an address stands only what the operation declares."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.parameters import CHOSEN_BY_OTHERS, MOST_NAMED
from sync.runtime import Runtime
from tests.api.described import OPERATIONS
from tests.api.houses import V1, House, check_problem
from tests.api.machines import a_key

OURS = sorted(name for name in OPERATIONS if V1 in name)
NOWHERE = str(UUID(int=7))


def parameters(name: str) -> dict[str, dict[str, Any]]:
    """The schemas of what is described to stand after the `?`."""
    described = OPERATIONS[name].get("parameters", ())
    return {one["name"]: one["schema"] for one in described if one["in"] == "query"}


def is_list(schema: dict[str, Any]) -> bool:
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", ())))


@pytest.fixture(scope="module")
def home(client: TestClient, runtime: Runtime) -> House:
    return House.build(client, runtime)


def ask(home: House, name: str, query: str) -> Any:
    method, path = name.split(" ")
    address = re.sub(r"\{\w+\}", NOWHERE, path.removeprefix(V1))
    return home.ask(method, f"{address}?{query}", follow_redirects=False)


def refused(answer: Any) -> dict[str, str]:
    """What is wrong with which parameter, as far as the rule about parameters says it."""
    errors = answer.json()["errors"] if answer.status_code == 422 else []
    return {e["field"]: e["code"] for e in errors if e["code"] in ("extra_forbidden", "given_twice")}


@pytest.mark.parametrize("name", OURS)
def test_a_parameter_that_nobody_declared_is_refused(home: House, name: str) -> None:
    answer = ask(home, name, "nobody_knows=1")

    if name in CHOSEN_BY_OTHERS:
        assert refused(answer) == {}
        return
    said = check_problem(answer, 422, "extra_forbidden", "nobody_knows")
    assert said["errors"][0]["known"] == sorted(parameters(name))
    assert "422" in OPERATIONS[name]["responses"]


@pytest.mark.parametrize("name", [name for name in OURS if parameters(name)])
def test_each_parameter_that_is_described_is_taken_and_twice_only_where_it_is_a_list(
    home: House, name: str
) -> None:
    for parameter, schema in parameters(name).items():
        assert refused(ask(home, name, f"{parameter}=x")) == {}
        repeated = refused(ask(home, name, f"{parameter}=x&{parameter}=x"))
        once = not is_list(schema) and name not in CHOSEN_BY_OTHERS
        assert repeated == ({parameter: "given_twice"} if once else {}), parameter


def test_the_exceptions_are_operations_and_give_their_reasons() -> None:
    assert set(CHOSEN_BY_OTHERS) <= set(OURS)
    assert all(CHOSEN_BY_OTHERS.values())


def test_a_refusal_names_what_there_is(home: House) -> None:
    said = check_problem(home.get("/alerts", unit_id=NOWHERE), 422, "extra_forbidden", "unit_id")
    known = ", ".join(said["errors"][0]["known"])
    assert said["detail"] == f"there is no parameter unit_id here; there are {known}"

    said = check_problem(home.get("/auth/me", bogus=1), 422, "extra_forbidden", "bogus")
    assert said["detail"] == "there is no parameter bogus here; there are none"


def test_a_value_of_a_list_may_be_repeated_and_an_empty_name_is_unknown(home: House) -> None:
    assert home.get("/conflicts", state=["open", "closed"]).status_code == 200
    assert home.ask("GET", "/conflicts?").status_code == 200
    check_problem(home.ask("GET", "/conflicts?=1"), 422, "extra_forbidden", "")


def test_all_that_is_unknown_is_named_up_to_a_number(home: House) -> None:
    assert len(home.get("/units", bogus=1, another=2).json()["errors"]) == 2
    many = {f"p{number}": "x" for number in range(1000)}
    assert len(home.get("/units", **many).json()["errors"]) == MOST_NAMED


def test_who_may_not_ask_is_not_told_what_there_is(home: House) -> None:
    check_problem(home.client.get(f"{V1}/units?bogus=1"), 401, "no_token")
    read = {"X-API-Key": a_key(home, "read").secret}
    check_problem(home.client.get(f"{V1}/api-keys?bogus=1", headers=read), 403, "scope")


def test_nothing_is_done_by_a_request_with_an_unknown_parameter(home: House) -> None:
    blocked = {"unit_id": home.rooms[0], "kind": "closed", "arrival": "2100-01-01", "departure": "2100-01-02"}
    refusal = home.ask("POST", "/blackouts?dry_run=true", json=blocked)

    check_problem(refusal, 422, "extra_forbidden", "dry_run")
    assert home.get("/blackouts").json()["items"] == []
    assert home.post("/blackouts", blocked).status_code == 201


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/feeds/none.ics"])
def test_outside_of_the_api_machines_ask_with_parameters_of_their_own(client: TestClient, path: str) -> None:
    assert client.get(f"{path}?cache=1").status_code == client.get(path).status_code != 422
