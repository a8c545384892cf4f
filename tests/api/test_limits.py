"""How often one may ask: by address, account and caller; whom X-Forwarded-For convinces; without Redis."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from starlette.testclient import TestClient

from api.app import create
from api.limits import network_of
from api.serve import behind
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.api.machines import a_key
from tests.conftest import FrozenClock

Doors = Callable[..., TestClient]

NUMBERS = {"rate_auth_address": 8, "rate_auth_account": 3, "rate_public": 4, "rate_caller": 5}
PEER = ("198.51.100.7", 4711)
DEAD = "redis://127.0.0.1:1/0"


@pytest.fixture
def doors(runtime: Runtime, redis_url: str, clock: FrozenClock) -> Iterator[Doors]:
    """Doors with few requests a minute, each as a process of its own; the minute has just begun."""
    clock.at(clock.instant.replace(second=0, microsecond=0) + timedelta(hours=1))
    with ExitStack() as stack:

        def opened(**settings: Any) -> TestClient:
            given = {"redis_url": redis_url, **NUMBERS, **settings}
            changed = runtime.settings.model_copy(update=given)
            app = behind(create(runtime=replace(runtime, settings=changed)), changed)
            return stack.enter_context(TestClient(app, base_url="https://hub.example.com", client=PEER))

        yield opened


def login(client: TestClient, email: str | None = None, forwarded: str | None = None) -> Any:
    body = {"email": email or factories.an_email(), "password": "not the password"}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return client.post(f"{V1}/auth/login", json=body, headers=headers)


def check_too_often(answer: Any, policy: str, seconds: int) -> None:
    said = check_problem(answer, 429, "too_often")
    assert said["errors"][0]["policy"] == policy
    assert answer.headers["retry-after"] == str(seconds)


def test_an_answer_says_how_many_are_left_until_when(house: House, doors: Doors, clock: FrozenClock) -> None:
    client = doors()
    clock.advance(timedelta(seconds=20))

    answer = client.get(f"{V1}/bookings", headers={"Authorization": f"Bearer {house.token}"})

    assert answer.headers["ratelimit-policy"] == '"caller";q=5;w=60'
    assert answer.headers["ratelimit"] == '"caller";r=4;t=40'


@pytest.mark.parametrize("kind", ["member", "key"])
def test_each_caller_has_so_many_a_minute(house: House, doors: Doors, clock: FrozenClock, kind: str) -> None:
    client = doors()
    token = house.token if kind == "member" else a_key(house).secret
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(5):
        assert client.get(f"{V1}/bookings", headers=headers).status_code == 200

    check_too_often(client.get(f"{V1}/bookings", headers=headers), "caller", 60)

    other = {"Authorization": f"Bearer {a_key(house).secret}"}
    assert client.get(f"{V1}/bookings", headers=other).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert client.get(f"{V1}/bookings", headers=headers).status_code == 200


def test_processes_count_together(house: House, doors: Doors) -> None:
    clients = [doors(), doors()]
    headers = {"Authorization": f"Bearer {house.token}"}

    answers = [clients[n % 2].get(f"{V1}/bookings", headers=headers).status_code for n in range(6)]

    assert answers == [200] * 5 + [429]


def test_one_account_is_tried_few_times_and_one_address_some_more(doors: Doors) -> None:
    client, email = doors(), factories.an_email()

    answers = [login(client, email.upper() if n % 2 else email) for n in range(4)]

    assert [answer.status_code for answer in answers] == [401] * 3 + [429]
    check_too_often(answers[3], "account", 60)
    others = [login(client) for _ in range(5)]
    assert [answer.status_code for answer in others] == [401] * 4 + [429]
    check_too_often(others[4], "auth", 60)


def test_an_account_that_no_letters_spell_is_counted_as_well(doors: Doors) -> None:
    body = '{"email": "\\ud800", "password": "not the password"}'
    client = doors()

    answer = client.post(f"{V1}/auth/login", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (401, 422)


def test_keys_cannot_be_tried_out(doors: Doors) -> None:
    client = doors()
    answers = [
        client.get(f"{V1}/bookings", headers={"X-API-Key": f"hub_{n:048d}"}).status_code for n in range(5)
    ]
    assert answers == [401] * 4 + [429]


@pytest.mark.parametrize("trusted", ["", "203.0.113.0/24"])
def test_who_is_no_proxy_of_ours_changes_nothing_by_x_forwarded_for(doors: Doors, trusted: str) -> None:
    client = doors(trusted_proxies=trusted)

    answers = [login(client, forwarded=f"192.0.2.{n}, 203.0.113.9").status_code for n in range(30)]

    assert answers == [401] * 8 + [429] * 22


def test_a_proxy_of_ours_says_who_asks_and_nobody_before_it(doors: Doors) -> None:
    client = doors(trusted_proxies="198.51.100.0/24")

    answers = [login(client, forwarded=f"192.0.2.{n}, 203.0.113.9").status_code for n in range(9)]

    assert answers == [401] * 8 + [429]
    assert login(client, forwarded="203.0.113.10").status_code == 401


def test_the_change_log_has_the_address_that_is_believed(house: House, doors: Doors) -> None:
    client = doors(trusted_proxies="198.51.100.7")
    headers = {"Authorization": f"Bearer {house.token}", "X-Forwarded-For": "1.2.3.4, 203.0.113.9"}
    booked = client.post(f"{V1}/bookings", json=house.stay(), headers=headers).json()

    (row,) = house.get("/audit", entity="booking", entity_id=booked["id"]).json()["items"]

    assert row["address"] == "203.0.113.9"


def test_without_redis_each_process_counts_with_the_same_numbers(
    house: House, doors: Doors, caplog: pytest.LogCaptureFixture, clock: FrozenClock
) -> None:
    clients = [doors(redis_url=DEAD), doors(redis_url=DEAD)]
    headers = {"Authorization": f"Bearer {house.token}"}

    def warned() -> int:
        return sum(record.name == "api.limits" for record in caplog.records)

    with caplog.at_level(logging.WARNING, "api.limits"):
        for client in clients:
            answers = [client.get(f"{V1}/bookings", headers=headers).status_code for _ in range(6)]
            assert answers == [200] * 5 + [429]
            clock.advance(timedelta(seconds=10))
        login(clients[0])
        assert warned() == 2, "once a minute for each process"
        clock.advance(timedelta(minutes=1))
        login(clients[0])
    assert warned() == 3


def test_redis_is_asked_again_when_it_is_back(house: House, doors: Doors, clock: FrozenClock) -> None:
    client = doors()
    headers = {"Authorization": f"Bearer {house.token}"}
    with gone(client):
        for _ in range(5):
            client.get(f"{V1}/bookings", headers=headers)
    assert client.get(f"{V1}/bookings", headers=headers).status_code == 429, "not asked yet"

    clock.advance(timedelta(seconds=5))

    assert client.get(f"{V1}/bookings", headers=headers).headers["ratelimit"] == '"caller";r=4;t=55'


@contextmanager
def gone(client: TestClient) -> Iterator[None]:
    """Redis refuses within."""
    limiter = client.app.http.state.limiter  # type: ignore[attr-defined]
    patch = pytest.MonkeyPatch()

    def refuses() -> Any:
        raise ConnectionRefusedError

    patch.setattr(limiter, "_redis", refuses)
    yield
    patch.undo()


def test_redis_holds_nobodys_address(doors: Doors, redis_url: str) -> None:
    email = factories.an_email()
    login(doors(), email)

    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        held = " ".join(str(key) for key in client.keys("*rates*"))
    assert held
    assert email not in held
    assert PEER[0] not in held


def test_health_is_never_limited(doors: Doors) -> None:
    client = doors()
    assert {client.get(path).status_code for path in ("/livez", "/readyz") for _ in range(10)} == {200}


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix:", "unix:"),
        (None, "nowhere"),
    ],
)
def test_a_household_counts_as_one(address: str | None, counted: str) -> None:
    assert network_of(address) == counted
