"""Google's sign-in for calendars: consent, tokens, their end, and service accounts that act for others."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET, challenge
from tests.fakes.google_calendar.asked import Asked, Reply
from tests.fakes.google_calendar.world import World

EVERYTHING = "https://www.googleapis.com/auth/calendar"
APP_CREATED = "https://www.googleapis.com/auth/calendar.app.created"
LIFE = timedelta(seconds=3599)
CODE_LIFE = timedelta(minutes=10)
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ROBOT = "hub-robot@hub-project.iam.gserviceaccount.com"


class TokenRefused(Exception):
    def __init__(self, error: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status
        self.content = {"error": error, "error_description": words}


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody allowed an application."""

    account: str
    scopes: frozenset[str]
    application: str


@dataclass(frozen=True, slots=True)
class _Code:
    grant: Grant
    asked: dict[str, str]
    made: datetime


@cache
def robot_key() -> RSAKey:
    """The key of the service account: the same for all of a process, for it takes long to make."""
    return RSAKey.generate_key(2048, {"kid": "robot-1", "use": "sig"})


class OAuth:
    def __init__(self, world: World, root: Callable[[], str]) -> None:
        self._world = world
        self._root = root
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._refresh: dict[str, Grant] = {}
        self.delegated: set[str] = set()
        """Accounts, or domains, for which the service account may act"""
        self.browser: str | None = None
        """Who clicks on yes where a browser is sent to the consent page; None: whoever it is declines"""
        self.exchanges = 0
        """Codes, refresh tokens and assertions that came in"""

    # People and tests

    def token(self, account: str, *scopes: str, application: str = CLIENT_ID, life: timedelta = LIFE) -> str:
        """An access token without any ceremony; every scope of calendars unless some are named."""
        grant = Grant(account, frozenset(scopes or (EVERYTHING,)), application)
        return self._new_access(grant, life)

    def refresh_token(self, account: str, *scopes: str) -> str:
        """Without any ceremony as well."""
        return self._new_refresh(Grant(account, frozenset(scopes or (EVERYTHING,)), CLIENT_ID))

    def approve(self, url: str, account: str, scopes: Iterable[str] | None = None) -> str:
        """What a person does who is sent to `url` and says yes, to all or some of it: the code."""
        return parse_qs(urlsplit(self.consent(url, account, scopes)).query)["code"][0]

    def consent(self, url: str, account: str | None, scopes: Iterable[str] | None = None) -> str:
        """The address to which the browser comes back; no account is a person who declines."""
        split = urlsplit(url)
        assert url.startswith(f"{self._root()}/o/oauth2/"), url
        asked = {name: values[0] for name, values in parse_qs(split.query).items()}
        assert asked["client_id"] == CLIENT_ID, "the client is unknown"
        assert asked["response_type"] == "code"
        assert asked["redirect_uri"], "no way back"
        assert asked.get("state"), "without a state anybody's code could be brought"
        assert asked.get("code_challenge_method") == "S256", "PKCE is wanted"
        back: dict[str, str] = {"state": asked["state"]}
        if account is None:
            back["error"] = "access_denied"
        else:
            assert account in self._world.accounts, f"{account} has no account"
            granted = frozenset(scopes if scopes is not None else asked["scope"].split())
            assert granted <= set(asked["scope"].split()), "nobody can grant what is not asked for"
            code = f"4/{secrets.token_urlsafe(16)}"
            self._codes[code] = _Code(Grant(account, granted, CLIENT_ID), asked, self._world.now())
            back |= {"code": code, "scope": " ".join(sorted(granted))}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def revoke(self, account: str) -> None:
        """In the settings of the Google account: the hub may do nothing any more."""
        self._refresh = {token: grant for token, grant in self._refresh.items() if grant.account != account}
        self._access = {token: kept for token, kept in self._access.items() if kept[0].account != account}

    def expire_access_tokens(self) -> None:
        self._access.clear()

    def service_account(self) -> str:
        """The key file as the console hands it out."""
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "hub-project",
                "private_key_id": "robot-1",
                "private_key": robot_key().as_pem(private=True).decode(),
                "client_email": ROBOT,
                "client_id": "1234567890",
                "auth_uri": f"{self._root()}/o/oauth2/auth",
                "token_uri": f"{self._root()}/token",
            }
        )

    # What comes in

    def whose(self, authorization: str) -> Grant | None:
        """None where the header proves nothing, or no longer."""
        kind, _, token = authorization.partition(" ")
        grant, until = self._access.get(token, (None, None))
        if kind != "Bearer" or grant is None or until is None or until <= self._world.now():
            return None
        return grant

    def answer(self, asked: Asked) -> Reply:
        if asked.operation == "oauth.authorize":
            url = f"{self._root()}{asked.path}?{urlencode(asked.query, doseq=True)}"
            return Reply(302, headers={"Location": self.consent(url, self.browser)})
        try:
            if asked.operation == "oauth.revoke":
                self._revoke_token(asked)
                return Reply.of(200, {})
            self.exchanges += 1
            return Reply.of(200, self._token(asked))
        except TokenRefused as refused:
            return Reply.of(refused.status, refused.content)

    def _token(self, asked: Asked) -> dict[str, Any]:
        form = asked.form()
        kind = form.get("grant_type")
        if kind == BEARER:
            return self._told(self._of_assertion(form.get("assertion", "")))
        self._authenticate(asked, form)
        if kind == "refresh_token":
            grant = self._refresh.get(form.get("refresh_token", ""))
            if grant is None:
                raise TokenRefused("invalid_grant", "Token has been expired or revoked.")
            return self._told(grant)
        if kind != "authorization_code":
            raise TokenRefused("unsupported_grant_type", f"Invalid grant_type: {kind}")
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or self._world.now() - code.made > CODE_LIFE:
            raise TokenRefused("invalid_grant", "Malformed auth code.")
        if challenge(form.get("code_verifier", "")) != code.asked["code_challenge"]:
            raise TokenRefused("invalid_grant", "Invalid code verifier.")
        if form.get("redirect_uri") != code.asked["redirect_uri"]:
            raise TokenRefused("redirect_uri_mismatch", "Bad Request")
        told = self._told(code.grant)
        offline = code.asked.get("access_type") == "offline"
        first = all(grant.account != code.grant.account for grant in self._refresh.values())
        if offline and (first or "consent" in code.asked.get("prompt", "").split()):
            told["refresh_token"] = self._new_refresh(code.grant)
        return told

    def _authenticate(self, asked: Asked, form: dict[str, str]) -> None:
        kind, _, proof = asked.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            name, _, secret = base64.b64decode(proof).decode().partition(":")
            given = (unquote(name), unquote(secret))
        else:
            given = (form.get("client_id", ""), form.get("client_secret", ""))
        if given != (CLIENT_ID, CLIENT_SECRET):
            raise TokenRefused("invalid_client", "The OAuth client was not found.", 401)

    def _of_assertion(self, assertion: str) -> Grant:
        try:
            claims = jwt.decode(assertion, robot_key(), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise TokenRefused("invalid_grant", "Invalid JWT Signature.") from None
        if claims.get("iss") != ROBOT or claims.get("aud") not in self._audiences():
            raise TokenRefused("invalid_grant", "Invalid JWT: issuer or audience.")
        if not 0 < claims.get("exp", 0) - claims.get("iat", 0) <= 3600:
            raise TokenRefused("invalid_grant", "Invalid JWT: Token must be a short-lived token.")
        account, scopes = claims.get("sub", ROBOT), frozenset(claims.get("scope", "").split())
        if account != ROBOT and not {account, account.partition("@")[2]} & self.delegated:
            words = "Client is unauthorized to retrieve access tokens using this method."
            raise TokenRefused("unauthorized_client", words, 401)
        return Grant(account, scopes, CLIENT_ID)

    def _audiences(self) -> tuple[str, str]:
        """google-auth names Google's own endpoint, whatever the key file says."""
        return f"{self._root()}/token", "https://oauth2.googleapis.com/token"

    def _revoke_token(self, asked: Asked) -> None:
        token = asked.form().get("token") or (asked.query.get("token") or [""])[-1]
        grant = self._refresh.get(token) or self._access.get(token, (None,))[0]
        if grant is None:
            raise TokenRefused("invalid_token", "Token expired or revoked")
        self.revoke(grant.account)

    def _told(self, grant: Grant) -> dict[str, Any]:
        return {
            "access_token": self._new_access(grant, LIFE),
            "expires_in": int(LIFE.total_seconds()),
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }

    def _new_access(self, grant: Grant, life: timedelta) -> str:
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._access[token] = (grant, self._world.now() + life)
        return token

    def _new_refresh(self, grant: Grant) -> str:
        token = f"1//{secrets.token_urlsafe(24)}"
        self._refresh[token] = grant
        return token
