"""What a channel sent is kept with the runs that are recorded: once, sealed, for as long as it is said."""

from __future__ import annotations

import random
import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from connectors.contract import Pulled
from connectors.errors import MOST_SHOWN
from hub.database import Actor
from hub.services import keys, retention
from sync import payloads, remote, requests
from sync.apply import apply
from sync.payloads import Body
from sync.runtime import Runtime
from tests import factories
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import Importer
from tests.sync.reading_payloads import kept, read_by


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


def test_of_what_could_not_be_read_the_beginning_is_kept(importer: Importer) -> None:
    page = b"<html>" + bytes(range(256)) * 4096
    importer.answers(Answer(body=page))

    outcome = importer.pull(importer.link())

    assert MOST_SHOWN == 256 * 1024 < len(page)
    assert read_by(importer, outcome.run_id) == [page[:MOST_SHOWN]]
    assert kept(importer)[0].size == MOST_SHOWN


class Watched(bytes):
    """Bytes that say when nobody has them any more."""

    gone = 0

    def __del__(self) -> None:
        type(self).gone += 1


def test_the_bytes_are_let_go_before_what_they_say_is_applied(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be as many megabytes as threads, times eight; what is applied may wait for a lock."""
    ask, gone = remote.ask, list[int]()
    monkeypatch.setattr(Watched, "gone", 0)

    def asking(*args: Any) -> Pulled:
        pulled = ask(*args)
        assert pulled.payload is not None
        return replace(pulled, payload=Watched(pulled.payload))

    def applying(*args: Any) -> Any:
        gone.append(Watched.gone)
        return apply(*args)

    monkeypatch.setattr(remote, "ask", asking)
    monkeypatch.setattr("sync.pull.apply", applying)
    body = calendar(nights("a", day(20), day(23)))
    importer.answers(Answer(body=body))

    assert read_by(importer, importer.pull(importer.link()).run_id) == [body]
    assert gone == [1]


def test_what_is_kept_is_made_longer_once(importer: Importer) -> None:
    """By the seal alone, which is text: a third."""
    body = calendar(nights("a", day(20), day(23), random.Random(7).randbytes(2_000).hex()))
    importer.answers(Answer(body=body))
    importer.pull(importer.link())

    (row,) = kept(importer)
    packed = len(Body.of(body).packed)
    assert packed * 4 / 3 < len(row.sealed) < packed * 4 / 3 + 150
    assert importer.do(lambda session: payloads.opened(session, row)) == body


def test_an_outage_has_nothing_to_keep(importer: Importer) -> None:
    importer.answers(Answer(status=503))

    assert read_by(importer, importer.pull(importer.link()).run_id) == []


def test_it_goes_when_no_run_has_cited_it_for_the_retention(
    importer_alone: Importer, clock: FrozenClock
) -> None:
    importer_alone.says(nights("a", day(20), day(23)))
    importer_alone.pull(importer_alone.link())
    settings, database = importer_alone.runtime.settings, importer_alone.runtime.database
    clock.advance(timedelta(days=settings.retention_payload_days - 1))
    retention.carry_out(database, settings)
    assert len(kept(importer_alone)) == 1

    clock.advance(timedelta(days=2))
    assert retention.carry_out(database, settings)["payloads"] >= 1

    assert kept(importer_alone) == []
    assert importer_alone.run_sql("SELECT count(*) FROM run_payloads").scalar_one() == 0
    assert importer_alone.run_sql("SELECT count(*) FROM sync_runs").scalar_one() == 1


def test_it_is_opened_by_the_keys_after_a_change_of_keys(importer_alone: Importer) -> None:
    body = calendar(nights("a", day(20), day(23)))
    importer_alone.answers(Answer(body=body))
    run_id = importer_alone.pull(importer_alone.link()).run_id
    before = kept(importer_alone)[0].sealed

    database, actor = importer_alone.runtime.database, Actor("command")
    (begun,) = keys.begin(database, actor)
    list(keys.carry_out(database, begun, actor))

    assert kept(importer_alone)[0].sealed != before
    assert read_by(importer_alone, run_id) == [body]


def test_nobody_of_another_organization_can_read_it(importer: Importer, reaching: Runtime) -> None:
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link())
    stranger = factories.an_organization(reaching.database).organization_id

    with reaching.database.unit_of_work(stranger) as session:
        assert session.execute(text("SELECT count(*) FROM payloads")).scalar_one() == 0
