"""Rows that are written together are as a flush would have written them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from hub.database import Database, sqlstate
from hub.ids import new_id
from hub.models.base import Base, Owned
from hub.models.bookings import Allocation, Booking, BookingItem, Guest
from hub.models.properties import Unit
from hub.models.records import Change, Fact
from hub.queries import rows
from tests import factories

STARTS = datetime(2030, 7, 1, 12, 0, 0, 1, tzinfo=UTC)
ENDS = datetime(2030, 7, 3, 12, 0, 0, 999_999, tzinfo=UTC)
INSUFFICIENT_PRIVILEGE = "42501"
AWKWARD = 'it\'s "ninety" \\ %s :rows {} é 中 \u2028 🏠'


def some_rows(room: Unit) -> list[Owned]:
    """One of each kind that a booking writes; what may be left out is left out of some."""
    here = room.organization_id
    guest = Guest(
        organization_id=here,
        id=new_id(),
        sealed=bytes(range(256)),
        email_index=b"\x00\\",
        phone_index=None,
        created_at=STARTS,
    )
    booking = Booking(
        organization_id=here,
        id=new_id(),
        property_id=room.property_id,
        guest_id=guest.id,
        reference=new_id().hex,
        status="confirmed",
        source=AWKWARD,
        guests=2,
        starts_at=STARTS,
        ends_at=ENDS,
    )
    items = [
        BookingItem(
            organization_id=here,
            id=new_id(),
            booking_id=booking.id,
            position=position,
            unit_type_id=room.unit_type_id,
            unit_id=room.id,
            pinned=arrival is None,
            arrival=arrival,
            departure=arrival and date(2030, 7, 3),
            starts_at=STARTS,
            ends_at=ENDS,
            uid=new_id().hex,
        )
        for position, arrival in enumerate((None, date(2030, 7, 1)))
    ]
    allocation = Allocation(
        organization_id=here,
        unit_id=room.id,
        booking_id=booking.id,
        item_id=items[0].id,
        starts_at=STARTS,
        ends_at=ENDS,
    )
    change = Change(
        organization_id=here,
        at=STARTS,
        entity="booking",
        entity_id=booking.id,
        action="confirmed",
        before=None,
        after={"text": AWKWARD, "none": None, "many": [1, 2.5, True, {"deep": []}]},
        actor_kind="system",
    )
    fact = Fact(organization_id=here, kind=AWKWARD, payload={}, not_before=STARTS, created_at=ENDS)
    return [guest, booking, *items, allocation, change, fact]


KINDS: tuple[type[Owned], ...] = (Guest, Booking, BookingItem, Allocation, Change, Fact)
NEW_EACH_TIME = {"reference", "uid", "created_at", "updated_at"}


def kept(session: Session, written: list[Owned]) -> list[dict[str, Any]]:
    """What the database has of these rows, but for what is new each time."""
    found = []
    for row in written:
        table = type(row).__table__
        (values,) = session.execute(select(table).where(table.c.id == row.id)).mappings()
        comparable = {name: value for name, value in values.items() if not isinstance(value, UUID)}
        found.append({name: comparable[name] for name in comparable.keys() - NEW_EACH_TIME})
    return found


@pytest.fixture
def room(hub: Database) -> Unit:
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        return factories.rooms(session, 1)[0]


@pytest.fixture
def another_room(hub: Database) -> Unit:
    """Of another organization."""
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        return factories.rooms(session, 1)[0]


def test_they_are_as_a_flush_would_have_written_them(hub: Database, room: Unit, another_room: Unit) -> None:
    with hub.unit_of_work(room.organization_id) as session:
        together = some_rows(room)
        rows.insert(session, together)
        found = kept(session, together)
    with hub.unit_of_work(another_room.organization_id) as session:
        one_by_one = some_rows(another_room)
        for row in one_by_one:
            session.add(row)
            session.flush()
        expected = kept(session, one_by_one)

    assert found == expected
    assert [type(row) for row in together] == [type(row) for row in one_by_one]


def test_rows_given_by_their_values_are_the_same(hub: Database, room: Unit, another_room: Unit) -> None:
    with hub.unit_of_work(room.organization_id) as session:
        together = some_rows(room)
        rows.insert(session, together)
        expected = kept(session, together)
    with hub.unit_of_work(another_room.organization_id) as session:
        written = some_rows(another_room)
        by_table: dict[type[Base], list[dict[str, Any]]] = {}
        for row in written:
            said = {name: value for name, value in vars(row).items() if not name.startswith("_")}
            by_table.setdefault(type(row), []).append(said)
            row.id = said.setdefault("id", new_id())
        rows.insert_values(session, by_table)
        found = kept(session, written)

    assert found == expected


def test_what_they_do_not_say_they_say_afterwards(hub: Database, room: Unit) -> None:
    with hub.unit_of_work(room.organization_id) as session:
        written = some_rows(room)
        rows.insert(session, written)

        booking, allocation = written[1], written[4]
        assert isinstance(booking, Booking)
        assert booking.version == 1
        read = session.get(Booking, (booking.organization_id, booking.id))
        assert read is not None
        assert (read.created_at, read.updated_at) == (booking.created_at, booking.updated_at)
        assert session.get(Allocation, (allocation.organization_id, allocation.id)) is not None


def test_what_is_pending_comes_before_what_refers_to_it(hub: Database, room: Unit) -> None:
    with hub.unit_of_work(room.organization_id) as session:
        guest, booking, *_ = some_rows(room)
        session.add(guest)
        rows.insert(session, [booking])

        assert kept(session, [guest, booking])


def test_no_rows_are_no_statement(hub: Database, room: Unit) -> None:
    said: list[str] = []
    with hub.unit_of_work(room.organization_id) as session:

        @event.listens_for(session.connection(), "before_cursor_execute")
        def note(_: object, __: object, statement: str, *___: object) -> None:
            said.append(statement)

        rows.insert(session, [])
        assert said == []

        rows.insert(session, some_rows(room)[:1])
        assert len(said) == 1


def test_none_of_them_can_be_of_another_organization(hub: Database, room: Unit, another_room: Unit) -> None:
    with pytest.raises(DBAPIError) as refused, hub.unit_of_work(room.organization_id) as session:
        rows.insert(session, [some_rows(room)[0], some_rows(another_room)[0]])

    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE


def test_what_they_refer_to_must_be_there(hub: Database, room: Unit) -> None:
    with pytest.raises(IntegrityError), hub.unit_of_work(room.organization_id) as session:
        rows.insert(session, some_rows(room)[1:])  # without the guest
