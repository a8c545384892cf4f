"""Backups by the timetable, and as whom they are made."""

from __future__ import annotations

from hub.config import Settings
from hub.embedded import database_url
from hub.services import backups
from sync.runtime import Runtime


def owner_url(settings: Settings) -> str:
    """Of who owns the tables: no other sees all rows."""
    url = settings.owner_database_url or settings.database_url
    return url or database_url(settings.data_dir, "owner")


def back_up_if_due(runtime: Runtime) -> None:
    """Where a folder for backups is set."""
    settings, database = runtime.settings, runtime.database
    folder = settings.backup_dir
    if folder is None:
        return
    if backups.due(settings, folder):
        backups.make(database, settings, owner_url(settings), folder)
    elif backups.keys_are_old(database, settings, folder):
        backups.write_keys(database, settings, folder)
