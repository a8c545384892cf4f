"""What the database has of what the models need."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.models import Base

_COLUMNS = text("""
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped
""")


def missing(session: Session) -> tuple[str, ...]:
    """Columns, as table.column, that the models use and the database lacks; it may well have more."""
    found = {(table, column) for table, column in session.execute(_COLUMNS)}
    tables = Base.metadata.tables.values()
    needed = {(table.name, column.name) for table in tables for column in table.columns}
    return tuple(f"{table}.{column}" for table, column in sorted(needed - found))
