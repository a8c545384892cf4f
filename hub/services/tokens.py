"""Access tokens: what a signed-in member carries from request to request, good for a quarter of an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import jwt
from jwt.types import Options

from hub.errors import HubError, NotSignedIn
from hub.models.organizations import ROLES

LIFETIME = timedelta(minutes=15)
CLOCKS_APART = 60
"""Seconds by which the clocks of two of our machines may differ"""
LONGEST = 4096
"""Characters; ours have about 400"""
ISSUER = "channel-hub"
AUDIENCE = "channel-hub/api"

_ALGORITHM = "HS256"
# The hub's clock judges the times, so that a test's clock does too: PyJWT must not ask the machine's.
_CHECKS: Options = {
    "require": ["exp", "iat", "iss", "aud", "sub", "org", "role"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the bearer is: a member of one organization, in the role of the moment of signing in."""

    organization_id: UUID
    member_id: UUID
    role: str


def issue_access(key: bytes, claims: Claims, now: datetime) -> str:
    """A token that `read_access` accepts until LIFETIME after `now`."""
    return jwt.encode(
        {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "sub": str(claims.member_id),
            "org": str(claims.organization_id),
            "role": claims.role,
        },
        key,
        algorithm=_ALGORITHM,
    )


def read_access(key: bytes, token: str, now: datetime) -> Claims:
    """The claims of a token that is ours and has not expired; NotSignedIn for any other."""
    if len(token) > LONGEST:
        raise _not_ours()
    claims, good_from, expires_at = _read(key, token)
    if now.timestamp() + CLOCKS_APART < good_from:
        raise _not_ours()
    if now.timestamp() >= expires_at:
        raise NotSignedIn.because("token_expired", "the access token has expired; refresh it or sign in")
    return claims


@lru_cache(maxsize=1000)
def _read(key: bytes, token: str) -> tuple[Claims, int, int]:
    """What a token that is ours says, from when and until when: it is sent with every request, read once."""
    try:
        said = jwt.decode(
            token, key, algorithms=[_ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_CHECKS
        )
        claims = Claims(UUID(said["org"]), UUID(said["sub"]), said["role"])
        issued_at, expires_at = _seconds(said["iat"]), _seconds(said["exp"])
        good_from = max(issued_at, _seconds(said.get("nbf", issued_at)))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise _not_ours() from None
    if claims.role not in ROLES or expires_at - issued_at > LIFETIME.total_seconds():
        raise _not_ours()
    return claims, good_from, expires_at


def _seconds(value: object) -> int:
    if type(value) is not int:
        raise ValueError("no whole number of seconds")
    return value


def _not_ours() -> HubError:
    return NotSignedIn.because("invalid_token", "the access token is not one of ours")
