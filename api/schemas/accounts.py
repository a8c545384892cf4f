"""Accounts at channels as clients see them: signing in, and their calendars."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import In, Line, Out, UtcInstant
from sync.account_calendars import Listed
from sync.sign_ins import Begun, Finished

NEW_CALENDAR: dict[str, Any] = {"name": "Room 1", "time_zone": "Europe/Madrid"}


class SignInOut(Out):
    """Where the owner of the account goes to consent. The answer sets a cookie, which must come along."""

    url: str = Field(description="To be opened in this same browser, within ten minutes")
    expires_at: UtcInstant
    scopes: dict[str, str] = Field(description="What the channel is asked for, and why")

    @classmethod
    def of(cls, begun: Begun) -> SignInOut:
        return cls(url=begun.url, expires_at=begun.expires_at, scopes=dict(begun.scopes))


class SignedInOut(Out):
    connection_id: UUID
    connector: str
    name: str = Field(description="The connection's")
    account: str = Field(description="Which account it is, as the channel names it; empty if it does not say")
    links: int = Field(description="Links of the connection that are asked afresh now")

    @classmethod
    def of(cls, finished: Finished) -> SignedInOut:
        row = finished.connection
        return cls(
            connection_id=row.id,
            connector=row.connector,
            name=row.name,
            account=finished.account,
            links=finished.links,
        )


class NewCalendar(In):
    """A calendar to be made in the account; to link it is another step."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_CALENDAR]})

    name: Line
    time_zone: Line | None = Field(
        None, description="IANA name, such as Europe/Madrid; else that of the organization's first property"
    )


class CalendarOut(Out):
    id: str = Field(description="The channel's own")
    name: str
    time_zone: str
    writable: bool = Field(description="What is not can only be imported")
    primary: bool = Field(description="The account's own calendar")
    link_id: UUID | None = Field(description="The link that has it already; a calendar has one")
    settings: dict[str, str] = Field(description="What a link of it says in its settings")

    @classmethod
    def of(cls, one: Listed) -> CalendarOut:
        calendar = one.calendar
        return cls(
            id=calendar.id,
            name=calendar.name,
            time_zone=calendar.time_zone,
            writable=calendar.writable,
            primary=calendar.primary,
            link_id=one.link_id,
            settings=dict(one.settings),
        )


class CalendarsOut(Out):
    items: list[CalendarOut] = Field(
        description="Empty for a channel whose calendars are known by their addresses"
    )
