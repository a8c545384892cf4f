"""Signing in, and who one is."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.schemas.common import In, Line, Out
from hub.queries.accounts import Membership
from hub.services import tokens
from hub.services.sign_in import REFRESH_FOR, SignedIn


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("unknown_zone", "no such time zone; write it as Europe/Madrid")
    return name


Email = Annotated[str, Field(max_length=320, examples=["ada@example.com"])]
Password = Annotated[
    str,
    Field(
        max_length=4096,
        description="10 characters or more, 1024 bytes or fewer",
        json_schema_extra={"format": "password"},
    ),
]
RefreshToken = Annotated[str, Field(max_length=200, description="As the last sign-in or refresh answered it")]

Locale = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
        description="Language, script and region (BCP 47)",
        examples=["es-ES"],
    ),
]
ZoneName = Annotated[str, Field(max_length=64, examples=["Europe/Madrid"]), AfterValidator(_known_zone)]
Theme = Literal["light", "dark", "system"]
WeekStart = Literal["monday", "saturday", "sunday"]
ClockFace = Literal["12h", "24h"]
OneTimeToken = Annotated[str, Field(max_length=200, description="The last part of the link's address")]

LOGIN: dict[str, Any] = {"email": "ada@example.com", "password": "correct horse battery staple"}
REFRESH: dict[str, Any] = {"refresh_token": "Yk3o8Z1W0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwE"}


class Login(In):
    model_config = ConfigDict(json_schema_extra={"examples": [LOGIN]})

    email: Email
    password: Password
    organization_id: UUID | None = Field(None, description="Where to sign in; else where you first joined")


class Refresh(In):
    model_config = ConfigDict(json_schema_extra={"examples": [REFRESH]})

    refresh_token: RefreshToken


class TokensOut(Out):
    """Send `access_token` as the bearer; once it has expired, exchange `refresh_token` for new ones."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- a scheme, not a secret
    expires_in: int = Field(description="Seconds for which the access token is good")
    refresh_token: str
    refresh_expires_in: int = Field(description="Seconds for which the refresh token is good")
    organization_id: UUID
    member_id: UUID
    role: str

    @classmethod
    def of(cls, signed_in: SignedIn, access_token: str) -> TokensOut:
        return cls(
            access_token=access_token,
            expires_in=int(tokens.LIFETIME.total_seconds()),
            refresh_token=signed_in.refresh_token,
            refresh_expires_in=int(REFRESH_FOR.total_seconds()),
            organization_id=signed_in.organization_id,
            member_id=signed_in.member_id,
            role=signed_in.role,
        )


class OrganizationOut(Out):
    """One for which you may act."""

    id: UUID
    name: str
    member_id: UUID

    @classmethod
    def of(cls, membership: Membership) -> OrganizationOut:
        return cls(
            id=membership.organization_id,
            name=membership.organization_name,
            member_id=membership.member_id,
        )


class Preferences(Out):
    """What is None was never chosen."""

    locale: str | None = None
    time_zone: str | None = None
    theme: Theme | None = None
    week_starts_on: WeekStart | None = None
    clock: ClockFace | None = None


class PreferencesPatch(In):
    """What is not said stays as it is; null takes a choice back."""

    locale: Locale | None = None
    time_zone: ZoneName | None = None
    theme: Theme | None = None
    week_starts_on: WeekStart | None = None
    clock: ClockFace | None = None


class Me(Out):
    member_id: UUID
    organization_id: UUID = Field(description="For which this access token acts")
    role: str
    email: str
    name: str
    preferences: Preferences
    organizations: list[OrganizationOut] = Field(description="All for which you may act, first joined first")


class MePatch(In):
    """What is not said stays as it is. A new password ends every sign-in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ada King"}]})

    name: Line | None = None
    current_password: Password | None = Field(None, description="Needed for a new one")
    password: Password | None = None
    preferences: PreferencesPatch | None = None
