"""Who fetched our feeds: counted in memory, written in batches, lost by no failure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.domain.consumers import OTHERS, Consumer
from hub.ids import new_id
from hub.models.links import FeedFetches
from hub.queries import ledger as query
from sync import ledger as room
from sync import linking
from sync.ledger import Book, Ledger
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
    return place.do(lambda session: query.consumers(session, [link]))


def days(place: Place, link: UUID) -> list[tuple[str, int]]:
    statement = select(FeedFetches.day, FeedFetches.full).where(FeedFetches.link_id == link)
    return [(row.day, row.full) for row in place.do(lambda s: s.execute(statement.order_by("day")).all())]


def count(book: Book, user_agent: bytes, full: bool = True, host: str = "") -> None:
    """As whoever answers a request does it."""
    reader = user_agent, host
    tally = book.tallies.get(reader) or book.opened(reader)
    if full:
        tally.full += 1
    else:
        tally.not_modified += 1


def test_counts_are_added_up_by_day(place: Place, link: UUID) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    for n in range(5):
        count(book, AIRBNB, full=n == 0)
        ledger.collect(NOW + timedelta(hours=8 * n))
        ledger.write(place.runtime.database)
    (consumer,) = seen(place, link)
    last, eight_hours = NOW + timedelta(hours=32), timedelta(hours=8)
    assert consumer == Consumer(link, "Airbnb", (), 1, 4, 1, NOW, last, interval=eight_hours)
    assert consumer.next_at == last + eight_hours
    assert days(place, link) == [("2026-06-01", 1), ("2026-06-02", 0)]


def test_the_interval_is_that_of_the_last_seven_days(place: Place, link: UUID) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    for at in (timedelta(0), timedelta(days=30), timedelta(days=30, hours=3), timedelta(days=30, hours=4)):
        count(book, AIRBNB)
        ledger.collect(NOW + at)
    count(book, b"once")
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert {one.name: (one.interval, one.next_at) for one in seen(place, link)} == {
        "Airbnb": (timedelta(hours=2), NOW + timedelta(days=30, hours=6)),
        "once": (None, None),
    }


def test_each_revision_keeps_the_instant_at_which_it_was_first_fetched(place: Place, link: UUID) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    for hours, revision in enumerate((1, 1, 2, 4, 4)):
        book.turn(revision)
        count(book, AIRBNB)
        ledger.collect(NOW + timedelta(hours=hours))
    ledger.write(place.runtime.database)
    rows = select(FeedFetches.revision, FeedFetches.full, FeedFetches.first_at).order_by("revision")
    assert [(row.revision, row.full, row.first_at) for row in place.do(lambda s: s.execute(rows).all())] == [
        (1, 2, NOW),
        (2, 1, NOW + timedelta(hours=2)),
        (4, 2, NOW + timedelta(hours=3)),
    ]
    (consumer,) = seen(place, link)
    assert (consumer.full, consumer.revision, consumer.interval) == (5, 4, timedelta(hours=1))


def test_what_was_counted_before_a_new_revision_belongs_to_the_old_one(place: Place, link: UUID) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    count(book, AIRBNB)
    book.turn(2)
    count(book, b"curl/8.5.0")
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert {one.name: one.revision for one in seen(place, link)} == {"Airbnb": 1, "curl": 2}


def test_what_cannot_be_written_is_kept_and_added_to(
    place: Place, link: UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    with monkeypatch.context() as away:
        away.setattr(query, "record_fetches", _fails)
        for _ in range(3):
            count(book, AIRBNB)
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
        count(ledger.book(place.organization_id, one, 1), AIRBNB)
    place.do(lambda session: linking.unlink(session, gone))
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert [one.full for one in seen(place, link)] == [1]


def test_one_organization_that_fails_does_not_hold_up_another(place: Place, link: UUID) -> None:
    other = Place.build(place.runtime, 1)
    foreign = other.link(unit_id=other.units[0])
    ledger = Ledger()
    count(ledger.book(place.organization_id, foreign, 1), AIRBNB)
    count(ledger.book(place.organization_id, link, 1), AIRBNB)
    count(ledger.book(other.organization_id, foreign, 1), AIRBNB, full=False)
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
        books = [ledger.book(place.organization_id, one, 1) for one in links]
        for n in range(20):
            for book in books if n % 2 else reversed(books):
                book.turn(n)
                for consumer in (b"a", b"b", b"c"):
                    count(book, consumer)
            ledger.collect(NOW)
            ledger.write(process.database)
        ledger.write(process.database)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(fetch, processes))
    for process in processes:
        process.close()
    for link in links:
        assert [(one.name, one.full, one.revision) for one in seen(place, link)] == [
            ("a", 60, 19),
            ("b", 60, 19),
            ("c", 60, 19),
        ]


def told_apart(
    place: Place, link: UUID, *readers: tuple[bytes, str]
) -> dict[tuple[str, tuple[str, ...]], int]:
    """How often each consumer came, by name and networks, when these came in turn."""
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    for n, (user_agent, host) in enumerate(readers):
        count(book, user_agent, host=host)
        if n % 20 == 0:
            ledger.collect(NOW)
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    return {(one.name, one.networks): one.full for one in seen(place, link)}


def test_two_of_one_family_are_told_apart_by_their_networks(place: Place, link: UUID) -> None:
    phone, mac = b"iOS/17.5 (21F90) dataaccessd/1.0", b"macOS/15.1 (24B83) dataaccessd/1.0"
    at_home, away = "203.0.113.7", "2001:db8:5::1"
    found = told_apart(place, link, (phone, at_home), (mac, "203.0.113.99"), (phone, away), (mac, "proxy"))
    assert found == {
        ("Apple Calendar", ("203.0.113.0/24",)): 2,
        ("Apple Calendar", ("2001:db8:5::/48",)): 1,
        ("Apple Calendar", ()): 1,
    }


def test_one_service_is_one_consumer_whichever_of_its_networks_it_comes_from(
    place: Place, link: UUID
) -> None:
    found = told_apart(place, link, *((AIRBNB, f"192.0.{n % 3}.1") for n in range(6)))
    assert found == {("Airbnb", ("192.0.0.0/24", "192.0.1.0/24", "192.0.2.0/24")): 6}


def test_who_calls_itself_something_else_each_time_fills_neither_memory_nor_table(
    place: Place, link: UUID
) -> None:
    found = told_apart(place, link, *((b"agent-%d" % n, f"198.51.{n % 250}.1") for n in range(500)))
    assert len(found) == room.MOST_STRANGERS + 1
    assert sum(found.values()) == 500
    assert found[OTHERS, ()] == 500 - room.MOST_STRANGERS


def test_who_comes_from_somewhere_else_each_time_is_not_told_apart_for_long(place: Place, link: UUID) -> None:
    found = told_apart(place, link, *((b"curl/8.5.0", f"198.51.{n}.1") for n in range(100)))
    assert len(found) == room.MOST_NETWORKS + 1
    assert found["curl", ()] == 100 - room.MOST_NETWORKS


def test_a_flood_of_invented_names_hides_nobody_whom_we_know(place: Place, link: UUID) -> None:
    flood = [(b"agent-%d" % n, f"198.51.{n % 250}.1") for n in range(300)]
    ledger = Ledger()
    book = ledger.book(place.organization_id, link, 1)
    for reader in flood:
        count(book, reader[0], host=reader[1])
    assert len(book.tallies) == room.MOST_AT_ONCE + 1
    count(book, AIRBNB, host="192.0.2.1")
    ledger.collect(NOW)
    ledger.write(place.runtime.database)
    found = {one.name: one.full for one in seen(place, link)}
    assert found["Airbnb"] == 1
    assert sum(found.values()) == 301


def test_while_nothing_can_be_written_only_so_much_is_kept(
    place: Place, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_ROWS", 3)
    ledger = Ledger()
    for n in range(5):
        book = ledger.book(place.organization_id, link, 1)
        count(book, b"agent")
        count(book, b"agent-%d" % n)
        ledger.collect(NOW)
    ledger.write(place.runtime.database)
    assert {one.name: one.full for one in seen(place, link)} == {"agent": 5, "agent-0": 1, "agent-1": 1}


def test_an_organization_sees_only_its_own_consumers(place: Place, link: UUID) -> None:
    ledger = Ledger()
    count(ledger.book(place.organization_id, link, 1), AIRBNB)
    ledger.collect(NOW)
    ledger.write(place.runtime.database)

    def peek(session: Session) -> tuple[Consumer, ...]:
        return query.consumers(session, [link])

    assert Place.build(place.runtime, 1).do(peek) == ()
