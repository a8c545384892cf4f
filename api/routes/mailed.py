"""What is finished with a link from a mail: POST auth/password-reset, auth/register, and their confirm."""

from __future__ import annotations

from fastapi import APIRouter, BackgroundTasks

from api.dependencies import Anyone
from api.openapi import documented, example
from api.schemas.mailed import (
    REGISTRATION_NOTED,
    RESET_NOTED,
    Noted,
    Registration,
    RegistrationConfirmed,
    ResetAsked,
    ResetConfirmed,
)
from api.visitors import Visitor
from hub.services import registrations, resets

router = APIRouter(prefix="/auth", tags=["sign-in"])


@router.post(
    "/password-reset",
    status_code=202,
    summary="Ask for a link to reset a password",
    responses=example(202, RESET_NOTED.model_dump(), "Noted"),
)
def ask(runtime: Anyone, visitor: Visitor, body: ResetAsked, later: BackgroundTasks) -> Noted:
    """It goes by mail to the address, if that has an account. The answer is the same for any, and as fast."""
    later.add_task(resets.ask, runtime.database, body.email, runtime.settings.base_url, visitor)
    return RESET_NOTED


@router.post("/password-reset/confirm", status_code=204, summary="Choose a new password")
def confirm(runtime: Anyone, visitor: Visitor, body: ResetConfirmed) -> None:
    """A link is good once, for an hour. Every sign-in of the account ends, in every organization."""
    resets.confirm(runtime.database, body.token, body.password, visitor)


@router.post(
    "/register",
    status_code=202,
    summary="Register as a guest",
    responses={**example(202, REGISTRATION_NOTED.model_dump(), "Noted"), **documented(404)},
)
def register(runtime: Anyone, visitor: Visitor, body: Registration) -> Noted:
    """A link goes by mail to the address, whoever has it. Nothing is made until it is opened."""
    registrations.register(
        runtime.database,
        body.property_slug,
        body.person,
        body.password,
        body.consent.agreed,
        runtime.settings.base_url,
        visitor,
    )
    return REGISTRATION_NOTED


@router.post("/register/confirm", status_code=204, summary="Prove a guest's address")
def prove(runtime: Anyone, visitor: Visitor, body: RegistrationConfirmed) -> None:
    """
    With the password of the registration, once more: a wrong one is refused, and the link stays good. Then
    sign in. Who had an account already keeps its password. After some wrong ones one must wait, as at the
    login.
    """
    registrations.confirm(runtime.database, body.token, body.password, visitor)
