"""What a channel sent is kept with the runs that are recorded: once, sealed, for as long as it is said."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text

from connectors.calendars import CalendarEvent, Marker, Page
from connectors.contract import AllDay
from hub import clock as hub_clock
from hub.database import Actor
from hub.domain.periods import Nights
from hub.models.payloads import Payload
from hub.queries import payloads as query
from hub.services import keys, retention
from sync import payloads, requests
from sync.runtime import Runtime
from tests import factories
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.importing import Importer

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))


def read_by(held: Any, run_id: UUID | None) -> list[bytes]:
    """What a run is said to have read, opened."""
    assert run_id is not None
    rows = held.do(lambda session: query.of_run(session, run_id))
    return [
        held.do(lambda session, row=row: payloads.opened(session, query.one(session, run_id, row.id)))
        for row in rows
    ]


def kept(held: Any) -> list[Payload]:
    return list(held.do(lambda session: session.scalars(select(Payload)).all()))


def test_a_pull_that_changed_something_keeps_the_very_bytes(importer: Importer) -> None:
    body = calendar(nights("a", day(20), day(23), "Wilhelmina"))
    importer.answers(Answer(body=body))

    outcome = importer.pull(importer.link())

    assert read_by(importer, outcome.run_id) == [body]
    (row,) = kept(importer)
    assert (row.media_type, row.size) == ("text/calendar", len(body))
    assert b"Wilhelmina" not in row.sealed
    assert not row.sealed.startswith(zlib.compress(b"")[:2]), "compressed is not sealed"


def test_a_pull_that_brought_nothing_keeps_nothing_and_costs_no_statement(importer: Importer) -> None:
    first, second = nights("a", day(20), day(23)), nights("b", day(30), day(31))
    importer.says(first, second)
    link = importer.link()
    importer.pull(link)
    importer.says(second, first)  # other bytes of the same content
    said: list[str] = []
    engine = importer.runtime.database.engine

    def hear(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    assert importer.pull(link).run_id is None
    event.remove(engine, "before_cursor_execute", hear)

    assert len(kept(importer)) == 1
    assert not [one for one in said if "payloads" in one or "INSERT INTO sync_runs" in one]


def test_the_same_bytes_are_kept_once_whoever_reads_them(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    one, other = importer.link(), importer.link(name="Other", unit_id=importer.units[1])
    runs = [importer.pull(one).run_id]
    clock.advance(timedelta(hours=1))
    runs.append(importer.pull(other).run_id)

    (row,) = kept(importer)

    assert read_by(importer, runs[0]) == read_by(importer, runs[1])
    assert row.last_at - row.first_at == timedelta(hours=1)


def test_a_run_that_was_asked_for_keeps_what_it_read_although_it_says_nothing_new(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("b", day(30), day(31)), nights("a", day(20), day(23)))
    importer.do(lambda session: requests.request(session, link))

    run_id = importer.pull(link).run_id

    assert len(read_by(importer, run_id)) == 1
    assert len(kept(importer)) == 2


def test_what_could_not_be_read_is_kept_to_be_looked_at(importer: Importer) -> None:
    importer.answers(Answer(body=b"<html>Sign in to the wireless network</html>"))

    outcome = importer.pull(importer.link())

    assert outcome.state == "failed"
    assert outcome.headline.startswith("failed: ")
    assert read_by(importer, outcome.run_id) == [b"<html>Sign in to the wireless network</html>"]
    assert kept(importer)[0].media_type == "application/octet-stream"


def test_an_outage_has_nothing_to_keep(importer: Importer) -> None:
    importer.answers(Answer(status=503))

    assert read_by(importer, importer.pull(importer.link()).run_id) == []


def test_it_goes_when_no_run_has_cited_it_for_the_retention(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())
    settings, database = importer.runtime.settings, importer.runtime.database
    clock.advance(timedelta(days=settings.retention_payload_days - 1))
    retention.carry_out(database, settings)
    assert len(kept(importer)) == 1

    clock.advance(timedelta(days=2))
    assert retention.carry_out(database, settings)["payloads"] >= 1

    assert kept(importer) == []
    assert importer.run_sql("SELECT count(*) FROM run_payloads").scalar_one() == 0
    assert importer.run_sql("SELECT count(*) FROM sync_runs").scalar_one() == 1


def test_it_is_opened_by_the_keys_after_a_change_of_keys(importer: Importer) -> None:
    body = calendar(nights("a", day(20), day(23)))
    importer.answers(Answer(body=body))
    run_id = importer.pull(importer.link()).run_id
    before = kept(importer)[0].sealed

    database, actor = importer.runtime.database, Actor("command")
    begun = next(
        one for one in keys.begin(database, actor) if one.organization_id == importer.organization_id
    )
    list(keys.carry_out(database, begun, actor))

    assert kept(importer)[0].sealed != before
    assert read_by(importer, run_id) == [body]


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


def test_a_pass_keeps_what_it_listed_without_the_words_of_our_own_events(both: Synced) -> None:
    both.book(STAY)
    both.there.person.add(AllDay(TODAY + timedelta(days=50), TODAY + timedelta(days=52)), "Painters")
    both.rest()
    both.there.person.edit(both.there.beginning(str(STAY.arrival)), "Grace Hopper, needs a cot")
    both.rest()

    bodies = [json.loads(body) for run in both.runs() for body in read_by(both, run.id)]

    told = [one for body in bodies for one in body["events"]]
    assert "Painters" in {one.get("summary") for one in told}
    assert [one for one in told if "marker" in one], "our own events are listed"
    assert "Grace" not in json.dumps(bodies)
    assert len(kept(both)) == len(bodies)


def test_a_pass_that_brought_nothing_keeps_nothing(both: Synced) -> None:
    both.book(STAY)
    both.rest()
    before = len(kept(both))

    both.sync()

    assert len(kept(both)) == before


def test_the_same_page_gives_the_same_bytes_in_any_order() -> None:
    ours = CalendarEvent(id="b", summary="Ada", marker=Marker("item", "op", "proof"))
    theirs = CalendarEvent(id="a", summary="Painters", when=AllDay(STAY.arrival, STAY.departure))
    one, other = (Page(events, None, None, full=True) for events in ((ours, theirs), (theirs, ours)))

    assert payloads.written(one) == payloads.written(other)
    assert b"Ada" not in payloads.written(one)


def test_a_pass_keeps_no_more_than_a_feed_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MOST_BYTES", 1_000)
    heard = payloads.Heard()
    for number in range(20):
        event_there = CalendarEvent(id=f"event-{number}", summary="x" * 200)
        heard.hear(Page((event_there,), None, None, full=True))
    heard.hear(Page((), None, {}, full=True))

    assert 0 < len(heard.bodies) < 20
    assert sum(body.size for body in heard.bodies) <= 1_000


def test_nobody_of_another_organization_can_read_it(importer: Importer, reaching: Runtime) -> None:
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())
    stranger = factories.an_organization(reaching.database).organization_id

    with reaching.database.unit_of_work(stranger) as session:
        assert session.execute(text("SELECT count(*) FROM payloads")).scalar_one() == 0
