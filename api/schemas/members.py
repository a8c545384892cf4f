"""Members of the caller's organization."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.auth import Email, Password
from api.schemas.common import In, Line, Out, UtcInstant
from hub.models.organizations import Member
from hub.services import organizations
from hub.services.accounts import Person

NEW_MEMBER: dict[str, Any] = {
    "email": "sam@example.com",
    "name": "Sam Staff",
    "role": "staff",
    "password": "correct horse battery staple",
}


class Role(StrEnum):
    """What a member may do: staff sell, managers also shape the inventory, admins also choose members."""

    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"


class NewMemberIn(In):
    """Somebody who has an account already keeps their name and password: leave the password out."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_MEMBER]})

    email: Email
    name: Line
    role: Role
    password: Password | None = None

    def request(self) -> organizations.NewMember:
        return organizations.NewMember(Person(self.email, self.name), self.role.value, self.password)


class MemberPatch(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "manager"}]})

    role: Role


class MemberOut(Out):
    id: UUID
    email: str
    name: str
    role: str
    created_at: UtcInstant
    deactivated_at: UtcInstant | None = Field(description="Since when they may not act any more")

    @classmethod
    def of(cls, row: Member, person: Person) -> MemberOut:
        return cls(
            id=row.id,
            email=person.email,
            name=person.name,
            role=row.role,
            created_at=row.created_at,
            deactivated_at=row.deactivated_at,
        )
