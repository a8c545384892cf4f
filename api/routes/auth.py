"""POST auth/login, refresh, logout; GET, PATCH auth/me."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.callers import Caller
from api.dependencies import AnyMember, Anyone
from api.openapi import documented, example
from api.schemas.auth import (
    LOGIN,
    REFRESH,
    Login,
    Me,
    MePatch,
    OrganizationOut,
    Preferences,
    Refresh,
    TokensOut,
)
from api.visitors import Visitor
from hub import clock
from hub.errors import Refused
from hub.queries import accounts as query
from hub.services import accounts, sign_in, tokens
from hub.services.sign_in import SignedIn
from hub.services.tokens import Claims
from sync.runtime import Runtime

router = APIRouter(prefix="/auth", tags=["sign-in"])

TOKENS: dict[str, Any] = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk4In0.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": REFRESH["refresh_token"],
    "refresh_expires_in": 2592000,
    "organization_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be100",
    "member_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    "role": "admin",
}
ME: dict[str, Any] = {
    "member_id": TOKENS["member_id"],
    "organization_id": TOKENS["organization_id"],
    "role": "admin",
    "email": LOGIN["email"],
    "name": "Ada Lovelace",
    "preferences": {
        "locale": "es-ES",
        "time_zone": "Europe/Madrid",
        "theme": "dark",
        "week_starts_on": None,
        "clock": None,
    },
    "organizations": [
        {"id": TOKENS["organization_id"], "name": "Casa Azul", "member_id": TOKENS["member_id"]}
    ],
}


@router.post(
    "/login",
    summary="Sign in by e-mail and password",
    responses={**example(200, TOKENS, "Signed in"), **documented(401)},
)
def login(runtime: Anyone, visitor: Visitor, body: Login) -> TokensOut:
    """
    An unknown address and a wrong password are answered alike. After some failures, of one account or from
    one place, one must wait: 429, and `Retry-After` says how long.
    """
    signed_in = sign_in.login(runtime.database, body.email, body.password, body.organization_id, visitor)
    return told(runtime, signed_in)


@router.post(
    "/refresh",
    summary="Exchange a refresh token for new tokens",
    responses={**example(200, TOKENS, "Signed in for longer"), **documented(401)},
)
def refresh(runtime: Anyone, visitor: Visitor, body: Refresh) -> TokensOut:
    """Each is good once. One that comes back a second time ends every sign-in that descends from it."""
    return told(runtime, sign_in.refresh(runtime.database, body.refresh_token, visitor))


@router.post("/logout", status_code=204, summary="Sign out")
def logout(runtime: Anyone, visitor: Visitor, body: Refresh) -> None:
    """The access token runs out by itself within a quarter of an hour."""
    sign_in.logout(runtime.database, body.refresh_token, visitor)


@router.get("/me", summary="Who am I?", responses=example(200, ME))
def me(caller: AnyMember) -> Me:
    return caller.transact(lambda session: _me(session, caller))


@router.patch("/me", summary="Change my name, preferences or password", responses=example(200, ME))
def change(caller: AnyMember, body: MePatch) -> Me:
    """A new password ends every sign-in in every organization; access tokens run out by themselves."""
    account_id = caller.transact(lambda session: query.member(session, caller.person).account_id)
    if body.password is not None:
        if body.current_password is None:
            raise Refused.because("required", "a new password needs the present one", "current_password")
        accounts.change_password(
            caller.runtime.database, caller.actor, account_id, body.current_password, body.password
        )

    def work(session: Session) -> Me:
        if body.name is not None:
            accounts.rename(session, account_id, body.name)
        if body.preferences is not None:
            accounts.prefer(session, account_id, body.preferences.model_dump(exclude_unset=True))
        return _me(session, caller)

    return caller.transact(work)


def told(runtime: Runtime, signed_in: SignedIn) -> TokensOut:
    """With an access token of this moment."""
    claims = Claims(signed_in.organization_id, signed_in.member_id, signed_in.role)
    access = tokens.issue_access(runtime.database.vault.token_key, claims, clock.now())
    return TokensOut.of(signed_in, access)


def _me(session: Session, caller: Caller) -> Me:
    member = query.member(session, caller.person)
    account = query.account(session, member.account_id)
    person = accounts.read(session, account)
    return Me(
        member_id=member.id,
        organization_id=member.organization_id,
        role=member.role,
        email=person.email,
        name=person.name,
        preferences=Preferences(**account.preferences),
        organizations=[OrganizationOut.of(one) for one in query.open_memberships(session, member.account_id)],
    )
