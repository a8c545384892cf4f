"""A running hub and a Google calendar: how soon one knows of the other, and what is lost on the way."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import httpx
import pytest

from sync import passes
from tests.concurrency.together import tell, until
from tests.flows import google_hub
from tests.flows.google_hub import BLOCKS, DUE, LAPSED, PATIENCE, WEBHOOK, Hub
from tests.servers import Servers

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]

MEASURED = 3
SOON = 2.0
"""Seconds from the answer to a booking until its event is in Google, where nobody else wants the machine"""
AT_MOST = 20.0
NOTICES = 200
BETWEEN_PASSES = passes.TOGETHER.total_seconds()
"""Seconds; what is heard for longer than that is no burst"""


@pytest.fixture(scope="module")
def hub(
    servers: Servers,
    worker_id: str,
    new_data_dir: Callable[[], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hub]:
    with google_hub.running(servers, worker_id, new_data_dir(), tmp_path_factory.mktemp("hub")) as opened:
        yield opened


def test_a_booking_is_in_google_within_seconds_of_its_commit(hub: Hub) -> None:
    took = []
    for _ in range(MEASURED):
        hub.rests()
        first, acknowledged = hub.book()
        took.append(written(hub, first) - acknowledged)

    tell(f"seconds until a booking is in Google: {sorted(round(one, 2) for one in took)}")
    tell(f"median {statistics.median(took):.2f}")
    assert min(took) < SOON


def test_what_a_person_does_in_google_is_here_within_seconds_of_the_notice(hub: Hub) -> None:
    hub.rests()
    before = hub.one(BLOCKS)
    first, after = hub.free_days()

    hub.person.creates("Painters", first, after, hub.calendar)
    hub.hears()

    began = time.monotonic()
    until(lambda: hub.one(BLOCKS) > before, within=AT_MOST, what="its nights are taken")
    took = time.monotonic() - began
    tell(f"{took:.2f} s after the notice")
    assert took < AT_MOST


def test_hundreds_of_notices_cost_at_most_two_passes(hub: Hub) -> None:
    hub.rests()
    first, after = hub.free_days()
    hub.person.creates("Painters", first, after, hub.calendar)
    *_, notice = hub.notices()
    hub.google.reset_log()
    began = time.monotonic()

    with ThreadPoolExecutor(8) as pool, httpx.Client(base_url=hub.web.base_url, timeout=60) as http:
        numbered = [{**notice, "X-Goog-Message-Number": str(1000 + n)} for n in range(NOTICES)]
        answers = list(pool.map(lambda said: http.post(WEBHOOK, headers=said).status_code, numbered))
    took = time.monotonic() - began
    hub.rests()

    tell(f"{NOTICES} notices in {took:.1f} s cost {hub.lists()} passes")
    assert answers == [204] * NOTICES
    assert 1 <= hub.lists() <= 2 + took // BETWEEN_PASSES


def test_a_notice_that_is_lost_costs_time_and_nothing_else(hub: Hub) -> None:
    hub.rests()
    hub.notices()
    before = hub.one(BLOCKS)
    first, after = hub.free_days()
    hub.google.watching.lost = 1
    hub.person.creates("Painters", first, after, hub.calendar)
    assert hub.notices() == []

    hub.say(DUE)  # as it is after its interval

    until(lambda: hub.one(BLOCKS) > before, within=AT_MOST, what="its nights are taken")


def test_valkey_emptied_in_the_middle_loses_nothing_and_doubles_nothing(hub: Hub) -> None:
    hub.rests()
    there = hub.shown()
    hub.google.reset_log()
    days = []
    for number in range(9):
        days.append(str(hub.book()[0]))
        if number % 3 == 2:
            hub.flush()

    until(lambda: set(days) <= set(hub.shown()), within=PATIENCE, what="all are there")
    hub.rests()
    assert hub.shown() == sorted([*there, *days])
    assert len(hub.google.effects()) == len(days)

    hub.google.reset_log()
    hub.say(DUE)
    until(lambda: hub.lists() > 0, within=PATIENCE, what="it is looked at once more")
    hub.rests()
    assert hub.google.writes() == []


def test_a_puller_that_is_killed_before_it_hears_of_its_effect_leaves_one_event(hub: Hub) -> None:
    hub.rests()
    there = hub.shown()
    hub.google.reset_log()
    hub.google.faults.lose_answer(operation="events.insert")  # the connection stays open, without a word
    first, _ = hub.book()
    until(lambda: str(first) in hub.shown(), within=PATIENCE, what="its event is there")

    hub.puller.kill()
    hub.puller.start()
    hub.say(LAPSED)
    hub.rests()

    assert hub.shown() == sorted([*there, str(first)])
    assert len(hub.google.effects()) == 1


def written(hub: Hub, first: date) -> float:
    """When the event of that first day came into the calendar, which may be yet to come."""
    until(lambda: str(first) in hub.written, within=AT_MOST, what="its event is there")
    return hub.written[str(first)]
