"""All that a database holds, table by table: equal where nothing was written, not even the same again."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from hub.models import Base
from tests import servers


def digests(database: servers.Database) -> Mapping[str, str]:
    """As the tables' owner sees it: of every organization, each row with the transaction that wrote it."""
    statement = sql.SQL(
        "SELECT coalesce(md5(string_agg(t.xmin::text || t::text, '|' ORDER BY t::text)), '') FROM {} AS t"
    )
    with psycopg.connect(plain(database.owner_url)) as connection:
        connection.execute("SET row_security = off")
        found = {}
        for name in sorted(Base.metadata.tables):
            row = connection.execute(statement.format(sql.Identifier(name))).fetchone()
            assert row is not None
            found[name] = row[0]
    return found


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
