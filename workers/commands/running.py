"""Commands that run the hub, or bring it to where it can run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hub.config import Settings
from hub.embedded import Postgres
from hub.errors import Refused
from workers import beginnings, choosing, demo, programs
from workers import up as whole
from workers.commands.output import Organization, opened, say, warn
from workers.programs import Program

Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the hub answers.")]


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


def web(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1", port: Port = 8000
) -> None:
    """Run the web server alone; servers and schema must be there."""
    _become(programs.web(host, port))


def worker() -> None:
    """Run a worker alone: HUB_WORKER_CONCURRENCY processes for all that must be done in time."""
    _become(programs.worker(Settings()))


def puller() -> None:
    """Run a puller alone: HUB_PULL_CONCURRENCY threads that read channels' calendars."""
    _become(programs.puller(Settings()))


def beat() -> None:
    """Run beat alone: it keeps the timetable. One is enough, two do no harm."""
    Settings().data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _become(programs.beat())


def migrate() -> None:
    """Bring the database to the schema of this version. A second time does nothing."""
    settings = Settings()
    if not settings.embedded_database or whole.is_up(settings.data_dir):
        beginnings.migrate(settings)
    else:
        with Postgres(settings.data_dir):
            beginnings.migrate(settings)
    say("The schema is up to date.")


def seed(
    demo_property: Annotated[bool, typer.Option("--demo", help="The demo's properties.")] = False,
    organization: Organization = None,
) -> None:
    """Fill the hub with something to try things on."""
    if not demo_property:
        raise Refused.because("required", "say what to seed; there is --demo", "--demo")
    with opened() as runtime:
        made = demo.seed(runtime, choosing.organization(runtime.database, organization))
    names = " and ".join(made)
    say(f"Made: {names}; the channels play from the next `hub up` on." if made else "It was there before.")


def _become(program: Program) -> None:
    """Replace this process, so that signals go straight to the program."""
    os.execv(program.command[0], program.command)  # noqa: S606 - our own command
