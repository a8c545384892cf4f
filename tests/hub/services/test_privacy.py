"""Everything about a person, and forgetting them."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from hub import clock
from hub.database import Actor, Database, vault_of
from hub.errors import Conflict, NotFound
from hub.models.base import Base
from hub.models.bookings import Booking, Guest
from hub.models.keys import GuestKey
from hub.models.organizations import Account
from hub.models.privacy import Erasure, GuestWord, Mail
from hub.models.records import Change, IdempotencyKey
from hub.queries import bookings as bookings_query
from hub.queries.bookings import BookingFilter
from hub.services import accounts, bookings, consents, guests, mails, organizations, privacy
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from tests import factories
from tests.conftest import FrozenClock
from tests.hub.services.sealing import ACTOR, House, a_house, book

NAME = "Wilhelmina Vandersloot"


@pytest.fixture
def house(hub: Database) -> House:
    return a_house(hub)


def gone(clock: FrozenClock) -> None:
    """To when the stays of these tests are over."""
    clock.advance(timedelta(days=400))


def found(hub: Database, house: House, q: str) -> int:
    with hub.unit_of_work(house.organization_id) as session:
        wanted = BookingFilter(reference=q.upper(), words=guests.word_indexes(session, q))
        return len(bookings_query.page(session, wanted, 50, None))


def counted(hub: Database, house: House, *tables: type[Base]) -> list[int]:
    with hub.unit_of_work(house.organization_id) as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_a_guest_is_found_by_whole_words_of_the_name_however_they_are_written(
    hub: Database, house: House
) -> None:
    book(hub, house, 1, "José Müller-Lüdenscheidt")
    book(hub, house, 2, "José Ortega")
    assert found(hub, house, "JOSÉ") == 2
    assert found(hub, house, "müller josé") == found(hub, house, "LÜDENSCHEIDT") == 1
    assert found(hub, house, "jos") == found(hub, house, "josé smith") == 0


def test_a_guest_of_another_organization_is_not_found(hub: Database, house: House) -> None:
    book(hub, house, 1, NAME)
    assert found(hub, a_house(hub), NAME) == 0


def test_who_is_renamed_is_found_by_the_new_name_alone(hub: Database, house: House) -> None:
    guest_id = book(hub, house, 1, "Grace Murray")
    with hub.unit_of_work(house.organization_id) as session:
        guest = session.get_one(Guest, (house.organization_id, guest_id))
        guests.write(session, guest, guests.GuestFields("Grace Hopper"))
    assert (found(hub, house, "murray"), found(hub, house, "hopper")) == (0, 1)


def test_an_export_holds_everything_about_the_person_and_nothing_about_others(
    hub: Database, house: House
) -> None:
    guest_id = book(hub, house, 1, NAME, cancelled=True)
    book(hub, house, 2, "Somebody Else", cancelled=True)
    with hub.unit_of_work(house.organization_id) as session:
        consents.of_guest(session, guest_id, "newsletter", "2026-11")
        mails.keep(session, "confirmation", "w@example.com", "Your stay", "Dear W", guest_id=guest_id)
    with hub.unit_of_work(house.organization_id) as session:
        told = privacy.export(session, guest_id)
    said = json.dumps(told)
    assert told["guests"][0]["name"] == NAME
    assert told["guests"][0]["email"] == "guest-1@example.com"
    assert told["bookings"][0]["cancel_reason"] == f"{NAME} fell ill"
    assert told["consents"][0]["purpose"] == "newsletter"
    assert told["mails"][0]["text"] == "Dear W"
    assert {change["entity"] for change in told["changes"]} >= {"booking", "consent"}
    assert "Somebody Else" not in said
    assert "guest-2@example.com" not in said


def test_an_export_knows_all_rows_with_the_same_address(hub: Database, house: House) -> None:
    one, other = book(hub, house, 1, NAME), book(hub, house, 2, NAME)
    with hub.unit_of_work(house.organization_id) as session:
        guest = session.get_one(Guest, (house.organization_id, other))
        guests.write(session, guest, guests.GuestFields(NAME, "GUEST-1@example.com"))
    with hub.unit_of_work(house.organization_id) as session:
        told = privacy.export(session, one)
    assert {guest["id"] for guest in told["guests"]} == {str(one), str(other)}
    assert len(told["bookings"]) == 2


def test_an_erasure_takes_the_person_and_leaves_the_booking(
    hub: Database, house: House, clock: FrozenClock
) -> None:
    guest_id = book(hub, house, 1, NAME, cancelled=True)
    book(hub, house, 2, "Somebody Else")
    with hub.unit_of_work(house.organization_id) as session:
        mails.keep(session, "confirmation", "w@example.com", "Your stay", "Dear W", guest_id=guest_id)
        sealed = session.get_one(Guest, (house.organization_id, guest_id)).sealed
        key = vault_of(session).open(session.get_one(GuestKey, (house.organization_id, guest_id)).sealed)
    before = counted(hub, house, Booking, Guest, GuestKey, Mail)
    with hub.unit_of_work(house.organization_id) as session:
        assert privacy.erase(session, guest_id).guest_ids == (guest_id,)
    assert key
    assert sealed
    after = counted(hub, house, Booking, Guest, GuestKey, Mail)
    assert after == [before[0], before[1], before[2] - 1, 0]
    assert (found(hub, house, NAME), found(hub, house, "somebody else")) == (0, 1)
    with hub.unit_of_work(house.organization_id) as session:
        guest = session.get_one(Guest, (house.organization_id, guest_id))
        assert guests.read(session, guest) is None
        assert (guest.email_index, guest.phone_index) == (None, None)
        guest.sealed = sealed  # as an older backup has it
        assert guests.read(session, guest) is None
        session.rollback()
    with hub.unit_of_work(house.organization_id) as session:
        words = session.scalars(select(GuestWord.guest_id)).all()
        assert guest_id not in words
        booking = session.scalars(select(Booking).where(Booking.guest_id == guest_id)).one()
        assert booking.cancel_reason_sealed is None
        told = session.scalars(select(Change).where(Change.entity == "erasure")).one()
        assert (told.action, told.for_id) == ("done", guest_id)


def test_a_second_erasure_does_nothing(hub: Database, house: House, clock: FrozenClock) -> None:
    guest_id = book(hub, house, 1, NAME)
    gone(clock)
    with hub.unit_of_work(house.organization_id) as session:
        first = privacy.erase(session, guest_id)
    clock.advance(timedelta(days=1))
    with hub.unit_of_work(house.organization_id) as session:
        second = privacy.erase(session, guest_id)
    assert (first.again, second.again, second.at) == (False, True, first.at)
    assert counted(hub, house, Erasure) == [1]


def test_nobody_is_forgotten_while_a_stay_is_not_over_unless_it_is_forced(
    hub: Database, house: House
) -> None:
    guest_id = book(hub, house, 1, NAME)
    with pytest.raises(Conflict) as refused, hub.unit_of_work(house.organization_id) as session:
        privacy.erase(session, guest_id)
    assert refused.value.reasons[0].code == "stay_not_over"
    assert NAME not in str(refused.value)
    with hub.unit_of_work(house.organization_id) as session:
        assert not privacy.erase(session, guest_id, force=True).again


def test_a_cancelled_stay_keeps_nobody(hub: Database, house: House) -> None:
    guest_id = book(hub, house, 1, NAME, cancelled=True)
    with hub.unit_of_work(house.organization_id) as session:
        assert not privacy.erase(session, guest_id).again


def test_answers_that_were_kept_for_repeated_requests_go_with_the_person(hub: Database, house: House) -> None:
    guest_id = book(hub, house, 1, NAME, cancelled=True)
    with hub.unit_of_work(house.organization_id) as session:
        booking = session.scalars(select(Booking).where(Booking.guest_id == guest_id)).one()
        for n, address in enumerate((f"/api/v1/bookings/{booking.id}", "/api/v1/bookings/another")):
            session.add(
                IdempotencyKey(
                    organization_id=house.organization_id,
                    caller_id=house.organization_id,
                    key=str(n),
                    request_hash=b"hash",
                    status=201,
                    body=vault_of(session).seal("{}"),
                    headers={"location": address},
                    created_at=clock.now(),
                )
            )
    with hub.unit_of_work(house.organization_id) as session:
        privacy.erase(session, guest_id)
    assert counted(hub, house, IdempotencyKey) == [1]


def test_who_comes_again_after_an_erasure_is_a_new_guest(hub: Database, house: House) -> None:
    guest_id = book(hub, house, 1, NAME, cancelled=True)
    with hub.unit_of_work(house.organization_id) as session:
        privacy.erase(session, guest_id)
        booking_id = session.scalars(select(Booking.id).where(Booking.guest_id == guest_id)).one()
    new = guests.GuestFields("Somebody New")
    booked = hub.transact(
        house.organization_id, lambda session: bookings.amend(session, booking_id, guest=new)
    )
    assert booked.booking.guest_id != guest_id
    assert found(hub, house, "somebody new") == 1


def test_consents_have_a_time_and_a_version_and_are_withdrawn_once(
    hub: Database, house: House, clock: FrozenClock
) -> None:
    guest_id = book(hub, house, 1, NAME)
    with hub.unit_of_work(house.organization_id) as session:
        one = consents.of_guest(session, guest_id, "newsletter", "1")
        assert consents.of_guest(session, guest_id, "newsletter", "1").id == one.id
        assert consents.of_guest(session, guest_id, "newsletter", "2").id != one.id
        first = consents.withdraw(session, one.id).withdrawn_at
    clock.advance(timedelta(days=1))
    with hub.unit_of_work(house.organization_id) as session:
        assert consents.withdraw(session, one.id).withdrawn_at == first
        assert consents.of_guest(session, guest_id, "newsletter", "1").id != one.id


def test_an_account_exports_what_every_organization_knows_of_it(hub: Database) -> None:
    email = factories.an_email()
    here = factories.an_organization(hub, name="Here")
    there = factories.an_organization(hub, name="There")
    with hub.unit_of_work(here.organization_id) as session:
        member = organizations.add(session, NewMember(Person(email, NAME), "staff", factories.PASSWORD))
    with hub.unit_of_work(there.organization_id) as session:
        organizations.add(session, NewMember(Person(email, NAME), "manager", None))
        mails.keep(session, "news", email, "Hello", "Dear W", account_id=member.account_id)
    told = privacy.export_account(hub, member.account_id, Actor("member", member.id))
    assert (told["account"]["email"], told["account"]["name"]) == (email, NAME)
    assert {one["name"]: one["role"] for one in told["organizations"]} == {
        "Here": "staff",
        "There": "manager",
    }
    assert [mail["text"] for one in told["organizations"] for mail in one["mails"]] == ["Dear W"]


def test_an_account_is_forgotten_everywhere(hub: Database) -> None:
    email = factories.an_email()
    here, there = factories.an_organization(hub), factories.an_organization(hub)
    with hub.unit_of_work(here.organization_id) as session:
        member = organizations.add(session, NewMember(Person(email, NAME), "staff", factories.PASSWORD))
    with hub.unit_of_work(there.organization_id) as session:
        organizations.add(session, NewMember(Person(email, NAME), "staff", None))
    assert not privacy.erase_account(hub, member.account_id, ACTOR).again
    assert privacy.erase_account(hub, member.account_id, ACTOR).again
    for organization_id in (here.organization_id, there.organization_id):
        with hub.unit_of_work(organization_id) as session:
            row = session.get_one(Account, member.account_id)
            assert accounts.read(session, row) == accounts.FORGOTTEN
            assert accounts.find(session, email) is None
            active = text("SELECT count(*) FROM members WHERE account_id = :id AND deactivated_at IS NULL")
            assert session.scalar(active, {"id": member.account_id}) == 0


def test_the_last_admin_is_not_forgotten(hub: Database) -> None:
    admin = factories.an_organization(hub)
    with pytest.raises(Conflict):
        privacy.erase_account(hub, admin.account_id, ACTOR)
    with hub.unit_of_work(admin.organization_id) as session:
        row = session.get_one(Account, admin.account_id)
        assert accounts.read(session, row).name == "Ada Admin"


def test_an_unknown_person_is_not_found(hub: Database, house: House) -> None:
    with hub.unit_of_work(house.organization_id) as session:
        for call in (privacy.export, privacy.erase):
            with pytest.raises(NotFound):
                call(session, UUID(int=1))
