"""GET sync-runs/{id}/payloads: what a sync read, for who may read bookings."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem
from tests.api.linked import FEED, linked, pulled, says
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, day, nights

BODY = calendar(nights("a", day(20), day(23), "Wilhelmina"))


@pytest.fixture
def run(house: House, channel: FeedServer) -> dict[str, Any]:
    """One that brought a stay."""
    channel.answer(FEED, Answer(body=BODY))
    link = linked(house, channel)
    pulled(house, link)
    (found,) = house.get(f"/links/{link['id']}/runs").json()["items"]
    return dict(found)


def test_staff_fetches_the_very_bytes_as_a_file(house: House, run: dict[str, Any]) -> None:
    staff = house.colleague("staff")
    (listed,) = staff.get(f"/sync-runs/{run['id']}/payloads").json()["items"]
    assert (listed["media_type"], listed["size"], len(listed["hash"])) == ("text/calendar", len(BODY), 64)

    answer = staff.get(f"/sync-runs/{run['id']}/payloads/{listed['id']}")

    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.headers["content-disposition"] == f'attachment; filename="payload-{listed["id"]}.ics"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_was_no_calendar_is_a_file_that_nothing_opens(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)))
    link = linked(house, channel)
    channel.answer(FEED, Answer(body=b"<html><script>alert(1)</script></html>"))
    pulled(house, link)
    (run,) = house.get(f"/links/{link['id']}/runs").json()["items"]
    (listed,) = house.get(f"/sync-runs/{run['id']}/payloads").json()["items"]

    answer = house.get(f"/sync-runs/{run['id']}/payloads/{listed['id']}")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].endswith('.bin"')


def test_a_payload_is_found_with_a_run_that_read_it_alone(
    house: House, channel: FeedServer, run: dict[str, Any]
) -> None:
    (listed,) = house.get(f"/sync-runs/{run['id']}/payloads").json()["items"]
    channel.answer("/other.ics", Answer(body=calendar(nights("b", day(40), day(42)))))
    other = linked(house, channel, settings={"url": channel.url("/other.ics")}, unit_id=house.rooms[1])
    pulled(house, other)
    (another,) = house.get(f"/links/{other['id']}/runs").json()["items"]

    for path in (
        f"/sync-runs/{another['id']}/payloads/{listed['id']}",
        f"/sync-runs/{run['id']}/payloads/{uuid4()}",
        f"/sync-runs/{uuid4()}/payloads/{listed['id']}",
        f"/sync-runs/{uuid4()}/payloads",
    ):
        check_problem(house.get(path), 404, "not_found")
