"""Where nobody pulls, and where there is nothing left to pull: no host is to blame, and few wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.app import Door
from api.awaiting import APART, Awaiting
from api.checker import Checker
from hub.database import Database
from sync import precheck
from sync.planning import checking
from sync.planning.checking import Plan, Standing
from sync.runtime import Runtime
from tests.api.houses import House, check_problem
from tests.api.linked import connected
from tests.api.live import _well as _well
from tests.api.live import evidence, patient, policy, read_before, stay
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import calendar
from workers.listening import Listener


@pytest.fixture
def listens(runtime: Runtime) -> Iterator[None]:
    listener = Listener(runtime)
    listener.begin()
    yield
    listener.end()


@pytest.fixture
def checker(door: Door) -> Checker:
    found: Checker = door.http.state.checker
    return found


def why(house: House, answer: object) -> list[tuple[str, str]]:
    assert answer.status_code == 201, answer.text  # type: ignore[attr-defined]
    return [(said["verdict"], said["why"]) for said in evidence(house, answer.json())]  # type: ignore[attr-defined]


def test_where_nobody_pulls_one_booking_waits_and_no_host_is_spared_for_it(
    house: House, channel: FeedServer, checker: Checker
) -> None:
    policy(house, "flag")
    read_before(house, channel)

    assert why(house, stay(house, 20, 22)) == [("late", checking.UNTAKEN)]
    assert set(checker._breakers) == {checking.ALL}
    assert why(house, stay(house, 30, 32)) == [("spared", checking.NOBODY)]


def test_who_is_refused_because_nobody_pulls_reads_that(house: House, channel: FeedServer) -> None:
    policy(house, "refuse")
    read_before(house, channel)
    assert checking.UNTAKEN in check_problem(stay(house), 409, "channel_unverified", "items[0]")["detail"]
    refused = check_problem(stay(house), 409, "channel_unverified", "items[0]")
    assert "was not waited for: no puller took what was called out" in refused["detail"]


def test_once_somebody_pulls_again_all_are_waited_for(
    house: House, channel: FeedServer, checker: Checker, listens: None
) -> None:
    read_before(house, channel)
    policy(house, "flag")
    checker._miss(checking.ALL, precheck.CLOCKS_DIFFER)
    assert why(house, stay(house, 20, 22)) == [("spared", checking.NOBODY)]

    patient(house)  # and so asks although others do not
    assert stay(house, 30, 32).json()["check"]["state"] == "verified"
    assert checking.ALL not in checker._breakers


def test_what_is_put_off_by_a_puller_says_nothing_of_its_host_nor_of_pullers(
    house: House, channel: FeedServer, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(house, "flag", check_deadline_ms=2000)
    read_before(house, channel)
    ask: Callable[[Session, Collection[UUID]], frozenset[UUID]] = precheck.ask

    def heard_and_put_off(session: Session, link_ids: Collection[UUID]) -> frozenset[UUID]:
        made_due = ask(session, link_ids)
        session.execute(text("UPDATE links SET next_pull_at = next_pull_at + interval '1 minute'"))
        return made_due

    monkeypatch.setattr(precheck, "ask", heard_and_put_off)
    assert why(house, stay(house)) == [("late", checking.PUT_OFF)]
    assert checker._breakers == {}


def test_a_link_that_is_removed_meanwhile_is_waited_for_no_longer(
    house: House, channel: FeedServer, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(house, "refuse")
    link = read_before(house, channel)
    look: Callable[[Database, Collection[UUID]], dict[UUID, Standing]] = precheck.look
    looks = 0

    def removed_after_one(database: Database, link_ids: Collection[UUID]) -> dict[UUID, Standing]:
        nonlocal looks
        looks += 1
        if looks == 2:
            assert house.ask("DELETE", f"/links/{link['id']}").status_code == 204
        return look(database, link_ids)

    monkeypatch.setattr(precheck, "look", removed_after_one)
    began = time.monotonic()
    booked = stay(house)
    assert time.monotonic() - began < 10
    assert (booked.status_code, booked.json()["check"]["state"]) == (201, "unchecked")
    assert checker._breakers == {}


def fetches(house: House, bookings: int) -> list[float]:
    """When a feed was fetched for bookings that came one right after the other, and take no known answer."""
    patient(house, "refuse", check_age_seconds=0)
    with CountingServer(calendar(), 0) as channel:
        body = {"connection_id": connected(house)["id"], "direction": "import", "unit_id": house.rooms[0]}
        house.post("/links", body | {"settings": {"url": channel.url("/a.ics")}})
        for arrival in range(20, 20 + bookings):
            before = channel.total()
            booked = stay(house, arrival, arrival + 1)
            assert booked.json()["check"]["state"] == "verified", "by a pull that began after it came"
            assert channel.total() == before + 1
        return channel.began[-bookings:]  # without what made the link


def test_one_feed_is_not_fetched_back_to_back_however_young_the_answer_must_be(
    house: House, listens: None
) -> None:
    began = fetches(house, 3)
    assert all(later - one > APART / 4 for one, later in pairwise(began))


def test_without_the_floor_it_would_be(house: House, listens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for = Awaiting.wait_for

    def at_once(self: Awaiting, who: UUID, plan: Plan, _left: float) -> AbstractContextManager[None]:
        return wait_for(self, who, plan, 0.0)

    monkeypatch.setattr(Awaiting, "wait_for", at_once)
    began = fetches(house, 4)
    assert min(later - one for one, later in pairwise(began)) < APART
