"""
The owner's consent: OAuth 2.0 with state and PKCE.

https://developers.google.com/identity/protocols/oauth2/web-server. What comes of it is a refresh token,
which lasts until it is revoked.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from connectors.errors import Rejected
from connectors.google_calendar import scopes, tokens
from connectors.google_calendar.client import SLUG
from connectors.google_calendar.settings import AccountSettings, account_of
from connectors.google_calendar.transport import HttpxHttp
from connectors.google_endpoints import AUTHORIZE
from connectors.owners import SignInBeginning
from connectors.transport import Network

NOT_LASTING = (
    "Google gave no lasting access: remove this hub's access at https://myaccount.google.com/connections "
    "and sign in again"
)


def begin(settings: Mapping[str, object], redirect_uri: str, network: Network) -> SignInBeginning:
    """Rejected where this hub is not registered at Google."""
    application = network.application(SLUG)
    if not (application.client_id and application.client_secret):
        raise Rejected(tokens.NOT_REGISTERED, code="not_registered")
    reach = account_of(_without_account(settings)).reach
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    asked = {
        "client_id": application.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(scopes.wanted(reach)),
        "state": state,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent select_account",  # or a second sign-in would bring no refresh token
    }
    return SignInBeginning(f"{AUTHORIZE.at(application.root)}?{urlencode(asked)}", state, verifier)


def finish(
    settings: Mapping[str, object], code: str, verifier: str, redirect_uri: str, network: Network
) -> Mapping[str, object]:
    """The connection's settings with the refresh token; Rejected where less was allowed than is needed."""
    application = network.application(SLUG)
    http = HttpxHttp(network.deadline.total_seconds())
    said = tokens.redeem(application, code, verifier, redirect_uri, http)
    rest = _without_account(settings)
    granted = said.get("scope")
    if isinstance(granted, str):
        _check_granted(frozenset(granted.split()), account_of(rest))
    refresh_token = said.get("refresh_token")
    if not isinstance(refresh_token, str) or not refresh_token:
        raise Rejected(NOT_LASTING, code="no_refresh_token")
    return {**rest, "refresh_token": refresh_token}


def _challenge(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _check_granted(granted: frozenset[str], account: AccountSettings) -> None:
    """Who signs in may untick what is asked for."""
    if missing := [scope for scope in scopes.wanted(account.reach) if scope not in granted]:
        needed = " ".join(scopes.SCOPES[scope].partition(".")[0] + "." for scope in missing)
        raise Rejected(
            f"not everything that is needed was allowed: sign in again and leave every box ticked. {needed}",
            code="scope_missing",
        )


def _without_account(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name not in ("refresh_token", "subject")}
