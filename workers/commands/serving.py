"""Commands that become one program of the hub."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from hub.config import Settings
from workers import programs
from workers.programs import Program

Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the hub answers.")]


def web(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1", port: Port = 8000
) -> None:
    """Run the web server alone; servers and schema must be there."""
    Settings()  # what is wrong with them is said here in a sentence, and not by uvicorn in thirty lines
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


def _become(program: Program) -> None:
    """Replace this process, so that signals go straight to the program."""
    os.execv(program.command[0], program.command)  # noqa: S606 - our own command
