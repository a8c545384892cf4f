"""People who come in by links: the letters that are kept for them, and the secrets in those."""

from __future__ import annotations

from uuid import UUID

from hub.database import Actor, Database
from hub.models.organizations import Member
from hub.queries import mails as query
from hub.services import invitations, mails
from hub.services.accounts import Person
from hub.services.invitations import Invited
from hub.services.mails import Letter

BASE_URL = "https://hub.example.com"


def letters(hub: Database, organization_id: UUID, to: str) -> list[Letter]:
    """The newest first."""
    with hub.unit_of_work(organization_id) as session:
        every = [mails.read(session, row) for row in query.newest(session, 1000)]
    return [letter for letter in every if letter.to == to]


def secret(link: str) -> str:
    """The last part of the address that a text holds."""
    return link.partition(f"{BASE_URL}/")[2].split()[0].rpartition("/")[2]


def token_for(hub: Database, organization_id: UUID, to: str) -> str:
    return secret(letters(hub, organization_id, to)[0].text)


def invited(
    hub: Database, admin: Member, email: str, role: str = "staff", property_ids: tuple[UUID, ...] = ()
) -> Invited:
    """By this admin."""
    return hub.transact(
        admin.organization_id,
        lambda session: invitations.invite(session, Person(email, "Sam"), role, property_ids, BASE_URL),
        Actor("member", admin.id),
    )
