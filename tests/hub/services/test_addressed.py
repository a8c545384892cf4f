"""Who is forgotten as an account is forgotten in what was written to the address, in every organization."""

from __future__ import annotations

import json
import zlib
from uuid import UUID

import pytest
from sqlalchemy import text

from hub import clock
from hub.database import Database, vault_of
from hub.errors import Misconfigured
from hub.models.records import IdempotencyKey
from hub.queries.keys import SEALED
from hub.services import organizations, privacy, registrations, resets
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from hub.services.registrations import Agreed
from tests import factories
from tests.hub.services.entering import BASE_URL, invited
from tests.hub.services.sealing import ACTOR

NAME = "Wilhelmina Vandersloot"
GUESTS = "a password of a guest"
AGREED = Agreed("account", "2026-11")


@pytest.fixture
def hub(alone: Database) -> Database:
    """With the organizations of one test alone: every one of them is gone through."""
    return alone


def opened(content: bytes) -> str:
    """JSON as it reads; what channels sent is packed instead."""
    try:
        return json.dumps(json.loads(content), ensure_ascii=False)
    except UnicodeDecodeError:
        return zlib.decompress(content).decode(errors="replace")


def said(hub: Database) -> str:
    """Everything sealed that opens, of all organizations."""
    with hub.unit_of_work(None) as session:
        every = session.scalars(text("SELECT all_organizations()")).all()
    found: list[str] = []
    for organization_id in every:
        with hub.unit_of_work(organization_id) as session:
            for column in SEALED:
                statement = f"SELECT {column.name} FROM {column.table} WHERE length({column.name}) > 0"
                for sealed in session.scalars(text(statement)):
                    try:
                        found.append(opened(vault_of(session).open_bytes(sealed)))
                    except Misconfigured:
                        continue
    return "\n".join(sorted(found))


def test_nothing_of_the_address_is_left_in_any_sealed_row(hub: Database) -> None:
    email, other = factories.an_email(), factories.an_email()
    here, there, stranger = (factories.an_organization(hub) for _ in range(3))
    slugs = []
    for admin in (here, stranger):
        with hub.unit_of_work(admin.organization_id) as session:
            slugs.append(factories.a_property(session).slug)
    with hub.unit_of_work(here.organization_id) as session:
        member = organizations.add(session, NewMember(Person(email, NAME), "staff", factories.PASSWORD))
    for address in (email, other):
        for admin in (there, stranger):
            invited(hub, admin, address)
        for slug in slugs:
            registrations.register(hub, slug, Person(address, f"{address} {NAME}"), GUESTS, AGREED, BASE_URL)
    with hub.unit_of_work(there.organization_id) as session:
        organizations.add(session, NewMember(Person(email, NAME), "staff", None))
    resets.ask(hub, email, BASE_URL)
    answered(hub, stranger.organization_id, email)
    answered(hub, stranger.organization_id, other)
    before = said(hub)
    assert before.count(email) >= 10

    assert not privacy.erase_account(hub, member.account_id, ACTOR).again

    after = said(hub)
    assert email not in after
    # each: two invitations and two registrations, the mails of both, an answer
    assert sum(other in line for line in after.splitlines()) == 9
    assert after.splitlines() == [line for line in before.splitlines() if email not in line]


def answered(hub: Database, organization_id: UUID, email: str) -> None:
    """As who invited the address was, with an Idempotency-Key."""
    with hub.unit_of_work(organization_id) as session:
        session.add(
            IdempotencyKey(
                organization_id=organization_id,
                caller_id=organization_id,
                key=email,
                request_hash=b"hash",
                status=201,
                body=vault_of(session).seal(json.dumps({"email": email, "name": NAME})),
                headers={},
                created_at=clock.now(),
            )
        )


@pytest.mark.parametrize("lost", ["mails", "registrations", "invitations"])
def test_a_row_that_no_key_opens_keeps_nobody_from_being_forgotten(hub: Database, lost: str) -> None:
    email = factories.an_email()
    admin = factories.an_organization(hub)
    with hub.unit_of_work(admin.organization_id) as session:
        slug = factories.a_property(session).slug
    invited(hub, admin, factories.an_email())
    registrations.register(hub, slug, Person(factories.an_email(), NAME), GUESTS, AGREED, BASE_URL)
    with hub.unit_of_work(admin.organization_id) as session:
        session.execute(text(f"UPDATE {lost} SET sealed = 'gone'"))
        member = organizations.add(session, NewMember(Person(email, NAME), "staff", factories.PASSWORD))
    privacy.erase_account(hub, member.account_id, ACTOR)
    with hub.unit_of_work(admin.organization_id) as session:
        assert session.scalar(text(f"SELECT count(*) FROM {lost}"))
