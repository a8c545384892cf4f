"""The command that runs the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.config import Settings
from workers import up as whole
from workers.commands.output import say, warn
from workers.commands.serving import Port


def up(
    port: Port = 8000,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept.  [HUB_DATA_DIR, else .hub]")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="On the first run, something to try things on.")
    ] = True,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the logs of all parts.")] = False,
) -> None:
    """Run all of it on this machine: servers, migrations, web, worker, puller, beat. Ctrl-C stops it."""
    folder = data_dir or Settings().data_dir
    whole.up(folder, whole.Wish(port=port, demo=demo, verbose=verbose), say, warn)
