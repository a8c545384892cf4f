"""Steps of undoing a sync that are refused, and what a booking is when it is back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.errors import Reason
from hub.ids import new_id
from hub.models.bookings import BookingItem
from hub.queries import links as links_query
from hub.queries import runs
from hub.services import rebooking
from hub.services.rebooking import MoveRequest
from sync import requests, undoing_reading, undoing_steps
from sync.planning import undoing as planning
from sync.planning.undone import MoveBack, Place, Step
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.undone import undo


def test_what_is_refused_takes_its_turn_and_all_is_read_once(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a sync of which all is refused would be read again and again under the locks of a property."""
    importer.says()
    link = importer.link()
    importer.pull(link)
    importer.says(*(nights(f"e{n}", day(20 + n), day(21 + n)) for n in range(6)))
    run = importer.pull(link).run_id
    reads: list[Any] = []
    tried: list[Step] = []
    really, there = undoing_steps.refusal, undoing_reading.there

    def refusal(session: Any, of: Any, link: Any, step: Step) -> Reason | None:
        tried.append(step)
        return Reason("no", "it cannot be") if len(tried) < 4 else really(session, of, link, step)

    def read(*given: Any) -> Any:
        reads.append(given)
        return there(*given)

    monkeypatch.setattr(undoing_steps, "refusal", refusal)
    monkeypatch.setattr(undoing_reading, "there", read)
    monkeypatch.setattr(planning, "MOST", 4)

    done = undo(importer, run)

    assert (len(tried), len(reads)) == (4, 1)
    assert (done.headline, done.more) == ("1 event ignored, 3 left, 2 more: undo again", 2)
    assert [one.left.code if one.left else None for one in done.steps] == ["no", "no", "no", None]
    assert len(importer.blocks(link)) == 5


def test_a_booking_that_goes_back_is_bound_to_its_unit_only_if_it_was(importer: Importer) -> None:
    link_id = importer.link()
    run_id = importer.do(lambda session: requests.request(session, link_id).id)
    first, second = importer.units[:2]
    span = Nights(day(20), day(23))
    booked = importer.book(span, first)
    (item,) = booked.items
    importer.do(lambda session: session.execute(text("UPDATE booking_items SET pinned = false")))

    def back(loose: frozenset[UUID]) -> bool:
        """As if the sync had moved it; whether it is bound now."""
        importer.do(
            lambda session: rebooking.move(session, booked.booking.id, [MoveRequest(item.id, unit_id=second)])
        )
        step = Step(new_id(), "", acts=(MoveBack(booked.booking.id, (Place(item.id, first, span),), loose),))

        def take(session: Session) -> Reason | None:
            link = links_query.locked(session, link_id)
            return undoing_steps.refusal(session, runs.one(session, run_id), link, step)

        assert importer.do(take) is None
        (row,) = importer.do(lambda session: list(session.scalars(select(BookingItem))))
        assert row.unit_id == first
        return row.pinned

    assert [back(frozenset({item.id})), back(frozenset())] == [False, True]
