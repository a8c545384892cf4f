"""The `hub` command: every group of commands, and what happens to an error."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from workers.commands import (
    alerts,
    backups,
    conflicts,
    guards,
    health,
    keys,
    links,
    machines,
    mails,
    people,
    privacy,
    reports,
    running,
    runs,
    seen,
    syncs,
    undoing,
)
from workers.commands.output import failing_in_words

app = typer.Typer(
    name="hub",
    help="A self-hosted hub that keeps calendars, bookings and channels in agreement.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (running.up, running.web, running.worker, running.puller, running.beat):
    app.command()(command)
for command in (running.migrate, running.seed, reports.doctor, syncs.sync):
    app.command()(command)
app.command()(seen.seen)
app.command()(health.health)
app.command()(mails.mail)
app.command()(backups.backup)
app.command()(backups.restore)
links.app.command()(guards.guarded)
links.app.command()(guards.release)
links.app.command()(guards.keep)
links.app.command()(guards.pause)
links.app.command()(guards.resume)
app.add_typer(links.app, name="link")
app.add_typer(conflicts.app, name="conflicts")
runs.app.command()(undoing.undo)
app.add_typer(runs.app, name="runs")
app.add_typer(alerts.app, name="alerts")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")
app.add_typer(people.app, name="user")
app.add_typer(machines.app, name="key")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: 0 done, 1 refused or failed, 2 not understood."""
    with failing_in_words():
        app(args=list(arguments) if arguments is not None else None)
