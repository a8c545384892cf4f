"""What the database says of itself, for `hub doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic.script import ScriptDirectory
from sqlalchemy import Row, create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

import migrations
from hub.config import Settings
from hub.database import Database
from hub.embedded import database_url
from hub.models.external import ExternalEvent
from hub.models.links import Connection, Link
from hub.models.records import Fact
from hub.queries import hosts
from workers.choosing import all_organizations

OLDEST_POSTGRESQL = 15
WAITS_TOO_LONG = timedelta(minutes=1)

Findings = Iterator[tuple[str, str, str]]

_POWERS = text("""
    SELECT r.rolname AS role, r.rolsuper, r.rolbypassrls, session_user AS login, l.rolsuper AS login_super,
           current_setting('server_version_num')::int / 10000 AS version,
           EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'btree_gist') AS btree_gist,
           (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned
    FROM pg_roles r, pg_roles l WHERE r.rolname = current_user AND l.rolname = session_user
""")


@dataclass(frozen=True, slots=True)
class Importing:
    id: UUID
    channel: str
    state: str
    reason: str | None
    interval_seconds: int
    verified_at: datetime | None
    created_at: datetime
    draining_since: datetime | None
    """Since when the channel shows what our feed says no longer"""


def database(of: Database) -> Findings:
    """(state, what was found, what to do): the server, its extension, and the role that we really have."""
    with of.unit_of_work(None) as session:
        row = session.execute(_POWERS).one()
    if row.version < OLDEST_POSTGRESQL:
        yield "failed", f"PostgreSQL {row.version}", f"use {OLDEST_POSTGRESQL} or newer"
    else:
        yield "ok", f"PostgreSQL {row.version}", ""
    if not row.btree_gist:
        yield "failed", "the extension btree_gist is missing", "as a superuser: CREATE EXTENSION btree_gist"
    yield from _role(row)


def _role(row: Row[Any]) -> Findings:
    powers = [
        word
        for word, has in (
            ("is a superuser", row.rolsuper),
            ("bypasses row-level security", row.rolbypassrls),
            ("owns tables", row.owned),
        )
        if has
    ]
    if powers:
        yield "failed", f"our role {row.role} {', '.join(powers)}", "let HUB_DATABASE_URL log in as hub_app"
    elif row.login_super:
        hint = "let HUB_DATABASE_URL log in as hub_app, and HUB_OWNER_DATABASE_URL as the owner"
        yield "warning", f"the login {row.login} is a superuser, though it acts as {row.role}", hint
    else:
        yield "ok", f"we act as {row.role}, which owns nothing and bypasses nothing", ""


def schema(settings: Settings) -> Findings:
    """As the owner where we know how: the application may not read the migrations' own table."""
    head = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
    url = settings.owner_database_url or settings.database_url or database_url(settings.data_dir, "owner")
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) == "42501":
            yield "warning", "our login may not read the schema's version", "set HUB_OWNER_DATABASE_URL"
            return
        found = None
    finally:
        engine.dispose()
    if found == head:
        yield "ok", f"the schema is at {head}", ""
    else:
        yield (
            "failed",
            f"the schema is at {found or 'nothing'}, this version needs {head}",
            "run `hub migrate`",
        )


def importing_links(of: Database) -> list[Importing]:
    """Of all organizations; without those that somebody paused."""
    rows = []
    for organization_id in all_organizations(of):
        with of.unit_of_work(organization_id) as session:
            rows += _importing(session)
    return rows


def _importing(session: Session) -> list[Importing]:
    draining = (
        select(ExternalEvent.link_id, func.min(ExternalEvent.draining_since).label("since"))
        .group_by(ExternalEvent.link_id)
        .subquery()
    )
    statement = (
        select(Link, Connection.name, draining.c.since)
        .outerjoin(draining, draining.c.link_id == Link.id)
        .join(Connection, Connection.id == Link.connection_id)
        .where(Link.direction != "export", Link.state != "paused")
        .order_by(Link.id)
    )
    return [
        Importing(
            id=link.id,
            channel=channel,
            state=link.state,
            reason=link.state_reason,
            interval_seconds=link.interval_seconds,
            verified_at=link.verified_at,
            created_at=link.created_at,
            draining_since=since,
        )
        for link, channel, since in session.execute(statement)
    ]


def spared_hosts(of: Database, now: datetime) -> list[tuple[str, datetime, str]]:
    """(name, until when, why) of hosts that nobody is sent to."""
    with of.unit_of_work(None) as session:
        rows = hosts.spared(session, now)
    return [
        (row.name, row.asked_until, "it asked for that")
        if row.asked_until and row.asked_until > now
        else (row.name, row.not_before, f"it failed {row.failures} times in a row")
        for row in rows
    ]


def outbox(of: Database, now: datetime) -> tuple[int, int]:
    """How many facts were set aside, and how many have waited too long, in all organizations."""
    aside = late = 0
    for organization_id in all_organizations(of):
        with of.unit_of_work(organization_id) as session:
            count = select(func.count()).select_from(Fact)
            aside += session.scalar(count.where(Fact.state == "quarantined")) or 0
            ready = count.where(Fact.state == "ready", Fact.created_at < now - WAITS_TOO_LONG)
            late += session.scalar(ready) or 0
    return aside, late
