"""Data keys: of each organization its own, and persons each with their own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import LargeBinary, event, select, text, update

from hub.database import Database, vault_of
from hub.errors import Misconfigured
from hub.models import Base
from hub.models.bookings import Guest
from hub.models.keys import GuestKey
from hub.queries.keys import SEALED
from hub.services import guests
from hub.vault import OF_ORGANIZATION, OF_PERSON
from tests import factories
from tests.hub.services.sealing import (
    OLD_KEY,
    Process,
    a_house,
    book,
    numbers,
)

HASHES = {
    "accounts.email_index",
    "api_keys.key_hash",
    "connection_sign_ins.browser_hash",
    "connection_sign_ins.state_hash",
    "external_events.digest",
    "external_events.text_digest",
    "feed_snapshots.content_hash",
    "guest_words.word",
    "guests.email_index",
    "guests.phone_index",
    "idempotency_keys.request_hash",
    "identities.subject_index",
    "invitations.email_index",
    "invitations.token_hash",
    "links.calendar_key",
    "links.feed_token_hash",
    "password_resets.token_hash",
    "payloads.digest",
    "refresh_tokens.token_hash",
    "registrations.token_hash",
    "sign_in_attempts.key",
    "sync_runs.request_hash",
    "watch_channels.token_hash",
}
OF_OTHERS = {
    "guests.sealed": "the guest's own key",
    "accounts.sealed": "the account's own key",
    "account_keys.sealed": "the hub's keys",
    "organization_keys.sealed": "the hub's keys",
    "feed_snapshots.body": "nothing: what everybody with the feed's address may read, without a name",
}


def test_every_column_of_bytes_is_a_hash_or_sealed_by_a_key_that_is_known() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == HASHES | OF_OTHERS.keys() | {str(column) for column in SEALED}


def test_bytes_are_sealed_as_they_are_and_what_is_sealed_as_json_is_json(hub: Database) -> None:
    ours = factories.an_organization(hub).organization_id
    with hub.unit_of_work(ours) as session:
        vault = vault_of(session)
        assert vault.open_bytes(vault.seal_bytes(bytes(range(256)))) == bytes(range(256))
        assert vault.open_bytes(vault.seal({"a": "é"})) == '{"a":"é"}'.encode()
        assert vault.seal_bytes(b"")[:1] == OF_ORGANIZATION


def test_each_organization_seals_with_a_key_of_its_own(hub: Database) -> None:
    ours, theirs = (factories.an_organization(hub).organization_id for _ in range(2))
    with hub.unit_of_work(ours) as session:
        sealed = vault_of(session).seal("secret")
        assert vault_of(session).open(sealed) == "secret"
    assert sealed[:1] == OF_ORGANIZATION
    with hub.unit_of_work(theirs) as session, pytest.raises(Misconfigured):
        vault_of(session).open(sealed)
    with pytest.raises(Misconfigured):
        hub.vault.open(sealed)


def test_what_the_hubs_keys_sealed_before_is_still_opened(hub: Database) -> None:
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        assert vault_of(session).open(hub.vault.seal({"url": "x"})) == {"url": "x"}


def test_a_key_whose_transaction_rolled_back_seals_nothing_any_more(hub: Database) -> None:
    organization_id = factories.an_organization(hub).organization_id
    with hub.unit_of_work(organization_id) as session:
        session.execute(text("DELETE FROM organization_keys"))
    hub.keyring.forget(organization_id)
    with hub.unit_of_work(organization_id) as session:
        lost = vault_of(session).seal("of a key that never was")
        session.rollback()
    with hub.unit_of_work(organization_id) as session:
        kept = vault_of(session).seal("of a key that is")
    with hub.unit_of_work(organization_id) as session:
        assert vault_of(session).open(kept) == "of a key that is"
        with pytest.raises(Misconfigured):
            vault_of(session).open(lost)


def test_a_guest_is_sealed_under_their_own_key(hub: Database) -> None:
    house = a_house(hub)
    one, other = book(hub, house, 1, "Grace"), book(hub, house, 2, "Ada")
    with hub.unit_of_work(house.organization_id) as session:
        grace = session.get_one(Guest, (house.organization_id, one))
        assert grace.sealed[:1] == OF_PERSON
        other_key = session.get_one(GuestKey, (house.organization_id, other)).sealed
        session.execute(update(GuestKey).where(GuestKey.id == one).values(sealed=other_key))
    with hub.unit_of_work(house.organization_id) as session, pytest.raises(Misconfigured):
        guests.read(session, session.get_one(Guest, (house.organization_id, one)))


def test_many_first_seals_at_once_agree_on_one_key(alone: Database, process: Process) -> None:
    """An organization from before there were data keys, in several processes."""
    house = a_house(alone)
    with alone.unit_of_work(house.organization_id) as session:
        session.execute(text("DELETE FROM organization_keys"))
    processes = [process(OLD_KEY) for _ in range(6)]
    start = threading.Barrier(len(processes))

    def seal(database: Database) -> bytes:
        with database.unit_of_work(house.organization_id) as session:
            start.wait(30)
            return vault_of(session).seal("first")

    with ThreadPoolExecutor(len(processes)) as pool:
        sealed = list(pool.map(seal, processes))
    assert numbers(alone, house.organization_id) == [1]
    with process(OLD_KEY).unit_of_work(house.organization_id) as session:
        assert {vault_of(session).open(one) for one in sealed} == {"first"}


def test_a_page_of_guests_is_read_in_one_statement(hub: Database) -> None:
    house = a_house(hub)
    for day in range(5):
        book(hub, house, day, f"Guest {day}")
    said: list[str] = []
    with hub.unit_of_work(house.organization_id) as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *call: said.append(call[2]))
        assert len([guests.read(session, guest) for guest in session.scalars(select(Guest))]) == 5
    assert len(said) == 1, said
