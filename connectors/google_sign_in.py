"""
Sign-in by Google: OpenID Connect with state, nonce and PKCE.

https://developers.google.com/identity/openid-connect/openid-connect. What Google says is believed only as a
token that it signed for us and for this one beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from connectors.errors import Rejected, Unavailable
from connectors.google_endpoints import AUTHORIZE, KEYS, TOKEN
from hub import clock

ISSUERS = ["https://accounts.google.com", "accounts.google.com"]
ALGORITHMS = ["RS256"]
SECONDS = 10.0
"""For each call"""
LEEWAY = 60
"""Seconds by which Google's clock and ours may differ"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What must come back as it went out; kept where only the same browser brings it."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom Google knows: by `subject` for ever, by an address as long as it says that this is verified."""

    subject: str
    email: str


class GoogleSignIn:
    """`api_root` aims every call at another server than Google's."""

    def __init__(self, client_id: str, client_secret: str, redirect_uri: str, api_root: str | None) -> None:
        self._id = client_id
        self._secret = client_secret
        self._redirect_uri = redirect_uri
        self._root = api_root

    def begin(self) -> tuple[str, Beginning]:
        """Where to send the browser, and what to keep for `finish`."""
        beginning = Beginning(generate_token(32), generate_token(32), generate_token(64))
        with self._client() as client:
            url, _ = client.create_authorization_url(
                AUTHORIZE.at(self._root),
                state=beginning.state,
                nonce=beginning.nonce,
                code_verifier=beginning.verifier,
            )
        return str(url), beginning

    def finish(self, code: str, beginning: Beginning) -> Identity:
        """Rejected where Google does not bear it out; Unavailable where it does not answer."""
        try:
            with self._client() as client:
                said = client.fetch_token(
                    TOKEN.at(self._root),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=beginning.verifier,
                )
                keys = client.request("GET", KEYS.at(self._root), withhold_token=True)
                keys.raise_for_status()
                claims = self._claims(said["id_token"], keys.json(), beginning.nonce)
            return Identity(claims["sub"], claims["email"])
        except OAuthError as error:
            raise Rejected("Google does not know this sign-in", code="google_refused") from error
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise Rejected("what Google says is not for this sign-in", code="google_refused") from error
        except httpx2.HTTPError as error:
            raise Unavailable("Google does not answer") from error

    def _claims(self, id_token: str, keys: Any, nonce: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(id_token, KeySet.import_key_set(keys), ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "values": ISSUERS},
            aud={"essential": True, "value": self._id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            email={"essential": True},
            email_verified={"essential": True, "value": True},
            azp={"value": self._id},
        ).validate(claims)
        if not (isinstance(claims["sub"], str) and isinstance(claims["email"], str)):
            raise TypeError("a name that is no text")
        return claims

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._id,
            self._secret,
            scope="openid email",
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=SECONDS,
            trust_env=False,
        )
