"""What is backed up apart from the database: keys, and who was forgotten."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, inspect, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.types import LargeBinary

from hub.models.base import Base

KEYS = {
    "organization_keys": ("organization_id", "organizations"),
    "guest_keys": ("id", "guests"),
    "account_keys": ("account_id", "accounts"),
}
"""Tables of keys, each with the column that says whose they are, and where those are"""


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def rows(session: Session, table: str) -> list[dict[str, Any]]:
    """All that this organization sees."""
    return [dict(row) for row in session.execute(select(_table(table))).mappings()]


def count_erasures(session: Session) -> int:
    """Of all organizations; works without one."""
    found: int = session.scalar(text("SELECT count_erasures()"))
    return found


def put_back(connection: Connection, name: str, row: dict[str, Any]) -> bool:
    """A key, where whoever it is of is in the restored database; as the tables' owner."""
    column, owner = KEYS[name]
    table, owners = _table(name), _table(owner)
    values = {key: b64decode(row[key]) if _is_bytes(table, key) else row[key] for key in row}
    whose = select(owners.c.id).where(owners.c.id == values[column])
    if connection.execute(whose).first() is None:
        return False
    connection.execute(insert(table).values(values))
    return True


def end_ways_in(connection: Connection, now: datetime) -> None:
    """
    Every sign-in, machine's key and link in a mail is good no more; as the tables' owner.

    Which of them were ended after the backup was made is not known, so all of them are.
    """
    for name in ("refresh_tokens", "api_keys", "invitations"):
        table = _table(name)
        open_ones = update(table).where(table.c.revoked_at.is_(None))
        if name == "invitations":
            open_ones = open_ones.where(table.c.accepted_at.is_(None))
        connection.execute(open_ones.values(revoked_at=now))
    for name in ("password_resets", "registrations"):
        table = _table(name)
        connection.execute(update(table).where(table.c.expires_at > now).values(expires_at=now))


def _is_bytes(table: Table, column: str) -> bool:
    return isinstance(table.c[column].type, LargeBinary)


def filled(connection: Connection) -> Sequence[str]:
    """Tables with a row in them, as their owner sees them."""
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return [
        name
        for name in sorted(names)
        if connection.scalar(text(f'SELECT EXISTS (SELECT FROM "{name}")'))  # noqa: S608 -- the catalogue's
    ]
