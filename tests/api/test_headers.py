"""What answers say to browsers, which pages may ask, and how long a request may take."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from api.app import create
from sync.runtime import Runtime
from tests.api.houses import V1, House, check_problem

PAGE = "https://app.example.com"


@contextmanager
def opened(runtime: Runtime, **settings: Any) -> Iterator[TestClient]:
    changed = replace(runtime, settings=runtime.settings.model_copy(update=settings))
    with TestClient(create(runtime=changed), base_url="https://hub.example.com") as client:
        yield client


@pytest.mark.parametrize("path", ["/livez", f"{V1}/bookings", "/nowhere", f"{V1}/openapi.json"])
def test_every_answer_forbids_what_an_api_never_needs(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "geolocation=()" in headers["permissions-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers.get("cache-control") == ("no-store" if path.startswith(V1) else None)
    assert "server" not in headers


def test_a_hub_without_https_does_not_ask_for_it(runtime: Runtime) -> None:
    with opened(runtime, base_url="http://127.0.0.1:8000") as client:
        assert "strict-transport-security" not in client.get("/livez").headers


def test_the_documentation_runs_its_own_scripts_and_no_others(client: TestClient) -> None:
    page = client.get("/docs")
    policy = page.headers["content-security-policy"]

    inline = re.findall(r"<script(?![^>]*src=)[^>]*>(.*?)</script>", page.text, re.DOTALL)
    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    scripts = policy.partition("script-src ")[2].partition(";")[0]
    assert "unsafe" not in scripts
    assert "http" not in policy
    assert not re.findall(r"\son\w+=", page.text), "no handler within a tag, which the policy forbids"


def preflight(client: TestClient, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key,content-type",
    }
    return client.options(f"{V1}/bookings", headers=headers)


def test_pages_of_listed_origins_may_ask(runtime: Runtime, house: House) -> None:
    with opened(runtime, cors_origins=f"{PAGE}/, https://other.example.com") as client:
        asked = preflight(client, PAGE)
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "access-control-allow-credentials" not in asked.headers
        bearer = {"Authorization": f"Bearer {house.token}", "Origin": PAGE}
        answer = client.get(f"{V1}/bookings", headers=bearer)
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "RateLimit" in answer.headers["access-control-expose-headers"]

        for origin in ("https://evil.example", "https://app.example.com.evil.example", "null"):
            assert preflight(client, origin).status_code == 400
            assert "access-control-allow-origin" not in preflight(client, origin).headers


def test_without_a_list_no_page_may_ask(client: TestClient) -> None:
    assert "access-control-allow-origin" not in preflight(client, PAGE).headers


def test_the_largest_body_is_a_setting(runtime: Runtime) -> None:
    with opened(runtime, max_body_bytes=2000) as client:
        answer = client.post(f"{V1}/auth/login", content=b" " * 2001)
        assert check_problem(answer, 413, "too_large")["detail"] == "a request may have 2000 bytes"
        chunks = (b" " * 500 for _ in range(5))
        headers = {"Content-Type": "application/json"}
        check_problem(client.post(f"{V1}/auth/login", content=chunks, headers=headers), 413, "too_large")


def test_a_request_that_takes_too_long_is_answered_all_the_same(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    changed = replace(runtime, settings=runtime.settings.model_copy(update={"request_seconds": 1.0}))
    door, over = create(runtime=changed), threading.Event()

    @door.http.get("/slow")
    def slow() -> None:
        over.wait(20)

    with TestClient(door) as client:
        try:
            answer = client.get("/slow", headers={"X-Request-ID": "slow-one"})
        finally:
            over.set()
        assert client.get("/livez").status_code == 200

    check_problem(answer, 504, "too_slow")
    assert "slow-one" in caplog.text


def test_an_answer_that_has_begun_may_take_its_time(runtime: Runtime) -> None:
    changed = replace(runtime, settings=runtime.settings.model_copy(update={"request_seconds": 1.0}))
    door = create(runtime=changed)

    async def told() -> AsyncIterator[bytes]:
        for word in (b"one ", b"two ", b"three"):
            await asyncio.sleep(0.5)
            yield word

    @door.http.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(told())

    with TestClient(door) as client:
        assert client.get("/stream").text == "one two three"


def test_a_timeout_of_something_else_is_a_defect_and_no_504(runtime: Runtime) -> None:
    door = create(runtime=runtime)

    @door.http.get("/defect")
    def defect() -> None:
        raise TimeoutError("of another kind")

    with TestClient(door) as client:
        check_problem(client.get("/defect"), 500, "internal")


def test_a_request_is_logged_by_its_route_and_its_caller(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    booked = house.book()
    with caplog.at_level(logging.INFO, "api.requests"):
        house.get(f"/bookings/{booked['id']}")
        house.client.get("/feeds/of-nobody.ics")

    (record,) = [one for one in caplog.records if one.name == "api.requests"]
    said = vars(record)
    assert (said["method"], said["route"]) == ("GET", "GET /api/v1/bookings/{booking_id}")
    assert (said["status"], said["organization"]) == (200, str(house.organization_id))
    assert said["caller"] == f"member:{house.member_id}"
    assert said["ms"] > 0
