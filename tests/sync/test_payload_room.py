"""Of what channels sent no more is kept of an organization than has room, and nobody waits for that."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.config import Settings
from hub.models.payloads import Payload
from hub.queries import payloads as query
from hub.services import retention
from sync import payloads
from tests import factories
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import Importer

ROOM = 16_384
PULLS = 8


def roomy(importer: Importer, room: int = ROOM) -> Importer:
    settings = importer.runtime.settings.model_copy(update={"payload_bytes": room})
    return replace(importer, runtime=replace(importer.runtime, settings=settings))


def body(number: int) -> bytes:
    """Some three thousand bytes that nothing makes shorter."""
    noise = random.Random(number).randbytes(2_200).hex()
    return calendar(nights("a", day(20 + number), day(23 + number), noise))


def pulled(importer: Importer, link: UUID, clock: FrozenClock, number: int) -> UUID:
    importer.answers(Answer(body=body(number)))
    clock.advance(timedelta(minutes=1))
    run_id = importer.pull(link).run_id
    assert run_id is not None
    return run_id


def kept(importer: Importer) -> int:
    return int(importer.run_sql("SELECT coalesce(sum(octet_length(sealed)), 0) FROM payloads").scalar_one())


def read_by(importer: Importer, run_id: UUID) -> int:
    return len(importer.do(lambda session: query.of_run(session, run_id)))


def test_a_feed_that_sends_other_bytes_every_minute_fills_its_room_and_no_more(
    importer: Importer, clock: FrozenClock
) -> None:
    narrow = roomy(importer)
    link = narrow.link()
    runs, most = [], 0
    for number in range(PULLS):
        runs.append(pulled(narrow, link, clock, number))
        most = max(most, kept(narrow))

    assert ROOM / 2 < most <= ROOM
    read = [read_by(narrow, run_id) for run_id in runs]
    assert read[0] == 0, "the oldest went"
    assert read[-1] == 1, "the newest is there"
    assert read == sorted(read)
    assert len(narrow.runs(link)) == PULLS, "what was changed stays told"


def test_with_more_room_all_of_it_is_kept(importer: Importer, clock: FrozenClock) -> None:
    """The control of the test before."""
    link = importer.link()
    runs = [pulled(importer, link, clock, number) for number in range(PULLS)]

    assert kept(importer) > ROOM
    assert [read_by(importer, run_id) for run_id in runs] == [1] * PULLS


def test_what_was_read_again_goes_later_than_what_was_not(importer: Importer, clock: FrozenClock) -> None:
    link = importer.link()
    first, second, _ = (pulled(importer, link, clock, number) for number in range(3))
    pulled(importer, link, clock, 0)

    retention.make_room(importer.runtime.database, importer.organization_id, kept(importer) - 1)

    assert (read_by(importer, first), read_by(importer, second)) == (1, 0)


def test_the_retention_makes_room_too(importer_alone: Importer, clock: FrozenClock) -> None:
    link = importer_alone.link()
    for number in range(PULLS):
        pulled(importer_alone, link, clock, number)

    settings = roomy(importer_alone).runtime.settings
    removed = retention.carry_out(importer_alone.runtime.database, settings)

    assert removed["payloads"] >= 1
    assert ROOM / 2 < kept(importer_alone) <= ROOM


def test_what_a_sync_is_citing_is_passed_over_and_keeps_no_pull_waiting(
    importer: Importer, clock: FrozenClock
) -> None:
    narrow = roomy(importer)
    link = narrow.link()
    first = pulled(narrow, link, clock, 0)
    oldest = narrow.do(lambda session: session.scalars(select(Payload.digest)).one())
    with narrow.runtime.database.unit_of_work(narrow.organization_id) as session:
        assert query.seen_again(session, oldest, clock.instant) is not None
        for number in range(1, PULLS):
            pulled(narrow, link, clock, number)
    assert read_by(narrow, first) == 1

    for number in range(PULLS, 2 * PULLS):
        pulled(narrow, link, clock, number)
    assert read_by(narrow, first) == 0, "nobody holds it any more"


def test_the_room_of_one_organization_is_not_another_ones(importer: Importer, clock: FrozenClock) -> None:
    pulled(importer, importer.link(), clock, 0)
    stranger = factories.an_organization(importer.runtime.database).organization_id

    retention.make_room(importer.runtime.database, stranger, 0)
    assert kept(importer) > 0

    retention.make_room(importer.runtime.database, importer.organization_id, 0)
    assert kept(importer) == 0


def test_a_sync_is_done_although_no_room_could_be_made(
    importer: Importer, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> int:
        raise ConnectionError("gone")

    narrow = roomy(importer)
    monkeypatch.setattr(retention, "make_room", fails)

    assert read_by(narrow, pulled(narrow, narrow.link(), clock, 0)) == 1
    assert "making room for payloads failed" in caplog.text


def test_whatever_one_run_may_keep_has_room() -> None:
    """In the least room that can be set, sealed."""
    least = Settings(payload_bytes=16 * 1024 * 1024).payload_bytes
    assert least > payloads.MOST_BYTES * 4 / 3
    with pytest.raises(ValueError, match="payload_bytes"):
        Settings(payload_bytes=least - 1)
