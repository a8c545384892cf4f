"""How commands speak: tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.config import Settings
from sync.runtime import Runtime

Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines.")]
Organization = Annotated[
    str | None, typer.Option(help="Name or id; needed only where there are several.", show_default=False)
]


def say(line: str) -> None:
    typer.echo(plain(line))


def warn(line: str) -> None:
    typer.echo(plain(line), err=True)


def plain(words: str) -> str:
    """Without what commands a terminal: channels write what we show."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in words)


def instant(moment: datetime | None) -> str:
    """UTC, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "never"


def errors() -> Console:
    """For progress bars: what is piped stays clean."""
    return Console(stderr=True)


def as_json(value: Any) -> None:
    """Ids and the like become strings, instants as over HTTP."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_as_text))


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """What the columns hold is text, never markup: channels write it."""
    if not rows:
        typer.echo(empty)
        return
    shown = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(plain(str(cell))) for cell in row))
    Console(width=None if sys.stdout.isatty() else 200).print(shown)


@contextmanager
def opened() -> Iterator[Runtime]:
    """The hub that the settings name."""
    runtime = Runtime.open(Settings())
    try:
        yield runtime
    finally:
        runtime.close()
