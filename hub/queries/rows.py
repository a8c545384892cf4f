"""
New rows of several tables in one statement, made of one JSON document.

For what is only ever inserted, and often: one round trip, and one text for any number of rows, where the
ORM's unit of work takes a statement for each table and several times the time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, inspect, text
from sqlalchemy.orm import Session

from hub.models.base import Base


def insert(session: Session, rows: Iterable[Base]) -> None:
    """
    Write these rows; what they do not say gets its default, as in a flush.

    What the session has pending is written before them. They do not become the session's own: it does not
    notice what is changed in them later. None is NULL, in a column of JSON too.
    """
    session.flush()
    written: dict[type[Base], list[dict[str, Any]]] = {}
    for row in rows:
        written.setdefault(type(row), []).append(_written(row))
    _write(session, written)


def insert_values(session: Session, rows: Mapping[type[Base], Sequence[dict[str, Any]]]) -> None:
    """
    The same of rows that are no objects yet: by their tables, each its columns' values by their names.

    For many at once, as the events of a channel's calendar: making the objects would take longer than all
    else. Defaults are put into what is given.
    """
    session.flush()
    for kind, of_kind in rows.items():
        _, defaults = _shape(kind)
        for values in of_kind:
            for name, default in defaults:
                if name not in values:
                    values[name] = default()
    _write(session, {kind: of_kind for kind, of_kind in rows.items() if of_kind})


def _write(session: Session, written: Mapping[type[Base], Sequence[dict[str, Any]]]) -> None:
    if written:
        document = {kind.__tablename__: of_kind for kind, of_kind in written.items()}
        session.execute(_statement(tuple(written)), {"rows": json.dumps(document, default=_as_text)})


def _written(row: Base) -> dict[str, Any]:
    values = row.__dict__
    columns, defaults = _shape(type(row))
    for name, default in defaults:
        if name not in values:
            setattr(row, name, default())
    return {name: values.get(name) for name in columns}


def _as_text(value: Any) -> str:
    """As PostgreSQL reads it: bytes in hexadecimal, instants and dates in ISO 8601, ids as their digits."""
    if isinstance(value, UUID):
        return value.hex  # without dashes, which takes a third of the time
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


Defaults = tuple[tuple[str, Callable[[], Any]], ...]


@cache
def _shape(kind: type[Base]) -> tuple[tuple[str, ...], Defaults]:
    """The columns that are written, and what makes a value for those that a row may leave to us."""
    mapper = inspect(kind)
    columns = [column for column in kind.__table__.columns if column.computed is None]
    defaults = [(column.name, _default(column.default)) for column in columns if column.default is not None]
    if mapper.version_id_col is not None:
        defaults.append((mapper.version_id_col.name, lambda: 1))
    return tuple(column.name for column in columns), tuple(defaults)


def _default(said: Any) -> Callable[[], Any]:
    return (lambda: said.arg(None)) if said.is_callable else (lambda: said.arg)


@cache
def _statement(kinds: tuple[type[Base], ...]) -> TextClause:
    """The rows of the last table by the statement itself, all others beside it: one statement, one moment."""
    inserts = [_insert(kind.__tablename__, _shape(kind)[0]) for kind in kinds]
    beside = "".join(
        f", new_{kind.__tablename__} AS ({insert})" for kind, insert in zip(kinds, inserts[:-1], strict=False)
    )
    return text(f"WITH given AS (SELECT CAST(:rows AS jsonb) AS rows){beside} {inserts[-1]}")


def _insert(table: str, columns: tuple[str, ...]) -> str:
    listed = ", ".join(columns)
    return (  # of names in our models
        f"INSERT INTO {table} ({listed}) SELECT {listed}"  # noqa: S608
        f" FROM given, jsonb_populate_recordset(CAST(NULL AS {table}), given.rows -> '{table}')"
    )
