"""Commands that write backups, and bring one back."""

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
from workers import up as whole
from workers.commands.output import AsJson, as_json, opened, say


def backup(
    to: Annotated[Path | None, typer.Option(help="The folder.  [HUB_BACKUP_DIR]", show_default=False)] = None,
    json: AsJson = False,
) -> None:
    """Write the database, without its keys, and the keys apart; both encrypted."""
    with _served() as runtime:
        folder = to or runtime.settings.backup_dir
        if folder is None:
            raise Refused.because("required", "say where to: --to, or HUB_BACKUP_DIR", "--to")
        made = backups.make(runtime.database, runtime.settings, backing.owner_url(runtime.settings), folder)
    if json:
        told = {"database": str(made.database), "keys": str(made.keys), "bytes": made.bytes}
        as_json(told | {"removed": list(made.removed)})
    else:
        say(f"Wrote {made.database} ({made.bytes} bytes) and {made.keys}; keep them apart.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup of the database.", exists=True, dir_okay=False)],
    keys: Annotated[Path, typer.Option(help="The newest keys.", exists=True, dir_okay=False)],
    json: AsJson = False,
) -> None:
    """
    Fill an empty hub from a backup. Nothing else of the hub may run meanwhile.

    Afterwards people sign in again, and keys of machines and invitations are made anew: those of the backup
    are revoked.
    """
    with _served() as runtime:
        done = backing.restore(runtime.settings, runtime.database, file, keys)
    if json:
        as_json({"keys": done.keys, "erased": done.erased})
    else:
        say(f"Restored, with {done.keys} keys; {done.erased} who were forgotten since are forgotten again.")
        say("People sign in again; API keys, invitations and other links in mails must be made anew.")


@contextlib.contextmanager
def _served() -> Iterator[Runtime]:
    """With the embedded database running, if it is that one and nobody runs it."""
    settings = Settings()
    with contextlib.ExitStack() as stack:
        if settings.embedded_database and not whole.is_up(settings.data_dir):
            stack.enter_context(Postgres(settings.data_dir))
        yield stack.enter_context(opened())
