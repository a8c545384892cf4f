"""Keys of machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import In, Instant, Line, Out, UtcInstant
from hub.models.access import ApiKey
from hub.services import api_keys

NEW_KEY: dict[str, Any] = {
    "name": "Front desk tablet",
    "scopes": ["bookings"],
    "expires_at": "2027-11-21T12:00:00Z",
}


class Scope(StrEnum):
    """What a key covers: bookings and sync cover read too, admin covers all of them."""

    READ = "read"
    BOOKINGS = "bookings"
    SYNC = "sync"
    ADMIN = "admin"


class NewKeyIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [NEW_KEY]})

    name: Line
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires_at: Instant | None = Field(None, description="Else it is good until it is revoked")

    def request(self) -> api_keys.NewKey:
        return api_keys.NewKey(self.name, tuple(scope.value for scope in self.scopes), self.expires_at)


class KeyPatch(In):
    """What is not said stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scopes": ["read"]}]})

    name: Line | None = None
    scopes: list[Scope] | None = Field(None, min_length=1, max_length=len(Scope))
    expires_at: Instant | None = None


class KeyOut(Out):
    id: UUID
    name: str
    prefix: str = Field(description="How the key begins")
    scopes: list[str]
    created_by: UUID = Field(description="The member who made it")
    created_at: UtcInstant
    expires_at: UtcInstant | None
    last_used_at: UtcInstant | None = Field(description="To about a minute")
    revoked_at: UtcInstant | None

    @classmethod
    def of(cls, row: ApiKey) -> KeyOut:
        return cls.model_validate(row, from_attributes=True)


class NewKeyOut(KeyOut):
    """The only answer that holds the whole key."""

    key: str = Field(
        description="Send it as `Authorization: Bearer ...` or `X-API-Key`; nobody can see it again"
    )

    @classmethod
    def made(cls, made: api_keys.Made) -> NewKeyOut:
        return cls(**KeyOut.of(made.row).model_dump(), key=made.secret)
