"""The schema brought to this version; apart from the rest, because Alembic is much to load."""

from __future__ import annotations

import migrations
from hub.config import Settings
from workers.backing import owner_url


def migrate(settings: Settings) -> None:
    """Bring the schema to this version, as the owner of the tables."""
    migrations.upgrade(owner_url(settings))
