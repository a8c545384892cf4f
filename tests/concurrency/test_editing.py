"""A unit is edited while a booking or an import waits for it: what was read of it before is no longer so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.domain.periods import Nights
from hub.errors import Conflict, Refused
from hub.services import archiving, editing, unit_types, units
from hub.services.unit_types import UnitTypeChanges
from hub.services.units import UnitChanges
from sync.attempts import Outcome
from sync.linking import Scope
from sync.pull import pull
from sync.runtime import Runtime
from tests import factories, servers
from tests.concurrency import audit, place
from tests.concurrency.services import Desk
from tests.concurrency.together import Gate, inside
from tests.fakes.feed_server import FeedServer

SPAN = Nights(place.day(40), place.day(42))


@pytest.fixture
def during(own_database: servers.Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, Any]]:
    """Does the second while the first, an edit, is about to record what it did."""

    def both(edit: Callable[[], Any], second: Callable[[], Any], record: Any = editing) -> tuple[Any, Any]:
        gate = Gate()
        name = "record" if record is editing else "mark"
        monkeypatch.setattr(record, name, gate.around(getattr(record, name)))
        return inside(gate, edit, second, lambda: audit.waiting_for_units(own_database.superuser_url) == 1)

    return both


def test_a_unit_that_is_archived_meanwhile_is_not_sold(desk: Desk, during: Any) -> None:
    with desk.database.unit_of_work(desk.place.organization_id) as session:
        alone = factories.a_unit(session, desk.place.room_type_id, "Attic").id

    archived, booked = during(
        desk.work(lambda session: units.archive(session, alone)), desk.book_unit(alone, SPAN), archiving
    )

    assert archived.exception() is None
    assert isinstance(booked.exception(), Refused)


def test_a_villa_that_gets_another_room_meanwhile_is_sold_with_it(
    desk: Desk, during: Any, own_database: servers.Database
) -> None:
    villa, rooms = desk.place.whole, desk.place.rooms
    assert villa is not None
    with desk.database.unit_of_work(desk.place.organization_id) as session:
        attic = factories.a_unit(session, desk.place.room_type_id, "Attic").id
    parts = UnitChanges(parts=(*rooms, attic))

    edited, booked = during(
        desk.work(lambda session: units.update(session, villa, parts)), desk.book_whole(SPAN)
    )

    assert edited.exception() is None
    assert booked.exception() is None
    with audit.opened(own_database.superuser_url) as connection:
        assert {stay.unit_id for stay in audit.stays(connection)} == {*rooms, attic}
    found = audit.faults(own_database.superuser_url)
    assert not [fault for fault in found if "allocation" in fault]


def test_a_turnaround_that_is_longer_meanwhile_is_kept_free(
    desk: Desk, during: Any, own_database: servers.Database
) -> None:
    longer = UnitTypeChanges(turnaround=1)

    edited, booked = during(
        desk.work(lambda session: unit_types.update(session, desk.place.room_type_id, longer)),
        desk.book_unit(desk.place.rooms[0], SPAN),
    )

    assert edited.exception() is None
    assert booked.exception() is None
    nights = "SELECT ends_at - starts_at FROM allocations"
    assert audit.ask(own_database.superuser_url, nights) == timedelta(days=3)


def test_an_import_for_a_villa_that_gets_another_room_meanwhile_blocks_that_too(
    desk: Desk, runtime: Runtime, during: Any, own_database: servers.Database
) -> None:
    villa, rooms = desk.place.whole, desk.place.rooms
    assert villa is not None
    with desk.database.unit_of_work(desk.place.organization_id) as session:
        attic = factories.a_unit(session, desk.place.room_type_id, "Attic").id
    parts = UnitChanges(parts=(*rooms, attic))

    with FeedServer() as remote:
        remote.answer("/villa.ics", body=place.calendar([("one", SPAN.arrival, SPAN.departure)]))
        link_id = place.link(runtime, desk.place, remote.url("/villa.ics"), Scope(unit_id=villa))
        edited, pulled = during(
            desk.work(lambda session: units.update(session, villa, parts)),
            lambda: pull(runtime, desk.place.organization_id, link_id),
        )

    assert edited.exception() is None
    assert isinstance(pulled.result(), Outcome)
    with audit.opened(own_database.superuser_url) as connection:
        blocked = {row.unit_id for row in connection.execute("SELECT unit_id FROM external_blocks")}
    assert blocked == {*rooms, attic}
    assert isinstance(_refused(desk, attic), Conflict)


def _refused(desk: Desk, unit_id: Any) -> BaseException:
    with pytest.raises(Conflict) as caught:
        desk.book_unit(unit_id, SPAN)()
    return caught.value
