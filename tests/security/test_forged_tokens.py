"""What is no token of ours, or no longer: 401 and a problem, whatever it is and whatever is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.testclient import TestClient

from hub import clock
from hub.services import tokens
from sync.runtime import Runtime
from tests.api.described import OPERATIONS
from tests.api.houses import V1, House
from tests.conftest import FrozenClock

HOUR = 3600
NOBODYS = "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101"

Forger = Callable[[House], str]


@pytest.fixture(scope="module")
def house(client: TestClient, runtime: Runtime) -> House:
    """One for all tests here: they change nothing of it."""
    return House.build(client, runtime)


def key_of(house: House) -> bytes:
    return house.runtime.database.vault.token_key


def claims(house: House, **other: Any) -> dict[str, Any]:
    """Those of a good token, but for these; None leaves one out."""
    said = jwt.decode(house.token, options={"verify_signature": False}) | other
    return {name: value for name, value in said.items() if value is not None}


def signed(house: House, **other: Any) -> str:
    return by_hand(house, {"alg": "HS256", "typ": "JWT"}, **other)


def claiming(name: str, value: Any) -> Forger:
    """Signed by us, with another claim; None is none at all."""
    return lambda house: signed(house, **{name: value})


def moved(house: House, by: int, *names: str, lifetime: int = 0) -> str:
    """Signed by us, with some of its times moved."""
    said = claims(house)
    times = {name: said.get(name, said["iat"]) + by for name in names}
    return signed(house, **times | ({"exp": said["iat"] + by + lifetime} if lifetime else {}))


def by_hand(
    house: House,
    header: dict[str, Any],
    signature: bytes | None = None,
    key: bytes | None = None,
    **other: Any,
) -> str:
    """Put together without a library, which would refuse to; signed with our key if with no other."""
    parts = [_base64(json.dumps(part).encode()) for part in (header, claims(house, **other))]
    if signature is None:
        signature = hmac.digest(key or key_of(house), ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, _base64(signature)])


def _base64(given: bytes) -> str:
    return base64.urlsafe_b64encode(given).rstrip(b"=").decode()


def by_an_rsa_key(house: House) -> str:
    return jwt.encode(claims(house), rsa.generate_private_key(65537, 2048), "RS256")


def confused(house: House) -> str:
    """HS256 with a public key for its secret, for who takes any algorithm with any key."""
    public = rsa.generate_private_key(65537, 2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return by_hand(house, {"alg": "HS256"}, key=pem)


def tampered(house: House) -> str:
    head, body, signature = house.token.split(".")
    said = claims(house, role="super_admin")
    other = _base64(json.dumps(said).encode())
    assert body != other
    return f"{head}.{other}.{signature}"


BAD: dict[str, tuple[Any, ...]] = {
    "iss": (None, "somebody", [tokens.ISSUER]),
    "aud": (None, "another/api"),
    "sub": (None, 7, "", ["x"], NOBODYS),
    "org": (None, 7, "7", {}, NOBODYS),
    "role": (None, 4, "emperor", "Admin", "admin\x00", ["admin"]),
    "iat": (None, "now", -(10**400)),
    "nbf": ("soon", {}),
    "exp": (None, True, "9999999999", float("inf"), 10**400, [1]),
}

FORGED: dict[str, Forger] = {
    "no algorithm": lambda house: jwt.encode(claims(house), "", "none"),
    "no algorithm, our signature": lambda house: by_hand(house, {"alg": "none", "typ": "JWT"}),
    "no algorithm, spelt otherwise": lambda house: by_hand(house, {"alg": "nOnE"}, b""),
    "no algorithm said": lambda house: by_hand(house, {"typ": "JWT"}),
    "algorithm of another type": lambda house: by_hand(house, {"alg": ["HS256"]}),
    "HS512 with our key": lambda house: jwt.encode(claims(house), key_of(house) * 2, "HS512"),
    "RS256": by_an_rsa_key,
    "HS256 with a public key": confused,
    "a key that the header brings": lambda house: jwt.encode(
        claims(house), b"0" * 32, "HS256", {"jwk": {"kty": "oct", "k": _base64(b"0" * 32)}}
    ),
    "a key at an address": lambda house: jwt.encode(
        claims(house), b"0" * 32, "HS256", {"jku": "https://example.com/keys", "kid": "1"}
    ),
    "a key in a file": lambda house: by_hand(house, {"alg": "HS256", "kid": "../../../dev/null"}, key=b"\n"),
    "a key out of a table": lambda house: jwt.encode(
        claims(house), b"x" * 32, "HS256", {"kid": "' UNION SELECT 'x"}
    ),
    "a part that must be understood": lambda house: by_hand(
        house, {"alg": "HS256", "crit": ["exp"], "exp": 1}
    ),
    "the signing key as it is": lambda house: jwt.encode(
        claims(house), house.runtime.settings.signing_key(), "HS256"
    ),
    "another key": lambda house: jwt.encode(claims(house), b"x" * 32, "HS256"),
    "expired": lambda house: moved(house, -HOUR, "iat", "exp"),
    "not good yet": lambda house: moved(house, 300, "nbf"),
    "made in the future": lambda house: moved(house, HOUR, "iat", "exp"),
    "good for longer than ours are": lambda house: moved(house, 0, "iat", lifetime=HOUR),
    **{
        f"{name} {str(value)[:20]!r}": claiming(name, value)
        for name, values in BAD.items()
        for value in values
    },
    "cut short": lambda house: house.token[:-4],
    "without a signature": lambda house: house.token.rpartition(".")[0] + ".",
    "another role, the old signature": tampered,
    "garbage": lambda _: "garbage",
    "four dots": lambda _: "....",
    "empty objects": lambda _: "e30.e30.e30",
    "unicode": lambda _: "\u00e9\U0001f511.\u00e9.\u00e9",
    "two tokens": lambda house: f"{house.token} {house.token}",
    "two tokens and a comma": lambda house: f"{house.token}, {house.token}",
    "quoted": lambda house: f'"{house.token}"',
    "very long": lambda _: "a" * 100_000,
    "very long, in parts": lambda house: f"{house.token}.{'a' * 100_000}",
    "deep": lambda _: f"{_base64(b'[' * 50_000)}.e30.x",
    "a refresh token": lambda _: "hub_rt_" + "x" * 40,
    "an API key": lambda _: "hub_4fKq9ZtRw0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwEbN1c",
}


def check_refused(answer: Any) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Traceback" not in answer.text


def send(client: TestClient, authorization: str, method: str = "GET", path: str = f"{V1}/bookings") -> Any:
    headers = {b"Authorization": authorization.encode("utf-8", "surrogatepass")}
    return client.request(method, path, headers=headers)


def test_there_are_many_kinds_and_a_good_one_is_let_in(house: House) -> None:
    assert len(FORGED) >= 25
    for good in (house.token, signed(house), moved(house, 30, "nbf")):
        assert send(house.client, f"Bearer {good}").status_code == 200


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_is_refused(house: House, kind: str) -> None:
    forged = FORGED[kind](house)

    check_refused(send(house.client, f"Bearer {forged}"))


@pytest.mark.parametrize("scheme", ["Basic", "Token", "JWT", "Bearer:", "Bearer\t", ""])
def test_another_scheme_is_refused(house: House, scheme: str) -> None:
    check_refused(send(house.client, f"{scheme} {house.token}"))


def test_a_token_of_a_neighbours_organization_with_our_member_is_refused(
    house: House, neighbours: House
) -> None:
    assert house.get("/bookings").status_code == 200  # by now the member is remembered

    check_refused(send(house.client, f"Bearer {signed(house, org=str(neighbours.organization_id))}"))


def test_who_was_deactivated_is_refused_within_a_minute(house: House, clock: FrozenClock) -> None:
    colleague = house.colleague("staff")
    token = colleague.token
    assert send(house.client, f"Bearer {token}").status_code == 200

    assert house.ask("DELETE", f"/organization/members/{colleague.member_id}").status_code == 204
    clock.advance(timedelta(minutes=1))

    check_refused(send(house.client, f"Bearer {token}"))


@pytest.mark.parametrize("title", [name for name, one in OPERATIONS.items() if one.get("security")])
def test_every_operation_that_asks_for_a_caller_refuses_a_forged_one(house: House, title: str) -> None:
    """Whatever is in the address: who is nobody learns nothing of it, nor of what the body should be."""
    method, _, path = title.partition(" ")

    check_refused(send(house.client, f"Bearer {FORGED['another key'](house)}", method, path))
    check_refused(house.client.request(method, path))


def test_what_asks_for_no_caller_is_known() -> None:
    """A new operation that anybody may ask for is a decision, and belongs on this list."""
    open_to_all = {name.partition(" ")[2] for name, one in OPERATIONS.items() if not one.get("security")}
    proven = ("/webhooks/", f"{V1}/connections/sign-in/callback")  # by what they bring, not by who they are
    known = (*proven, "/livez", "/readyz", "/metrics", f"{V1}/auth/", f"{V1}/invitations/", f"{V1}/public/")
    assert [path for path in open_to_all if not path.startswith(known)] == []


def test_times_are_judged_by_the_clock_of_the_hub(house: House, clock: FrozenClock) -> None:
    token = house.token
    clock.at(clock.instant - timedelta(minutes=5))

    check_refused(send(house.client, f"Bearer {token}"))


def test_our_own_tokens_are_good_for_a_quarter_of_an_hour_at_most(house: House) -> None:
    said = claims(house)

    assert said["exp"] - said["iat"] <= 15 * 60
    assert abs(said["iat"] - clock.now().timestamp()) < 60
