"""The relay: each fact is heard once, and one that cannot be heard is set aside."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.models.records import Fact
from hub.queries import outbox as query
from hub.services import outbox
from sync import relay as relaying
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer


def _facts(importer: Importer) -> list[Fact]:
    statement = select(Fact).order_by(Fact.id)
    return list(importer.do(lambda session: session.scalars(statement).all()))


def _poison(importer: Importer) -> UUID:
    """A fact whose units are none."""

    def work(session: Any) -> UUID:
        outbox.record(session, outbox.INVENTORY_CHANGED, {"unit_ids": ["no unit"]})
        session.flush()
        newest: UUID = session.scalars(select(Fact.id).order_by(Fact.id.desc())).first()
        return newest

    return importer.do(work)


def test_a_fact_is_handled_once(importer: Importer) -> None:
    importer.book(Nights(day(20), day(22)), importer.units[0])

    assert relay(importer.runtime) >= 1
    relay(importer.runtime)
    assert {(fact.state, fact.attempts) for fact in _facts(importer)} == {("done", 1)}


def test_a_fact_that_fails_is_set_aside_after_three_times(
    importer: Importer, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    relay(importer.runtime)
    poison = _poison(importer)
    states = []
    for _ in range(4):
        relay(importer.runtime)
        states.append(next((fact.attempts, fact.state) for fact in _facts(importer) if fact.id == poison))
        clock.advance(query.PATIENCE)

    assert states == [(1, "ready"), (2, "ready"), (3, "ready"), (4, "quarantined")]
    (fact,) = [fact for fact in _facts(importer) if fact.id == poison]
    assert "ValueError" in (fact.error or "")


def test_the_others_do_not_wait_for_a_fact_that_fails(
    importer: Importer, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    _poison(importer)
    clock.advance(timedelta(seconds=1))
    booked = importer.book(Nights(day(20), day(22)), importer.units[0])

    relay(importer.runtime)

    (told,) = [f for f in _facts(importer) if f.payload.get("entity_id") == str(booked.booking.id)]
    assert told.state == "done"


def test_a_fact_that_is_being_handled_is_nobody_elses(importer: Importer) -> None:
    importer.book(Nights(day(20), day(22)), importer.units[0])
    now = hub_clock.now()

    taken = importer.do(lambda session: query.take(session, now, 100))

    assert taken
    assert importer.do(lambda session: query.take(session, now, 100)) == ()
    assert importer.do(lambda session: query.take(session, now + query.PATIENCE, 100))


def test_a_fact_whose_handler_died_is_heard_by_the_next(
    importer: Importer, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A booking was cancelled, and the worker that was to close its conflict is gone."""
    booked = importer.book(Nights(day(20), day(22)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())
    importer.cancel(booked)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(relaying, "_handle", dies)
        with pytest.raises(KeyboardInterrupt):
            relay(importer.runtime)
    assert importer.conflicts()

    clock.advance(query.PATIENCE)
    relay(importer.runtime)

    assert importer.conflicts() == []
