"""The command that brings a backup back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers import restoring
from workers.commands.backups import served
from workers.commands.output import AsJson, as_json, say


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
    with served() as runtime:
        done = restoring.restore(runtime.settings, runtime.database, file, keys)
    if json:
        as_json({"keys": done.keys, "erased": done.erased})
    else:
        say(f"Restored, with {done.keys} keys; {done.erased} who were forgotten since are forgotten again.")
        say("People sign in again; API keys, invitations and other links in mails must be made anew.")
