"""Password resets and guests' registrations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas.auth import Email, OneTimeToken, Password
from api.schemas.common import In, Line, Out
from hub.services.accounts import Person
from hub.services.registrations import Agreed

_TOKEN = "Yk3o8Z1W0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwE"  # noqa: S105 -- an example
RESET_ASKED: dict[str, Any] = {"email": "ada@example.com"}
RESET_CONFIRMED: dict[str, Any] = {"token": _TOKEN, "password": "correct horse battery staple"}
CONFIRMED: dict[str, Any] = {"token": _TOKEN, "password": "correct horse battery staple"}
REGISTRATION: dict[str, Any] = {
    "property_slug": "casa-azul",
    "email": "grace@example.com",
    "name": "Grace Hopper",
    "password": "correct horse battery staple",
    "consent": {"purpose": "account", "text_version": "2026-11"},
}

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Noted(Out):
    """The same for whomever it was asked."""

    message: str


RESET_NOTED = Noted(message="if the address has an account, a link is on its way to it, good for an hour")
REGISTRATION_NOTED = Noted(message="a link is on its way to the address, good for a day")


class ResetAsked(In):
    model_config = ConfigDict(json_schema_extra={"examples": [RESET_ASKED]})

    email: Email


class ResetConfirmed(In):
    model_config = ConfigDict(json_schema_extra={"examples": [RESET_CONFIRMED]})

    token: OneTimeToken
    password: Password


class ConsentIn(In):
    """What the person agreed to, by the version of the text that they were shown."""

    purpose: Word
    text_version: Word

    @property
    def agreed(self) -> Agreed:
        return Agreed(self.purpose, self.text_version)


class Registration(In):
    model_config = ConfigDict(json_schema_extra={"examples": [REGISTRATION]})

    property_slug: Annotated[str, Field(max_length=200, description="Of whose organization it is")]
    email: Email
    name: Line
    password: Password
    consent: ConsentIn

    @property
    def person(self) -> Person:
        return Person(self.email, self.name)


class RegistrationConfirmed(In):
    """The password is the one with which the guest registered."""

    model_config = ConfigDict(json_schema_extra={"examples": [CONFIRMED]})

    token: OneTimeToken
    password: Password
