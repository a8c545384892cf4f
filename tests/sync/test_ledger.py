"""Who fetched our feeds: counted in memory, written in batches, lost by no failure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.ids import new_id
from hub.models.links import FeedFetches
from hub.queries import feeds as query
from hub.queries.feeds import Consumer
from sync import ledger as room
from sync import linking
from sync.ledger import Ledger, family
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, another_process

AIRBNB = b"Airbnb-Calendar/1.0"


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


@pytest.fixture
def place(runtime: Runtime) -> Place:
    return Place.build(runtime, 1)


@pytest.fixture
def link(place: Place) -> UUID:
    return place.link(unit_id=place.units[0])


def seen(place: Place, link: UUID) -> tuple[Consumer, ...]:
    return place.do(lambda session: query.consumers(session, link))


def days(place: Place, link: UUID) -> list[tuple[str, int]]:
    statement = select(FeedFetches.day, FeedFetches.full).where(FeedFetches.link_id == link)
    return [(row.day, row.full) for row in place.do(lambda s: s.execute(statement.order_by("day")).all())]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (b"Airbnb-Calendar/1.0", "Airbnb-Calendar"),
        (
            b"Mozilla/5.0 (compatible; Booking.com/2.1; +http://x)",
            "Mozilla (compatible; Booking.com; +http://x)",
        ),
        (b"macOS/14.5 (23F79) dataaccessd/1.0", "macOS (23F79) dataaccessd"),
        (b"curl/8.5.0-DEV", "curl"),
        (b"", "unknown"),
        (b"/1.0", "unknown"),
        (b"a\x00b\xff\nc", "a b c"),
    ],
)
def test_a_consumer_is_named_without_the_versions_it_carries(user_agent: bytes, name: str) -> None:
    assert family(user_agent) == name


@given(st.binary(max_size=4000))
def test_a_name_is_short_printable_and_never_empty(user_agent: bytes) -> None:
    name = family(user_agent)
    assert 1 <= len(name) <= 120
    assert name.isascii()
    assert name.isprintable()


def test_counts_are_added_up_by_day(place: Place, link: UUID) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link)
    for n in range(5):
        book.count(AIRBNB, n == 0, 7)
        ledger.collect(NOW + timedelta(hours=8 * n))
        ledger.write(place.runtime.database)
    (consumer,) = seen(place, link)
    assert consumer == Consumer(
        "Airbnb-Calendar", 1, 4, 7, NOW, NOW + timedelta(hours=32), interval=timedelta(hours=8)
    )
    assert days(place, link) == [("2026-06-01", 1), ("2026-06-02", 0)]


def test_the_interval_is_that_of_the_last_seven_days(place: Place, link: UUID) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link)
    for at in (timedelta(0), timedelta(days=30), timedelta(days=30, hours=3), timedelta(days=30, hours=4)):
        book.count(AIRBNB, True, 1)
        ledger.collect(NOW + at)
    book.count(b"once", True, 1)
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert {one.consumer: one.interval for one in seen(place, link)} == {
        "Airbnb-Calendar": timedelta(hours=2),
        "once": None,
    }


def test_what_cannot_be_written_is_kept_and_added_to(
    place: Place, link: UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link)
    with monkeypatch.context() as away:
        away.setattr(query, "record_fetches", _fails)
        for _ in range(3):
            book.count(AIRBNB, True, 1)
            ledger.collect(NOW)
            ledger.write(place.runtime.database)
    assert "could not be written yet: OSError" in caplog.text
    assert seen(place, link) == ()
    ledger.write(place.runtime.database)
    ledger.write(place.runtime.database)
    assert [one.full for one in seen(place, link)] == [3]


def _fails(*_: object) -> None:
    raise OSError("away")


def test_fetches_of_a_link_that_is_gone_do_not_hold_up_the_others(place: Place, link: UUID) -> None:
    ledger = Ledger()
    gone = place.link(unit_id=place.units[0])
    for one in (gone, link, new_id()):
        ledger.book(place.organization_id, one).count(AIRBNB, True, 1)
    place.do(lambda session: linking.unlink(session, gone))
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert [one.full for one in seen(place, link)] == [1]


def test_one_organization_that_fails_does_not_hold_up_another(place: Place, link: UUID) -> None:
    other = Place.build(place.runtime, 1)
    foreign = other.link(unit_id=other.units[0])
    ledger = Ledger()
    ledger.book(place.organization_id, foreign).count(AIRBNB, True, 1)
    ledger.book(place.organization_id, link).count(AIRBNB, True, 1)
    ledger.book(other.organization_id, foreign).count(AIRBNB, False, 1)
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert [one.full for one in seen(place, link)] == [1]
    assert [(one.full, one.not_modified) for one in seen(other, foreign)] == [(0, 1)]


def test_processes_that_write_at_once_lose_nothing_and_do_not_stop_each_other(
    place: Place, database: servers.Database
) -> None:
    links = [place.link(unit_id=place.units[0]) for _ in range(5)]
    processes = [another_process(database) for _ in range(3)]

    def fetch(process: Runtime) -> None:
        ledger = Ledger()
        books = [ledger.book(place.organization_id, one) for one in links]
        for n in range(20):
            for book in books if n % 2 else reversed(books):
                for consumer in (b"a", b"b", b"c"):
                    book.count(consumer, True, n)
            ledger.collect(NOW)
            ledger.write(process.database)
        ledger.write(process.database)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(fetch, processes))
    for process in processes:
        process.close()
    for link in links:
        assert [(one.consumer, one.full, one.revision) for one in seen(place, link)] == [
            ("a", 60, 19),
            ("b", 60, 19),
            ("c", 60, 19),
        ]


def test_who_calls_itself_something_else_each_time_fills_neither_memory_nor_table(
    place: Place, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link)
    for n in range(500):
        book.count(b"agent-%d" % n, True, 1)
        if n % 100 == 0:
            ledger.collect(NOW)
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    found = seen(place, link)
    assert len(found) == room.MOST_CONSUMERS + 1
    assert sum(one.full for one in found) == 500
    assert room.OTHERS in {one.consumer for one in found}


def test_while_nothing_can_be_written_only_so_much_is_kept(
    place: Place, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_ROWS", 3)
    ledger = Ledger()
    for n in range(5):
        book = ledger.book(place.organization_id, link)
        book.count(b"agent", True, 1)
        book.count(b"agent-%d" % n, True, 1)
        ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert {one.consumer: one.full for one in seen(place, link)} == {"agent": 5, "agent-0": 1, "agent-1": 1}


def test_an_organization_sees_only_its_own_consumers(place: Place, link: UUID) -> None:
    ledger = Ledger()
    ledger.book(place.organization_id, link).count(AIRBNB, True, 1)
    ledger.collect(NOW)
    ledger.write(place.runtime.database)

    def peek(session: Session) -> tuple[Consumer, ...]:
        return query.consumers(session, link)

    assert Place.build(place.runtime, 1).do(peek) == ()
