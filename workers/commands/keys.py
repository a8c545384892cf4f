"""Commands about keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress

from hub.services import backups, keys
from workers.beginnings import COMMAND
from workers.commands.output import AsJson, as_json, errors, opened, say


def rotate(
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Values a transaction.")] = keys.BATCH,
    json: AsJson = False,
) -> None:
    """
    Seal everything anew, while the hub works: new data keys, under the first of HUB_ENCRYPTION_KEYS.

    May be interrupted and begun again. After it, the other hub keys can be taken out of the settings; keep
    them for the backups of the database that were made before.
    """
    console = errors()
    done = 0
    with opened() as runtime:
        database = runtime.database
        begun = keys.begin(database, COMMAND)
        total = sum(one.waiting for one in begun)
        with Progress(console=console, transient=True, disable=json or not console.is_terminal) as progress:
            bar = progress.add_task("sealing anew", total=total)
            for one in begun:
                for sealed in keys.carry_out(database, one, COMMAND, batch):
                    done += sealed
                    progress.advance(bar, sealed)
        if folder := runtime.settings.backup_dir:
            backups.write_keys(database, runtime.settings, folder)
    if json:
        as_json({"organizations": len(begun), "values": done})
    else:
        say(f"Sealed {done} values of {len(begun)} organizations anew; the first hub key opens everything.")
        say("The old hub key is still needed for backups of the database that were made before.")
