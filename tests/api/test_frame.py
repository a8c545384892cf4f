"""What surrounds every request: ids, limits, problems for whatever has no route, docs without a CDN."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from api.app import create
from hub.config import Settings
from sync.runtime import Runtime
from tests.api.houses import House, check_problem

LARGEST_BODY: int = Settings.model_fields["max_body_bytes"].default


def test_a_sane_request_id_is_kept_and_echoed(client: TestClient) -> None:
    answer = client.get("/livez", headers={"X-Request-ID": "order-1042.a_B"})

    assert answer.headers["x-request-id"] == "order-1042.a_B"


@pytest.mark.parametrize("sent", [None, "", "a b", "<script>", "x" * 65, "a;b"])
def test_any_other_request_gets_an_id_of_its_own(client: TestClient, sent: str | None) -> None:
    headers = {} if sent is None else {"X-Request-ID": sent}

    first, second = (client.get("/livez", headers=headers).headers["x-request-id"] for _ in range(2))

    assert re.fullmatch(r"[0-9a-f-]{36}", first)
    assert first != second


def test_a_body_that_is_declared_too_large_is_not_read(house: House) -> None:
    answer = house.ask("POST", "/bookings", content=b" " * (LARGEST_BODY + 1))

    check_problem(answer, 413, "too_large")


def test_a_body_that_turns_out_too_large_is_refused(house: House) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 65536 + 1):
            yield b" " * 65536

    answer = house.ask("POST", "/bookings", content=endless(), headers={"Content-Type": "application/json"})

    check_problem(answer, 413, "too_large")


def test_a_body_of_the_largest_size_is_read(house: House) -> None:
    body = json.dumps(house.stay()).encode()
    padded = body + b" " * (LARGEST_BODY - len(body))

    answer = house.ask("POST", "/bookings", content=padded, headers={"Content-Type": "application/json"})

    assert answer.status_code == 201


@pytest.mark.parametrize("body", [b"{", b"[1,", b'{"items": [}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(house: House, body: bytes) -> None:
    answer = house.ask("POST", "/bookings", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_malformed_json_says_where(house: House) -> None:
    answer = house.ask(
        "POST", "/bookings", content=b'{"items": ]', headers={"Content-Type": "application/json"}
    )

    said = check_problem(answer, 400, "malformed_json")
    assert said["detail"].endswith("at character 10")


def test_a_form_is_no_json(house: House) -> None:
    check_problem(house.ask("POST", "/bookings", data={"guests": "2"}), 415, "not_json")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_nobody_reads_may_be_anything(house: House, body: bytes) -> None:
    path = f"/links/{uuid4()}/sync"

    check_problem(house.ask("POST", path, content=body, headers={"Idempotency-Key": "k"}), 404, "not_found")


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_json_that_is_no_object_is_refused(house: House, body: object) -> None:
    answer = house.ask(
        "POST", "/bookings", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )

    check_problem(answer, 422, "no_object")


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/nothing", "/api/v1/bookings/", "/wp-login.php"])
def test_an_address_without_a_route_is_a_problem(client: TestClient, path: str) -> None:
    check_problem(client.get(path, follow_redirects=False), 404, "not_found")


def test_a_method_without_a_route_is_a_problem(client: TestClient) -> None:
    answer = client.put("/api/v1/bookings")

    check_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]


def test_a_feed_never_reaches_fastapi(client: TestClient) -> None:
    answer = client.get("/feeds/of-nobody.ics")

    assert answer.status_code == 404
    assert "x-request-id" not in answer.headers


def test_a_defect_shows_no_trace_and_is_logged_under_the_requests_id(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    door = create(runtime=runtime)

    @door.http.get("/defect")
    def defect() -> None:
        raise ZeroDivisionError("a secret of the house")

    with TestClient(door) as client:
        answer = client.get("/defect", headers={"X-Request-ID": "the-one-that-failed"})

    said = check_problem(answer, 500, "internal")
    assert said["request_id"] == "the-one-that-failed"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    (record,) = [record for record in caplog.records if record.name == "api.frame"]
    assert "the-one-that-failed" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_the_documentation_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")

    assert page.status_code == 200
    links = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)["']""", page.text)
    assert links, page.text
    for link in links:
        assert link.startswith("/"), link
        assert client.get(link).status_code == 200, link
    assert "//" not in re.sub(r"\s//[^\n]*", "", page.text).replace("window.location.origin", "")
    assert '"validatorUrl": null' in page.text


def test_the_door_opens_its_own_runtime_and_closes_it(runtime: Runtime) -> None:
    door = create(runtime.settings)

    with TestClient(door) as client:
        assert client.get("/readyz").json() == {"status": "ready"}
        opened = door.http.state.runtime
        assert opened is not runtime
    assert opened.database.engine.pool.checkedout() == 0
