"""
Access tokens: fetched with what an account gave us, kept for the process, fetched anew before they end.

https://developers.google.com/identity/protocols/oauth2/web-server and .../service-account.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from connectors.applications import Application
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from connectors.google_calendar.failures import SIGNED_OUT, nonsense, silence
from connectors.google_calendar.scopes import wanted
from connectors.google_calendar.settings import AccountSettings
from connectors.google_calendar.transport import Http, NotConnected
from connectors.google_endpoints import TOKEN
from connectors.transport import Reply, retry_after
from hub import clock

MARGIN = timedelta(minutes=2)
"""A token that ends so soon is not used any more: what it is used for takes time, and clocks differ"""
SHORTEST = timedelta(seconds=30)
"""For which even a token of a very short life is used"""
PATIENCE = timedelta(seconds=20)
"""For which somebody waits while another asks for the same token: else, where no answer comes, all who want
it would wait one after the other"""
PASSING = frozenset({"internal_failure", "server_error", "temporarily_unavailable"})
"""Errors that say nothing of the grant, whatever their status (google-auth takes them so too)"""
TOO_OFTEN = frozenset({"rate_limit_exceeded", "quota_exceeded"})

NOT_REGISTERED = (
    "this hub is not registered at Google: whoever runs it must set HUB_GOOGLE_CLIENT_ID and "
    "HUB_GOOGLE_CLIENT_SECRET"
)
NO_SERVICE_ACCOUNT = (
    "there is no sign-in to Google for this connection: sign in, or have whoever runs this hub set "
    "HUB_GOOGLE_SERVICE_ACCOUNT_FILE"
)
NOT_DELEGATED = (
    "Google does not let the hub's service account act for this person: an administrator of the Google "
    "Workspace must allow it the scopes of the connection (domain-wide delegation), and the address must be "
    "a person's there"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint gave."""

    token: str = field(repr=False)
    until: datetime
    said: Mapping[str, Any] = field(repr=False)


class Tokens:
    """What the threads of one process share."""

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._grants: dict[bytes, Grant] = {}
        self._locks: dict[bytes, threading.Lock] = {}
        self._patience = patience.total_seconds()

    def bearer(self, account: AccountSettings, application: Application, http: Http) -> str:
        """A token that holds for a while yet; of several threads that find none one asks for it."""
        key = _key(account, application)
        if held := self._held(key):
            return held
        with self._alone(key):
            if held := self._held(key):
                return held
            grant = self._grants[key] = _fetch(account, application, http)
            return grant.token

    def drop(self, account: AccountSettings, application: Application, token: str) -> None:
        """Google refused it; another one that came meanwhile stays."""
        key = _key(account, application)
        with self._alone(key):
            if (grant := self._grants.get(key)) and grant.token == token:
                del self._grants[key]

    @contextmanager
    def _alone(self, key: bytes) -> Iterator[None]:
        lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=self._patience):
            raise silence(TimeoutError("whoever asks for the token already has no answer"))
        try:
            yield
        finally:
            lock.release()

    def _held(self, key: bytes) -> str | None:
        grant = self._grants.get(key)
        return grant.token if grant and clock.now() < grant.until else None


def redeem(
    application: Application, code: str, verifier: str, redirect_uri: str, http: Http
) -> Mapping[str, Any]:
    """What Google gives for the code of a sign-in; Rejected where it does not know it."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
        "client_id": application.client_id,
        "client_secret": application.client_secret,
    }
    try:
        return ask(TOKEN.at(application.root), form, http).said
    except NeedsReconnect as error:
        if error.code == "not_registered":
            raise
        raise Rejected("Google does not know this sign-in: begin it again", code="google_refused") from error


def ask(url: str, form: Mapping[str, str], http: Http, invalid: str = SIGNED_OUT) -> Grant:
    """One question to the token endpoint; `invalid` are the words where it does not take the grant."""
    body = urlencode(form)
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    try:
        try:
            response, content = http.request(url, "POST", body, headers)
        except NotConnected:  # nothing was sent, and asking for a token twice does nothing twice
            response, content = http.request(url, "POST", body, headers)
    except (TimeoutError, ConnectionError) as error:
        raise silence(error) from error
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    if not 200 <= response.status < 300:
        raise _refused(response.status, dict(response), said, invalid)
    token, seconds = _given(said)
    life = timedelta(seconds=seconds)
    return Grant(token, clock.now() + max(life - MARGIN, min(life, SHORTEST)), said)


def _given(said: object) -> tuple[str, int]:
    token = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(token, str) or not token:
        raise nonsense("a token")
    try:
        return token, min(max(int(said.get("expires_in", 3600)), 0), 86_400)
    except (TypeError, ValueError):
        return token, 0


def _refused(status: int, headers: Mapping[str, str], said: object, invalid: str) -> ConnectorError:
    error = said.get("error") if isinstance(said, dict) else None
    wait = retry_after(Reply(status, headers, b"", "", "Google"))
    if status == 429 or error in TOO_OFTEN:
        return RateLimited("Google asks us to come less often", retry_after=wait)
    if status >= 500 or not isinstance(error, str) or error in PASSING:
        return Unavailable("Google gives no token at the moment", code="remote_error", retry_after=wait)
    if error in ("invalid_client", "deleted_client"):
        return NeedsReconnect(NOT_REGISTERED, code="not_registered")
    if error == "unauthorized_client":
        return NeedsReconnect(invalid if invalid == NOT_DELEGATED else SIGNED_OUT, code="access_refused")
    return NeedsReconnect(invalid, code="signed_out")


def _fetch(account: AccountSettings, application: Application, http: Http) -> Grant:
    url = TOKEN.at(application.root)
    if not account.refresh_token:
        return _of_service_account(account, application, url, http)
    if not application.client_id:
        raise NeedsReconnect(NOT_REGISTERED, code="not_registered")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": account.refresh_token,
        "client_id": application.client_id,
        "client_secret": application.client_secret,
    }
    return ask(url, form, http)


def _of_service_account(account: AccountSettings, application: Application, url: str, http: Http) -> Grant:
    """By a key that google-auth signs with; what it then asks of Google goes our way."""
    if not application.service_account:
        raise NeedsReconnect(NO_SERVICE_ACCOUNT, code="signed_out")
    from google.oauth2 import service_account

    try:
        key = {**json.loads(application.service_account), "token_uri": url}
        make: Any = service_account.Credentials.from_service_account_info
        credentials = make(key, scopes=list(wanted(account.reach)), subject=account.subject or None)
    except (ValueError, TypeError) as error:
        raise NeedsReconnect(
            "the key of the hub's service account cannot be read: whoever runs this hub must give a new one",
            code="not_registered",
        ) from error
    courier = _Courier(http, NOT_DELEGATED if account.subject else SIGNED_OUT)
    credentials.refresh(courier)
    assert courier.grant is not None
    return courier.grant


class _Courier:
    """google-auth's way out. What fails is raised here, before google-auth would wait and try again."""

    def __init__(self, http: Http, invalid: str) -> None:
        self._http = http
        self._invalid = invalid
        self.grant: Grant | None = None

    def __call__(self, url: str, body: bytes, **_: Any) -> _Delivered:
        form = dict(parse_qsl(body.decode()))
        self.grant = ask(url, form, self._http, self._invalid)
        return _Delivered(json.dumps(self.grant.said).encode())


@dataclass(frozen=True, slots=True)
class _Delivered:
    data: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def _key(account: AccountSettings, application: Application) -> bytes:
    """Equal for whoever may use the same token; nothing can be read from it."""
    who = (account.refresh_token, account.subject, account.reach.value)
    whose = (application.root or "", application.client_id, application.service_account)
    return hashlib.sha256(repr((who, whose)).encode("utf-8", "surrogatepass")).digest()
