"""
Signing in an account at its channel for a connection: begun here, consented to there, finished here.

The state is a secret that is good once and for ten minutes. It says who began and for which connection; the
browser in which that was done has a second secret, without which the state is worth nothing. So nobody is led
by somebody else's address to give their own account to a connection that is not theirs. No transaction is
open while the channel is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import Connector
from connectors.errors import ConnectorError
from connectors.owners import KeepsCalendars, SignsIn
from hub import clock
from hub.database import Actor, organization_of, vault_of
from hub.errors import Conflict, HubError, NotAllowed, Refused
from hub.ids import new_id, new_token
from hub.models.links import Connection
from hub.models.organizations import ROLES
from hub.models.sign_ins import ConnectionSignIn
from hub.queries import callers
from hub.queries import links as links_query
from hub.queries import sign_ins as query
from hub.services import changes
from hub.vault import token_hash
from sync import linking, remote
from sync.runtime import Runtime
from sync.verifying import blaming

log = logging.getLogger(__name__)

Transact = Callable[[Callable[[Session], Any]], Any]
"""One transaction of whoever asks"""

GOOD_FOR = timedelta(minutes=10)
LEAST_ROLE = "manager"
"""Who began it must still be that when the browser comes back"""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser is to go; `browser` is what it alone is to keep."""

    url: str
    scopes: Mapping[str, str]
    expires_at: datetime
    browser: str


@dataclass(frozen=True, slots=True)
class Finished:
    connection: Connection
    account: str
    """As the channel names it, if it says so"""
    links: int
    """How many are asked afresh"""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the state stands for, read before the channel is asked."""

    connection_id: UUID
    member_id: UUID
    verifier: str
    source: Connector
    settings: dict[str, Any]


def begin(runtime: Runtime, transact: Transact, connection_id: UUID, member_id: UUID, back: str) -> Begun:
    """
    Begin for a connection of the caller's; `back` is the address to which the browser returns.

    Conflict where nobody signs in at its channel; Refused where this hub may not ask for it.
    """

    def read(session: Session) -> tuple[Connector, dict[str, Any]]:
        row = links_query.connection(session, connection_id)
        return remote.known(row.connector), vault_of(session).open(row.settings_sealed)

    source: Connector
    source, settings = transact(read)
    if not isinstance(source, SignsIn):
        raise Conflict.because("no_sign_in", f"nobody signs in at {source.title}: its settings are enough")
    with blaming(source):
        beginning = source.begin_sign_in(settings, back, runtime.network)
    browser, until = new_token(), clock.now() + GOOD_FOR

    def keep(session: Session) -> None:
        links_query.connection(session, connection_id)
        session.add(
            ConnectionSignIn(
                organization_id=organization_of(session),
                id=new_id(),
                connection_id=connection_id,
                member_id=member_id,
                state_hash=token_hash(beginning.state),
                browser_hash=token_hash(browser),
                sealed=vault_of(session).seal({"verifier": beginning.verifier}),
                expires_at=until,
            )
        )

    transact(keep)
    return Begun(beginning.url, source.scopes, until, browser)


def finish(
    runtime: Runtime, state: str, browser: str | None, code: str, error: str, back: str, visitor: Actor
) -> Finished:
    """
    The browser is back, with a code or with the channel's reason against it.

    Refused for a state that is not known, not good any more or not this browser's, and where the channel
    refused; Conflict where the connection was changed meanwhile; ConnectorError where it does not answer.
    """
    organization_id = _organization(runtime, token_hash(state))
    found = runtime.database.transact(organization_id, lambda session: _use(session, state, browser), visitor)
    if error or not code:
        raise Refused.because(*_against(error, found.source.title))
    assert isinstance(found.source, SignsIn)
    with blaming(found.source):
        settings = found.source.finish_sign_in(found.settings, code, found.verifier, back, runtime.network)
    account = _account(runtime, found.source, settings)
    actor = Actor("member", found.member_id, request_id=visitor.request_id, address=visitor.address)
    connection, links = runtime.database.transact(
        organization_id, lambda session: _keep(session, found, settings), actor
    )
    return Finished(connection, account, links)


def _organization(runtime: Runtime, state_hash: bytes) -> UUID:
    with runtime.database.unit_of_work(None) as session:
        organization_id = query.organization_of(session, state_hash)
    if organization_id is None:
        raise _over()
    return organization_id


def _use(session: Session, state: str, browser: str | None) -> _Found:
    """What the state stands for; it stands for nothing from now on, whatever the channel says."""
    row = query.locked(session, token_hash(state))
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        raise _over()
    if not compare_digest(row.browser_hash, token_hash(browser or "")):
        raise _over()
    _still_may(session, row.member_id)
    connection = links_query.connection(session, row.connection_id)
    vault = vault_of(session)
    verifier = vault.open(row.sealed)["verifier"]
    row.used_at, row.sealed = clock.now(), b""
    source = remote.known(connection.connector)
    return _Found(connection.id, row.member_id, verifier, source, vault.open(connection.settings_sealed))


def _keep(session: Session, found: _Found, settings: Mapping[str, object]) -> tuple[Connection, int]:
    _still_may(session, found.member_id)
    row = links_query.connection(session, found.connection_id, lock=True)
    vault = vault_of(session)
    if vault.open(row.settings_sealed) != found.settings:
        raise Conflict.because("changed", f"{row.name} was changed meanwhile; sign in again")
    remote.check_known(found.source, settings)
    row.settings_sealed = vault.seal(dict(settings))
    links = links_query.polled(session, row.id)
    for link in links:
        linking.afresh(session, link)
    session.flush()
    changes.record(session, "connection", row.id, "signed_in", after={"name": row.name})
    return row, len(links)


def _still_may(session: Session, member_id: UUID) -> None:
    standing = callers.standing_of(session, member_id, lock=True)
    if standing is None or ROLES.index(standing.role) < ROLES.index(LEAST_ROLE):
        raise NotAllowed.because("role", f"who began this sign-in is no longer a {LEAST_ROLE}")


def _account(runtime: Runtime, source: Connector, settings: Mapping[str, object]) -> str:
    """The account's own calendar has the account's name. Empty where the channel tells us of none."""
    if not isinstance(source, KeepsCalendars):
        return ""
    try:
        calendars = source.calendars(settings, runtime.network)
    except ConnectorError as error:
        log.warning("the calendars of a new sign-in cannot be listed: %s", error.code)
        return ""
    return next((one.id for one in calendars if one.primary), "")


def _over() -> HubError:
    message = "this sign-in was not begun in this browser, was used already, or took too long; begin again"
    return Refused.because("sign_in_over", message, "state")


def _against(error: str, title: str) -> tuple[str, str, str]:
    if error == "access_denied":
        return (
            "access_denied",
            f"you did not let the hub use this account at {title}; nothing changed",
            "error",
        )
    return (
        "sign_in_refused",
        f"{title} refused the sign-in; begin again, or ask whoever runs the hub",
        "error",
    )
