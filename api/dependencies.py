"""Who is asking: the caller of a request, what they may do, and the one way to the database."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Scope

from api import limits
from api.callers import Caller
from api.limits import Limiter, Policy
from api.parameters import Parameters
from api.remembered import Keys
from api.rights import Right
from hub import clock
from hub.errors import NotAllowed, NotSignedIn
from hub.queries import callers
from hub.queries.callers import KnownKey
from hub.services import api_keys, tokens
from sync.runtime import Runtime

SIGNING_IN = ("/api/v1/auth/", "/api/v1/invitations/")
"""Beginnings of addresses at which passwords and tokens can be tried out"""

WEBHOOKS = "/webhooks/"
"""Beginning of addresses at which channels tell of changes"""

bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="The access token of auth/login and auth/refresh, or an API key",
)
key_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key")


def runtime_of(request: Request) -> Runtime:
    """What this process works with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def address_of(request: Request) -> str | None:
    """From where it is asked, as far as trusted proxies say (HUB_TRUSTED_PROXIES)."""
    return request.client.host if request.client else None


def right_of(request: Request) -> Right:
    """The row of the operation that is asked for; NotAllowed where it has none."""
    found: tuple[str, Right] | None = request.app.state.rights.get(
        (request.method, request.scope["endpoint"])
    )
    if found is None:
        raise NotAllowed.because("no_right", "nobody may do this: it has no row in the table of rights")
    operation, right = found
    request.scope["state"]["route"] = operation
    return right


async def signed(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    key: Annotated[str | None, Depends(key_header)],
) -> Caller:
    """Whoever asks, if the operation's row lets them in."""
    right = right_of(request)
    sent = credentials.credentials if credentials else key
    if not sent:
        raise NotSignedIn.because("no_token", "send an access token: Authorization: Bearer ...")
    if credentials is None or sent.startswith(api_keys.PREFIX):
        caller = await _machine(request, right, sent)
    else:
        caller = _person(request, right, sent)
    request.scope["state"]["caller"] = caller
    await _counted(request.scope, request.app.state.limiter, limits.CALLER, str(caller.id))
    caller.check()
    _parameters(request)
    return caller


Signed = Annotated[Caller, Depends(signed)]
"""The caller: who may be one is said by the operation's row in `api/rights.py`, and nowhere else"""

AnyMember = Signed
Staff = Signed
Manager = Signed
Admin = Signed


async def anyone(request: Request) -> Runtime:
    """No caller at all, for operations whose row lets anyone in: only what this process works with."""
    if not right_of(request).public:
        raise NotAllowed.because("no_right", "this is not open to anyone: its row says so")
    limiter: Limiter = request.app.state.limiter
    operation = request.scope["path"]
    if operation.startswith(SIGNING_IN):
        network = limits.network_of(address_of(request))
        await _counted(request.scope, limiter, limits.AUTH_ADDRESS, network)
        if account := _account(await request.body()):  # from there: strangers elsewhere shut nobody out
            await _counted(request.scope, limiter, limits.AUTH_ACCOUNT, f"{account} {network}")
    elif operation.startswith(WEBHOOKS):
        await _counted(request.scope, limiter, limits.WEBHOOK, limits.network_of(address_of(request)))
    elif operation.startswith("/api/"):
        await _counted(request.scope, limiter, limits.PUBLIC, limits.network_of(address_of(request)))
    _parameters(request)
    return runtime_of(request)


Anyone = Annotated[Runtime, Depends(anyone)]


def _parameters(request: Request) -> None:
    """Only now: whoever may not ask is not told what could be asked."""
    parameters: Parameters = request.app.state.parameters
    parameters.check(request, request.scope["state"]["route"])


def _person(request: Request, right: Right, token: str) -> Caller:
    runtime = runtime_of(request)
    claims = tokens.read_access(runtime.database.vault.token_key, token, clock.now())
    return Caller(
        organization_id=claims.organization_id,
        member_id=claims.member_id,
        key_id=None,
        role=claims.role,
        scopes=frozenset(),
        right=right,
        request_id=request.state.request_id,
        address=address_of(request),
        runtime=runtime,
        memberships=request.app.state.memberships,
    )


async def _machine(request: Request, right: Right, key: str) -> Caller:
    known = await _known(request, key)
    if known is None:
        raise NotSignedIn.because("invalid_key", "this key is not one of ours, or has been revoked")
    if known.expires_at is not None and clock.now() >= known.expires_at:
        raise NotSignedIn.because("key_expired", "this key has expired; an admin makes another")
    return Caller(
        organization_id=known.organization_id,
        member_id=None,
        key_id=known.id,
        role=None,
        scopes=known.scopes,
        right=right,
        request_id=request.state.request_id,
        address=address_of(request),
        runtime=runtime_of(request),
        memberships=request.app.state.memberships,
    )


async def _known(request: Request, key: str) -> KnownKey | None:
    """From memory for a minute; then its use is written, and whether it is still one is read."""
    keys: Keys = request.app.state.keys
    database, key_hash, now = runtime_of(request).database, api_keys.hashed(key), clock.now()
    if known := keys.known(key_hash, now):
        return known
    where = limits.network_of(address_of(request))
    await _counted(request.scope, request.app.state.limiter, limits.UNKNOWN_KEY, where)
    found = await run_in_threadpool(
        database.transact, None, lambda session: callers.use_key(session, key_hash, now)
    )
    if found is not None:
        keys.remember(key_hash, found, now)
    return found


async def _counted(scope: Scope, limiter: Limiter, policy: Policy, who: str) -> None:
    """The narrowest limit that was met is told with the answer."""
    count = await limiter.count(policy, who)
    told = scope["state"].get("count")
    if count is not None and (told is None or count.left <= told.left):
        scope["state"]["count"] = count


def _account(body: bytes) -> str | None:
    """Whom somebody tries to be, if the body says it."""
    try:
        said = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
    email = said.get("email") if isinstance(said, dict) else None
    return email.strip().casefold() if isinstance(email, str) and email.strip() else None
