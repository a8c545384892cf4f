"""The usual pass over a calendar brings nothing: it is cheap, and misses nothing for that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, event, text
from sqlalchemy.dialects.postgresql import JSONB

from connectors.calendars import Page
from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.queries import pulls
from sync import leasing, linking, passes, relay
from sync import pull as pulling
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = Nights(TODAY + timedelta(days=40), TODAY + timedelta(days=44))
PATIENCE = 10.0


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        made = BothSides.build(reaching, google)
        made.book(STAY)
        made.rest()
        yield made
    assert google.violations == []


def test_it_costs_one_request_three_statements_and_no_thread(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.sync()
    both.google.reset_log()
    said: list[str] = []
    renewed: list[UUID] = []
    monkeypatch.setattr(leasing, "_begin", lambda _runtime, lease, _ended: renewed.append(lease.link_id))

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    engine = both.runtime.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    outcome = passes_alone(both)
    event.remove(engine, "before_cursor_execute", hear)

    assert outcome == "unchanged"
    assert len(said) == 3, said
    assert [entry.operation for entry in both.google.log] == ["events.list"]
    assert both.link_id not in renewed
    assert f"lease of {both.link_id}" not in {thread.name for thread in threading.enumerate()}


def test_what_is_booked_while_the_calendar_is_asked_is_not_missed(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked_meanwhile(both, monkeypatch)

    assert len(both.shown()) == 2


def test_without_a_second_look_at_the_link_it_would_be(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    blind = pulls._UNCHANGED.text
    for look in ("AND next_pull_at = CAST(:seen AS timestamptz)", "AND dirty_seq = :dirty_seq"):
        assert look in blind
        blind = blind.replace(look, "")
    monkeypatch.setattr(pulls, "_UNCHANGED", text(blind).bindparams(bindparam("cursor", type_=JSONB)))

    booked_meanwhile(both, monkeypatch)

    assert len(both.shown()) == 1


def test_settings_that_were_changed_count_at_once(both: BothSides) -> None:
    before = both.shown()

    settings = {**both.settings, "tells": "busy"}
    both.do(lambda session: linking.change(session, both.link_id, settings=settings))
    both.rest()

    assert [one[:2] for one in both.shown()] == [one[:2] for one in before]
    assert both.shown() != before


def test_of_two_leases_the_one_that_is_renewed_sooner_is_renewed_first() -> None:
    alarms, both_rang = leasing._Alarms(), threading.Event()
    rung: list[str] = []

    def last() -> None:
        rung.append("later")
        both_rang.set()

    alarms.ring(0.3, last)
    alarms.ring(0.05, lambda: rung.append("sooner"))

    assert both_rang.wait(PATIENCE)
    assert rung == ["sooner", "later"]


def booked_meanwhile(both: BothSides, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pass, during whose question to the calendar somebody books."""
    asking = passes._Pass._first_page

    def meanwhile(work: passes._Pass) -> Page | None:
        page = asking(work)
        both.book(LATER)
        relay.relay(both.runtime)
        return page

    both.sync()
    with monkeypatch.context() as once:
        once.setattr(passes._Pass, "_first_page", meanwhile)
        passes_alone(both)


def passes_alone(both: BothSides) -> str:
    """One pass, and nothing else."""
    return pulling.pull(both.runtime, both.organization_id, both.link_id).state
