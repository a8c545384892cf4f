"""Proof of what is ours: good on one event, of one organization."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Marker
from hub.ids import new_id
from sync import signing, touching
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _heard(place: Place) -> None:
    for _ in range(10):
        if not relay(place.runtime):
            return


def _touch(place: Place, *booking_ids: UUID) -> tuple[UUID, ...]:
    return place.do(lambda session: touching.touch(session, booking_ids, []))


def _event(event_id: str, marker: Marker | None) -> CalendarEvent:
    return CalendarEvent(id=event_id, marker=marker)


def test_a_marker_is_good_on_the_event_that_it_was_written_to_and_on_no_other(place: Place) -> None:
    item_id, other_id = new_id(), new_id()

    def work(session: Session) -> list[UUID | None]:
        marker = signing.marker(session, "event1", item_id, new_id())
        forged = Marker(str(other_id), marker.revision, marker.signature)
        return [
            signing.item_of(session, _event("event1", marker)),
            signing.item_of(session, _event("event2", marker)),
            signing.item_of(session, _event("event1", forged)),
            signing.item_of(session, _event("event1", None)),
        ]

    assert place.do(work) == [item_id, None, None, None]


@pytest.mark.parametrize("item", ["", "no uuid", "{%s}", "urn:uuid:%s", "%s ", "\udcff"])
def test_a_marker_that_is_ill_formed_is_nobodys(place: Place, item: str) -> None:
    item_id = new_id()
    said = item.replace("%s", str(item_id))

    def work(session: Session) -> list[UUID | None]:
        good = signing.marker(session, "event1", item_id, new_id())
        markers = (Marker(said, "", good.signature), Marker(str(item_id), "", said))
        return [signing.item_of(session, _event("event1", marker)) for marker in markers]

    assert place.do(work) == [None, None]


def test_one_organization_cannot_sign_for_another(place: Place) -> None:
    other, item_id = Place.build(place.runtime), new_id()
    marker = other.do(lambda session: signing.marker(session, "event1", item_id, new_id()))
    assert place.do(lambda session: signing.item_of(session, _event("event1", marker))) is None
    keys = [one.do(signing.content_key) for one in (place, other)]
    assert keys[0] != keys[1]
    assert len(keys[0]) == 32
