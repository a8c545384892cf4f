"""POST webhooks/{slug}: what channels tell, and what strangers learn there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.app import create
from hub import clock
from hub.ids import new_id, new_token
from hub.models.sync import WatchChannel
from hub.queries import watches
from hub.vault import token_hash
from sync.runtime import Runtime
from tests.api.houses import House, check_problem
from tests.api.synced import synced
from tests.connectors.contract import Fault
from tests.connectors.sandbox.playing import SandboxHarness, playing

TOKEN = new_token()


@pytest.fixture
def calendars() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


def watched(house: House, calendars: SandboxHarness) -> tuple[dict[str, Any], UUID]:
    """A link, and a watch of it."""
    link, watch_id = synced(house, calendars), new_id()

    def work(session: Any) -> None:
        session.add(
            WatchChannel(
                organization_id=house.organization_id,
                id=watch_id,
                link_id=UUID(link["id"]),
                token_hash=token_hash(TOKEN),
                resource=calendars.agenda.name,
                opened_at=clock.now(),
                expires_at=clock.now() + timedelta(days=7),
            )
        )

    house.work(work)
    return link, watch_id


def told(client: TestClient, watch_id: object, token: str = TOKEN, says: str = "changed") -> Any:
    headers = {"X-Bell": str(watch_id), "X-Bell-Token": token, "X-Bell-Says": says}
    return client.post("/webhooks/sandbox", headers=headers)


def heard(house: House, link: dict[str, Any]) -> int:
    (row,) = house.work(lambda session: watches.of_link(session, UUID(link["id"])))
    found: int = row.notices
    return found


def test_a_notice_is_heard_by_its_headers_whatever_its_body(house: House, calendars: SandboxHarness) -> None:
    link, watch_id = watched(house, calendars)
    assert house.get(f"/links/{link['id']}").json()["watched_until"] is not None

    answer = told(house.client, watch_id)

    assert (answer.status_code, answer.content) == (204, b"")
    assert told(house.client, watch_id, says="hello").status_code == 204
    headers = {"X-Bell": str(watch_id), "X-Bell-Token": TOKEN, "X-Bell-Says": "changed"}
    odd = house.client.post("/webhooks/sandbox", headers=headers, content=b"{\xff")
    assert odd.status_code == 204
    assert heard(house, link) == 2


def test_a_stranger_learns_nothing_of_which_watches_there_are(
    house: House, calendars: SandboxHarness
) -> None:
    link, watch_id = watched(house, calendars)

    answers = [
        told(house.client, watch_id, new_token()),
        told(house.client, new_id()),
        told(house.client, "no-id"),
        told(house.client, watch_id, says="bye"),
        house.client.post("/webhooks/sandbox"),
        house.client.post("/webhooks/ical"),
        house.client.post("/webhooks/pigeon"),
    ]

    for answer in answers:
        check_problem(answer, 404, "not_found")
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert heard(house, link) == 0


def test_notices_are_many_before_they_are_too_many(
    runtime: Runtime, house: House, calendars: SandboxHarness
) -> None:
    _, watch_id = watched(house, calendars)
    settings = runtime.settings.model_copy(update={"rate_public": 1, "rate_webhook": 3})
    door = create(runtime=replace(runtime, settings=settings))
    with TestClient(door, client=("203.0.113.9", 4711)) as client:
        answers = [told(client, watch_id).status_code for _ in range(4)]

    assert answers.count(204) >= 3
    assert set(answers) <= {204, 429}


def test_a_removed_links_watch_is_closed_there(house: House, calendars: SandboxHarness) -> None:
    for fault in (None, Fault.OUTAGE):
        link, watch_id = watched(house, calendars)
        calendars.service._bells.hang(
            calendars.agenda.name, str(watch_id), "http://127.0.0.1:9/webhooks/sandbox", TOKEN
        )
        if fault:
            calendars.break_(fault)
        assert house.ask("DELETE", f"/links/{link['id']}").status_code == 204
        calendars.heal()
        hanging = [bell.name for bell in calendars.service._bells.all()]
        assert (str(watch_id) in hanging) is bool(fault)
        check_problem(told(house.client, watch_id), 404, "not_found")
