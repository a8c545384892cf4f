"""Alembic's door: runs every migration in one transaction, as the owner, one migrator at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from hub.config import Settings
from hub.models import Base

_ONE_AT_A_TIME = 7_041_776_001


def _url() -> str:
    if url := context.config.attributes.get("url"):
        return str(url)
    settings = Settings()
    url = settings.owner_database_url or settings.database_url
    if not url:
        raise SystemExit("HUB_DATABASE_URL is not set; use `hub migrate`, which knows the embedded database")
    return url


def run() -> None:
    engine = create_engine(_url(), poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=True)
        context.run_migrations()
    engine.dispose()


run()
