"""Two processes that publish one feed at the same moment; and what they do without the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.models.links import FeedEntry, FeedSnapshot
from hub.queries import feeds as query
from sync import feeds
from tests import servers
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, another_process, july


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def test_two_processes_that_publish_at_once_make_one_revision(
    place: Place, database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = _sold_out_type(place)
    barrier, lock = threading.Barrier(2), query.lock

    def together(session: Session, link_id: UUID) -> FeedSnapshot:
        barrier.wait(10)
        return lock(session, link_id)

    one, other = _publish_twice(place, database, link, together, monkeypatch)
    assert one == other
    assert one.revision == 1
    assert len(place.do(lambda session: session.scalars(_entries(link)).all())) == 1


def test_without_the_lock_they_would_give_one_span_two_names(
    place: Place, database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = _sold_out_type(place)
    place.feed(link)  # so that there is a row to read
    place.do(_forget)
    barrier = threading.Barrier(2)

    def unlocked(session: Session, link_id: UUID) -> FeedSnapshot:
        return session.scalars(select(FeedSnapshot).where(FeedSnapshot.id == link_id)).one()

    planned = feeds._planned

    def together(*args: Any) -> Any:
        found = planned(*args)
        barrier.wait(10)
        return found

    monkeypatch.setattr(feeds, "_planned", together)
    one, other = _publish_twice(place, database, link, unlocked, monkeypatch)
    assert one.body != other.body
    assert len(place.do(lambda session: session.scalars(_entries(link)).all())) == 2


def _publish_twice(
    place: Place,
    database: servers.Database,
    link: UUID,
    lock: Callable[[Session, UUID], FeedSnapshot],
    monkeypatch: pytest.MonkeyPatch,
) -> list[feeds.Served]:
    monkeypatch.setattr(query, "lock", lock)
    processes = [another_process(database) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda one: feeds.current(one, place.organization_id, link), processes))
    for process in processes:
        process.close()
    return found


def _sold_out_type(place: Place) -> UUID:
    for unit in place.units:
        place.book(unit, july(3, 7))
    return place.link(unit_type_id=place.unit_type_id)


def _forget(session: Session) -> None:
    for entry in session.scalars(select(FeedEntry)):
        session.delete(entry)
    for snapshot in session.scalars(select(FeedSnapshot)):
        snapshot.content_hash = b""


def _entries(link_id: UUID) -> Any:
    return select(FeedEntry).where(FeedEntry.link_id == link_id)
