"""Invitations to the caller's organization, and what whoever is invited sends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.auth import Email, OneTimeToken, Password
from api.schemas.common import In, Line, Out, UtcInstant
from api.schemas.members import PropertyIds, Role
from hub.models.access import Invitation
from hub.services.accounts import Person
from hub.services.invitations import Invited

NEW_INVITATION: dict[str, Any] = {
    "email": "sam@example.com",
    "name": "Sam Staff",
    "role": "staff",
    "property_ids": [],
}
ACCEPTED: dict[str, Any] = {
    "token": "Yk3o8Z1W0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwE",
    "name": "Sam Staff",
    "password": "correct horse battery staple",
}


class NewInvitation(In):
    model_config = ConfigDict(json_schema_extra={"examples": [NEW_INVITATION]})

    email: Email
    name: Line
    role: Role
    property_ids: PropertyIds = ()

    @property
    def person(self) -> Person:
        return Person(self.email, self.name)


class Acceptance(In):
    """
    Who has no account yet chooses name and password. Who has one says its present password: without it
    nothing happens. The account itself does not change.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [ACCEPTED]})

    token: OneTimeToken
    name: Line | None = Field(None, description="Else the one in the invitation")
    password: Password | None = Field(
        None, description="The present one of an account; if new, without one ask for a reset"
    )


class InvitationOut(Out):
    id: UUID
    email: str
    name: str
    role: str
    property_ids: list[UUID]
    invited_by: UUID = Field(description="The member")
    created_at: UtcInstant
    expires_at: UtcInstant
    accepted_at: UtcInstant | None
    revoked_at: UtcInstant | None

    @classmethod
    def of(cls, row: Invitation, person: Person) -> InvitationOut:
        return cls(**_said(row, person))


class NewInvitationOut(InvitationOut):
    link: str = Field(description="For who is invited; shown only now")

    @classmethod
    def of_new(cls, invited: Invited) -> NewInvitationOut:
        return cls(**_said(invited.row, invited.person), link=invited.link)


def _said(row: Invitation, person: Person) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": person.email,
        "name": person.name,
        "role": row.role,
        "property_ids": [UUID(property_id) for property_id in row.property_ids],
        "invited_by": row.invited_by,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
        "revoked_at": row.revoked_at,
    }
