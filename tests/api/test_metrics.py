"""GET metrics: who may read it, and that it says what is so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from api import metrics
from hub import clock as hub_clock
from hub.database import Database
from hub.queries import metrics as query
from hub.queries.metrics import Facts
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import GUEST, House, check_problem
from tests.api.linked import linked, pulled, says
from tests.api.scraping import samples, served, value
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import nights
from workers import schedule
from workers.app import build

TOKEN = "a token of the tests"
TODAY = hub_clock.now().date()
STAY = (TODAY + timedelta(days=20), TODAY + timedelta(days=23))


def with_token(runtime: Runtime, token: str | None = TOKEN) -> Runtime:
    settings = runtime.settings.model_copy(update={"metrics_token": SecretStr(token) if token else None})
    return replace(runtime, settings=settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_from_this_machine_nothing_more_is_needed(runtime: Runtime, host: str) -> None:
    with served(runtime, host) as client:
        answer = client.get("/metrics")

    assert value(samples(answer), "hub_database_up") == 1
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"


def test_from_elsewhere_the_token_is_needed(runtime: Runtime) -> None:
    with served(with_token(runtime), "192.0.2.7") as client:
        check_problem(client.get("/metrics"), 401, "metrics_token")
        wrong = client.get("/metrics", headers={"Authorization": "Bearer another"})
        check_problem(wrong, 401, "metrics_token")
        assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("sent", ["", "None", "another"])
def test_without_a_token_in_the_settings_nobody_elsewhere_may(runtime: Runtime, sent: str) -> None:
    with served(with_token(runtime, None), "192.0.2.7") as client:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {sent}"})

    check_problem(answer, 401, "metrics_token")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"]
)
def test_what_a_proxy_on_this_machine_brings_comes_from_elsewhere(runtime: Runtime, header: str) -> None:
    with served(runtime) as client:
        check_problem(client.get("/metrics", headers={header: "192.0.2.7"}), 401, "metrics_token")


def test_an_access_token_of_a_member_is_no_token_of_a_monitor(runtime: Runtime, house: House) -> None:
    with served(with_token(runtime), "192.0.2.7") as client:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {house.token}"})

    check_problem(answer, 401, "metrics_token")


def test_a_link_is_told_as_it_does(
    runtime: Runtime, house: House, channel: FeedServer, clock: FrozenClock
) -> None:
    says(channel, nights("a", *STAY))
    link = linked(house, channel)
    pulled(house, link)
    channel.answer("/s3cret.ics", Answer(status=500))
    clock.advance(timedelta(hours=1))
    pulled(house, link)
    clock.advance(timedelta(hours=1))

    with served(runtime) as client:
        found = samples(client.get("/metrics"))

    own = {"link": link["id"], "organization": str(house.organization_id), "channel": "Seaside Rentals"}
    assert value(found, "hub_link_age_seconds", **own) == 7200
    assert value(found, "hub_link_failures", **own) == 1
    assert value(found, "hub_link_interval_seconds", **own) == 900
    assert value(found, "hub_link_next_pull_seconds", **own) < 0, "overdue"
    assert value(found, "hub_links", connector="ical", state="active") >= 1
    assert value(found, "hub_links_stale", connector="ical") >= 1
    assert value(found, "hub_runs_last_hour", state="failed", trigger="schedule") >= 1


def test_more_links_than_a_monitor_is_to_pay_for_are_told_by_their_connectors(
    runtime: Runtime, house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(channel)
    link = linked(house, channel)
    pulled(house, link)
    monkeypatch.setattr(metrics, "MOST_LINKS", 0)

    with served(runtime) as client:
        found = samples(client.get("/metrics"))

    assert value(found, "hub_links_told_singly") == 0
    assert not [one for one in found if one.labels.get("link")]
    buckets = {one.labels["le"]: one.value for one in found if one.name == "hub_links_age_seconds_bucket"}
    assert buckets["+Inf"] >= buckets["604800.0"] >= buckets["60.0"] >= 0
    assert buckets["+Inf"] >= 1
    assert value(found, "hub_links", connector="ical", state="active") >= 1


def test_requests_are_counted_by_operation_and_never_by_address(runtime: Runtime, house: House) -> None:
    with served(runtime) as client:
        bearer = {"Authorization": f"Bearer {house.token}"}
        client.get(f"/api/v1/units/{house.rooms[0]}", headers=bearer)
        client.get("/api/v1/nowhere/s3cret")
        found = samples(client.get("/metrics"))

    one = {"operation": "GET /api/v1/units/{unit_id}"}
    assert value(found, "hub_http_requests_total", **one, status="200") == 1
    assert value(found, "hub_http_request_duration_seconds_count", **one) == 1
    assert value(found, "hub_http_requests_total", operation="none", status="404") == 1
    operations = {one.labels["operation"] for one in found if "operation" in one.labels}
    assert not [name for name in operations if house.rooms[0] in name or "s3cret" in name]


def test_no_guest_is_in_it(runtime: Runtime, house: House, channel: FeedServer) -> None:
    says(channel, nights("a", *STAY, summary="Grace Hopper +1 555 0100"))
    pulled(house, linked(house, channel))
    body = {
        "property_id": house.property_id,
        "items": [{"unit_id": house.rooms[1], "arrival": str(STAY[0]), "departure": str(STAY[1])}],
        "guest": GUEST,
    }
    booked = house.post("/bookings", body)
    assert booked.status_code == 201, booked.text

    with served(runtime) as client:
        told = client.get("/metrics").text

    for secret in (*GUEST.values(), "Grace Hopper", "555 0100", booked.json()["reference"], "s3cret.ics"):
        assert secret not in told


def test_five_monitors_ask_the_database_once(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Facts] = []
    read = query.read

    def counted(*of: Any, **known: Any) -> Facts:
        asked.append(read(*of, **known))
        return asked[-1]

    monkeypatch.setattr(query, "read", counted)
    with served(runtime) as client:
        for _ in range(5):
            assert client.get("/metrics").status_code == 200
        assert len(asked) == 1
    monkeypatch.setattr(metrics, "FRESH_FOR", -1.0)
    scrape = metrics.Scrape(lambda: runtime)
    for _ in range(2):
        list(scrape.collect())
    assert len(asked) == 3, "the control: what is not fresh is asked anew"


def test_without_a_database_it_still_answers_and_says_so(runtime: Runtime) -> None:
    nowhere = Database("postgresql+psycopg://hub_app@127.0.0.1:9/hub", factories.a_vault())
    with served(replace(runtime, database=nowhere)) as client:
        found = samples(client.get("/metrics"))
    nowhere.dispose()

    assert value(found, "hub_database_up") == 0
    assert not [one for one in found if one.name == "hub_links"]
    assert value(found, "hub_build_info") == 1


def test_the_queues_are_those_of_the_timetable_and_counted_as_the_broker_keeps_them(
    runtime: Runtime, redis_url: str
) -> None:
    assert set(metrics.QUEUES) == {queue.name for queue in schedule.QUEUES}
    settings = runtime.settings.model_copy(update={"redis_url": redis_url})
    celery = build(settings)
    for _ in range(3):
        celery.send_task("relay", queue=schedule.TIMELY)
    celery.close()

    with served(replace(runtime, settings=settings)) as client:
        found = samples(client.get("/metrics"))

    assert value(found, "hub_queue_messages", queue="timely") == 3
    assert value(found, "hub_queue_messages", queue="pulls") == 0


def test_of_another_broker_nothing_is_claimed(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"broker_url": "amqp://127.0.0.1:9"})
    with served(replace(runtime, settings=settings)) as client:
        found = samples(client.get("/metrics"))

    assert not [one for one in found if one.name == "hub_queue_messages"]
