"""Members of the caller's organization."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import In, Out, UtcInstant
from hub.models.organizations import Member
from hub.services.accounts import Person


class Role(StrEnum):
    """What a member may do: staff sell, managers also shape the inventory, admins also choose members."""

    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"


PropertyIds = Annotated[
    tuple[UUID, ...],
    Field(max_length=1000, description="Staff see and change these properties alone; none means all"),
]


class MemberPatch(In):
    """What is not said stays as it is. Whoever is no longer staff is limited no longer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "manager"}]})

    role: Role | None = None
    property_ids: PropertyIds | None = None


class MemberOut(Out):
    id: UUID
    email: str
    name: str
    role: str
    property_ids: list[UUID] = Field(description="To which staff are limited; none means all")
    created_at: UtcInstant
    deactivated_at: UtcInstant | None = Field(description="Since when they may not act any more")

    @classmethod
    def of(cls, row: Member, person: Person, property_ids: Sequence[UUID]) -> MemberOut:
        return cls(
            id=row.id,
            email=person.email,
            name=person.name,
            role=row.role,
            property_ids=list(property_ids),
            created_at=row.created_at,
            deactivated_at=row.deactivated_at,
        )
