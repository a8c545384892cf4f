"""What has been written to a database, table by table: equal where nothing was, not even the same again."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from hub.models import Base
from tests import servers


def digests(database: servers.Database) -> Mapping[str, tuple[int, int]]:
    """
    As the tables' owner sees it, of every organization: how many rows there are, and the newest transaction
    that wrote one of them. What is deleted lowers the one, whatever else is written raises the other.
    """
    one = sql.SQL("SELECT {}, count(*), coalesce(max(xmin::text::bigint), 0) FROM {}")
    names = sorted(Base.metadata.tables)
    all_of_them = sql.SQL(" UNION ALL ").join(one.format(name, sql.Identifier(name)) for name in names)
    with psycopg.connect(plain(database.owner_url)) as connection:
        connection.execute("SET row_security = off")
        return {name: (rows, newest) for name, rows, newest in connection.execute(all_of_them)}


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
