"""The command that writes backups."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hub.config import Settings
from hub.embedded import Postgres
from hub.errors import Refused
from hub.services import backups
from sync.runtime import Runtime
from workers import backing
from workers.children import claimed
from workers.commands.output import AsJson, as_json, opened, say


def backup(
    to: Annotated[Path | None, typer.Option(help="The folder.  [HUB_BACKUP_DIR]", show_default=False)] = None,
    json: AsJson = False,
) -> None:
    """Write the database, without its keys, and the keys apart; both encrypted."""
    with served() as runtime:
        folder = to or runtime.settings.backup_dir
        if folder is None:
            raise Refused.because("required", "say where to: --to, or HUB_BACKUP_DIR", "--to")
        made = backups.make(runtime.database, runtime.settings, backing.owner_url(runtime.settings), folder)
    if json:
        told = {"database": str(made.database), "keys": str(made.keys), "bytes": made.bytes}
        as_json(told | {"removed": list(made.removed)})
    else:
        say(f"Wrote {made.database} ({made.bytes} bytes) and {made.keys}; keep them apart.")


@contextlib.contextmanager
def served() -> Iterator[Runtime]:
    """With the embedded database running, if it is that one and nobody runs it."""
    settings = Settings()
    with contextlib.ExitStack() as stack:
        if settings.embedded_database and not claimed(settings.data_dir):
            stack.enter_context(Postgres(settings.data_dir))
        yield stack.enter_context(opened())
