"""What the settings of a connection to Google and of its links say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from connectors.errors import Rejected
from connectors.google_calendar.colours import COLOURS, colour_id
from connectors.mirroring import Appearance, Kind, MirrorOptions


class Reach(StrEnum):
    ALL = "all"
    CREATED = "created"


class Access(StrEnum):
    EVENTS = "events"
    FREE_BUSY = "free_busy"


class AccountSettings(BaseModel):
    """Whose calendars they are. Neither a sign-in nor a subject: the hub's service account itself."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    refresh_token: str = Field(
        default="",
        max_length=4000,
        repr=False,
        title="Sign-in",
        description="What Google gave us when the account's owner signed in; made by the sign-in.",
    )
    subject: str = Field(
        default="",
        max_length=320,
        title="On behalf of",
        description=(
            "With the hub's service account: the e-mail address of the person on whose behalf it acts. An "
            "administrator of that person's Google Workspace must have allowed it (domain-wide delegation)."
        ),
        examples=["reception@example.com"],
    )
    reach: Reach = Field(
        default=Reach.ALL,
        title="Reach",
        description=(
            "What we ask Google for: all calendars of the account, or only those that we create (created). "
            "Has to be said before the sign-in."
        ),
    )

    @field_validator("subject")
    @classmethod
    def _an_address(cls, value: str) -> str:
        value = value.strip()
        if value and "@" not in value:
            raise ValueError("the person on whose behalf we act is named by an e-mail address")
        return value

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if self.refresh_token and self.subject:
            raise ValueError("a sign-in and a subject name two accounts: leave one of them out")
        return self


class GoogleCalendarSettings(MirrorOptions, AccountSettings):
    """One calendar of one account, and how what we have looks in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    calendar_id: str = Field(
        min_length=1,
        max_length=1000,
        title="Calendar",
        description="The id of the calendar, as the list of calendars tells it.",
        examples=["c_0a1b2c3d@group.calendar.google.com"],
    )
    access: Access = Field(
        default=Access.EVENTS,
        title="Access",
        description=(
            "What is read of it: its events, or only when it is busy (free_busy). The latter is for links "
            "that only import, for one unit."
        ),
    )

    @field_validator("calendar_id")
    @classmethod
    def _names_one_calendar(cls, value: str) -> str:
        value = value.strip()
        if value.lower() == "primary":
            raise ValueError(
                "primary is another calendar for every account: choose the calendar by its id, "
                "which is the account's e-mail address"
            )
        if not value or not value.isprintable() or " " in value:
            raise ValueError("this is no id of a calendar")
        return value

    @field_validator("looks")
    @classmethod
    def _has_these_colours(cls, looks: dict[Kind, Appearance]) -> dict[Kind, Appearance]:
        for kind, look in looks.items():
            if look.colour and colour_id(look.colour) is None:
                known = ", ".join(COLOURS)
                raise ValueError(f"Google has no colour {look.colour!r} for a {kind}; it has {known}")
        return looks

    @model_validator(mode="after")
    def _may_be_asked(self) -> Self:
        if self.access == Access.FREE_BUSY and self.reach == Reach.CREATED:
            raise ValueError("free_busy reads calendars of others: it needs the reach all")
        return self


def account_of(settings: AccountSettings | Mapping[str, object]) -> AccountSettings:
    """The account that a connection's settings name; Rejected where they are wrong."""
    if isinstance(settings, AccountSettings):
        return settings
    try:
        return AccountSettings.model_validate(dict(settings))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        words = fault["msg"].removeprefix("Value error, ")
        raise Rejected(f"the settings of the connection are wrong: {words}", code="settings") from None
