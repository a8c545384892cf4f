"""Passwords that nobody should send, wherever one may be sent: refused or taken, and never a defect."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from hub.ids import new_id
from sync.runtime import Runtime
from tests import factories
from tests.api.described import OPERATIONS
from tests.api.houses import V1, House
from tests.security.walking import bodies, body_schema, described_at

ODD = {
    "73 bytes": "p" * 73,
    "73 bytes of two each": "é" * 36 + "p",
    "with a NUL": "a password\x00 of two parts",
    "begins with a NUL": "\x00" * 12,
    "half a letter": "a password \ud800",
    "letters from beyond": "🔑" * 20,
    "composed and decomposed": "pa\u0308sswo\u0308rd \u00e4",
    "right to left": "\u202eterces a drowssap",
    "1,024 bytes": "p" * 1024,
    "1,025 bytes": "p" * 1025,
    "nearly 1 MB": "p" * 1_000_000,
    "more than 1 MB": "p" * 1_100_000,
    "1 MB of blanks": " " * 1_000_000,
    "empty": "",
    "blanks": " " * 12,
}
KINDS = {"a number": 7, "none": None, "a list": ["a password"], "an object": {"a": "password"}, "true": True}


ASKED = [
    (title, field)
    for title, operation in OPERATIONS.items()
    for field in described_at(body_schema(operation) or {}, ()) or ()
    if "password" in field
]


@pytest.fixture(scope="module")
def house(client: TestClient, runtime: Runtime) -> House:
    """One for all tests here: they change nothing of it."""
    return House.build(client, runtime)


def test_there_are_such_places() -> None:
    assert {field for _, field in ASKED} >= {"password", "current_password"}
    assert (f"POST {V1}/auth/login", "password") in ASKED


@pytest.mark.parametrize("kind", [*ODD, *KINDS])
def test_no_password_is_a_defect(house: House, kind: str) -> None:
    for title, field in ASKED:
        method, _, path = title.partition(" ")
        body = bodies(OPERATIONS[title])[0] | {field: (ODD | KINDS)[kind]}
        if "email" in body:
            body["email"] = f"{new_id().hex}@example.com"
        named = path.removeprefix(V1).format_map(_Ids(house))
        sent = json.dumps(body).encode()

        answer = house.ask(method, named, content=sent, headers={"Content-Type": "application/json"})

        assert answer.status_code < 500, (title, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert "pppppp" not in answer.text


class _Ids(dict[str, str]):
    """The asking member's own id for whatever an address asks."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._own = str(house.member_id)

    def __missing__(self, name: str) -> str:
        return self._own


@pytest.mark.parametrize("kind", ["73 bytes", "73 bytes of two each", "letters from beyond", "1,024 bytes"])
def test_all_of_a_long_password_counts(client: TestClient, runtime: Runtime, kind: str) -> None:
    """bcrypt would stop at 72 bytes, and at a NUL."""
    email, password = factories.an_email(), ODD[kind]
    factories.an_organization(runtime.database, email=email, password=password)

    def login(tried: str) -> int:
        sent = {"email": email, "password": tried}
        status: int = client.post(f"{V1}/auth/login", json=sent).status_code
        return status

    assert login(password[:-1] + "x") == 401
    assert login(password[:-1]) == 401
    assert login(password) == 200
