"""Connections that rest between transactions, and what becomes of them when the server ends them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import OperationalError

from hub import database
from hub.database import Database
from hub.ids import new_id
from tests import factories, servers


@pytest.fixture
def hub(own_database: servers.Database) -> Iterator[Database]:
    """With one connection, in a database where nobody else has one."""
    opened = Database(own_database.app_url, factories.a_vault(), pool_size=1)
    yield opened
    opened.dispose()


def backend(hub: Database) -> int:
    """The number of the server's process that served a transaction."""
    with hub.unit_of_work(new_id()) as session:
        found: int = session.scalars(text("SELECT pg_backend_pid()")).one()
    return found


def end(own: servers.Database, pid: int) -> None:
    """Have the server end a connection, and wait until it has."""
    address = make_url(own.superuser_url).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        ended = connection.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,)).fetchone()
    assert ended == (True,)


def forgotten_without_a_word(patch: pytest.MonkeyPatch) -> None:
    """As by a router that lost track: nothing comes of the end."""
    patch.setattr(database, "_silent", lambda _driver: True)


def test_a_connection_serves_one_transaction_after_another(hub: Database) -> None:
    assert backend(hub) == backend(hub)


def test_a_connection_that_the_server_ended_is_replaced_unnoticed(
    hub: Database, own_database: servers.Database
) -> None:
    gone = backend(hub)
    end(own_database, gone)

    assert backend(hub) != gone


def test_without_the_look_at_it_an_ended_connection_fails_a_transaction_and_only_one(
    hub: Database, own_database: servers.Database
) -> None:
    """Proves that the look is needed, and that what fails at BEGIN is not kept."""
    event.remove(hub.engine, "checkout", database._still_there)
    gone = backend(hub)
    end(own_database, gone)

    with pytest.raises(OperationalError):
        backend(hub)
    assert backend(hub) != gone


def test_a_connection_that_rested_for_long_is_asked(
    hub: Database, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten_without_a_word(monkeypatch)
    gone = backend(hub)
    end(own_database, gone)

    monkeypatch.setattr(database, "TRUSTED", 0.0)

    assert backend(hub) != gone


def test_a_connection_that_rested_for_a_moment_is_not_asked(
    hub: Database, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: here the question is what finds it out."""
    forgotten_without_a_word(monkeypatch)
    end(own_database, backend(hub))

    with pytest.raises(OperationalError):
        backend(hub)
