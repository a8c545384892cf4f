"""
The engine, and the only place that commits.

A unit of work belongs to one organization: its first statement sets `hub.organization`, and row-level
security shows nothing else. A unit of work without an organization sees no tenant's rows at all.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg import pq, sql
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from hub.errors import Conflict
from hub.keyring import Keyring, OrganizationVault
from hub.vault import Vault

APPLICATION_ROLE = "hub_app"
"""The role that owns nothing and bypasses nothing; migrations create it."""

ATTEMPTS = 8
SERIALIZATION_FAILURES = {"40001", "40P01"}

TRUSTED = 10.0
"""Seconds of rest in the pool after which a connection is asked whether it is still there"""
_PUT_BACK = "put back"

T = TypeVar("T")


class StaleRead(Exception):
    """What was read before the locks is no longer so: roll back and start again."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does what a unit of work does, for the change log."""

    kind: str
    """member, key, worker, command or system"""
    id: UUID | None = None
    run_id: UUID | None = None
    request_id: str | None = None
    address: str | None = None
    """From where it is asked: the caller's network address"""


SYSTEM = Actor("system")


class Database:
    """One engine and its sessions. `vault` is the hub's; each organization has one of its own."""

    def __init__(self, url: str, vault: Vault, *, pool_size: int = 12) -> None:
        self.engine = engine_for(url, pool_size=pool_size)
        self.vault = vault
        self.keyring = Keyring(vault)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def unit_of_work(
        self, organization_id: UUID | None, actor: Actor = SYSTEM, *, attempt: int = 0
    ) -> Iterator[Session]:
        """One transaction: commits at the end of the block, rolls back if it raises."""
        with self._sessions.begin() as session:
            session.info.update(
                organization_id=organization_id,
                actor=actor,
                attempt=attempt,
                vault=self.vault,
                hub_vault=self.vault,
            )
            if organization_id is not None:
                session.info["vault"] = OrganizationVault(self.keyring, session, organization_id)
                _begin(session.connection(), organization_id)
            yield session

    def at_once(self, organization_id: UUID, statement: Executable, known: Mapping[str, Any]) -> bool:
        """
        Whether this one statement, a unit of work by itself, returned a row: for what is done so often that
        a session's cost counts.
        """
        with self.engine.begin() as connection:
            _begin(connection, organization_id)
            return connection.execute(statement, known).one_or_none() is not None

    def transact(
        self, organization_id: UUID | None, work: Callable[[Session], T], actor: Actor = SYSTEM
    ) -> T:
        """
        Run `work` in a unit of work; run it again, from the start, if it lost a race.

        `session.info["attempt"]` counts from 0, so that work can take more locks when it has lost often.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self.unit_of_work(organization_id, actor, attempt=attempt) as session:
                    return work(session)
            except StaleRead:
                continue
            except DBAPIError as error:
                if sqlstate(error) not in SERIALIZATION_FAILURES or attempt >= 3:
                    raise
        raise Conflict.because("busy", "others are changing the same units at this moment; try again")

    def dispose(self) -> None:
        self.engine.dispose()


def _begin(connection: Connection, organization_id: UUID) -> None:
    """BEGIN and the organization in one round trip; psycopg sees it, and does not begin by itself."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    # The text of a UUID has nothing to quote, and nothing but that gets through.
    statements = f"BEGIN; SET LOCAL hub.organization = '{UUID(str(organization_id))}'"
    try:
        _at_once(driver, statements)
    except psycopg.OperationalError as error:
        connection.invalidate(error)
        raise OperationalError(statements, None, error) from error


def engine_for(url: str, *, pool_size: int = 12) -> Engine:
    """
    An engine whose every connection acts as the application's role, whoever logs in.

    Logging in as `hub_app` itself is best: then there is no other role to go back to.
    """
    options = "-c TimeZone=UTC -c statement_timeout=30s -c lock_timeout=15s"
    options += " -c idle_in_transaction_session_timeout=60s"
    if make_url(url).username != APPLICATION_ROLE:
        options += f" -c role={APPLICATION_ROLE}"
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # a traceback in the log shows no values
        connect_args={"options": options, "application_name": "channel-hub"},
    )
    event.listen(engine, "checkin", _put_back)
    event.listen(engine, "checkout", _still_there)
    return engine


def _put_back(_driver: object, record: ConnectionPoolEntry) -> None:
    record.info[_PUT_BACK] = time.monotonic()


def _still_there(driver: psycopg.Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """
    Replace a connection whose server has gone.

    A server that ends closes its connections, which shows at once, unasked. Only who has rested for longer is
    asked, for what stands between us and the server may forget a connection without a word. SQLAlchemy's own
    `pool_pre_ping` asks every time: a round trip more for every transaction.
    """
    put_back = record.info.get(_PUT_BACK)
    if put_back is None:  # opened just now
        return
    if time.monotonic() - put_back < TRUSTED and _silent(driver):
        return
    try:
        _at_once(driver, "SELECT 1")
    except psycopg.OperationalError as error:
        raise InvalidatePoolError from error


def _silent(driver: psycopg.Connection) -> bool:
    """Whether nothing came, not even an end, since the last answer."""
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    return not waiting.poll(0)


def _at_once(driver: psycopg.Connection, statements: str) -> None:
    """Have the server run statements as they stand, in one round trip and no transaction but theirs."""
    result = driver.pgconn.exec_(statements.encode())
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise psycopg.OperationalError(pq.error_message(result))


def listened(database: Database, channel: str, ended: threading.Event) -> Iterator[str]:
    """
    What is said on a channel of the database's notifications, until `ended`, which is looked at every half
    second. It has a connection of its own, beside the pool's; psycopg.Error where that is lost.
    """
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        connection.detach()
        driver.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        while not ended.is_set():
            for notice in driver.notifies(timeout=0.5):
                yield notice.payload


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-character code, such as 23P01 for an exclusion constraint."""
    return getattr(error.orig, "sqlstate", None)


def constraint(error: DBAPIError) -> str | None:
    """The name of the constraint that was violated."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def organization_of(session: Session) -> UUID:
    """The organization whose unit of work this is."""
    organization_id: UUID | None = session.info.get("organization_id")
    if organization_id is None:
        raise AssertionError("this needs a unit of work of an organization")
    return organization_id


def actor_of(session: Session) -> Actor:
    actor: Actor = session.info.get("actor", SYSTEM)
    return actor


def vault_of(session: Session) -> Vault:
    """The organization's whose unit of work this is; the hub's where it is nobody's."""
    vault: Vault = session.info["vault"]
    return vault


def hub_vault_of(session: Session) -> Vault:
    """By which accounts' and organizations' keys are sealed."""
    vault: Vault = session.info["hub_vault"]
    return vault
