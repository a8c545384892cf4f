"""A hub whose database was put back to an earlier state: the calendar knows more than it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, inspect, update
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.models.external import ConflictRecord
from hub.models.links import Link
from hub.models.sync import SyncItem, SyncOp
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        yield BothSides.build(reaching, google)
    assert google.violations == []


def columns(row: Any) -> dict[str, Any]:
    return {attribute.key: getattr(row, attribute.key) for attribute in inspect(row).mapper.column_attrs}


def test_what_was_put_back_there_after_the_backup_is_there_once(both: BothSides) -> None:
    both.book(STAY)
    both.rest()
    (item,), ops, cursor = both.items(), [op.id for op in both.ops()], both.link().cursor
    backup = columns(item)
    both.person.deletes(both.only()["id"], both.calendar)
    both.rest()
    assert both.items()[0].incarnation == 1

    def put_back(session: Session) -> None:
        session.execute(delete(ConflictRecord).where(ConflictRecord.link_id == both.link_id))
        session.execute(delete(SyncOp).where(SyncOp.link_id == both.link_id, SyncOp.id.not_in(ops)))
        session.execute(update(SyncItem).where(SyncItem.id == item.id).values(**backup))
        session.execute(update(Link).where(Link.id == both.link_id).values(cursor=cursor))

    both.do(put_back)
    both.rest()

    assert [one[:2] for one in both.shown()] == [(STAY.arrival.isoformat(), STAY.departure.isoformat())]
    assert [item.local_kind for item in both.items() if item.remote_state == "present"] == ["booking_item"]
