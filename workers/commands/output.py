"""How commands speak: tables for people, JSON for machines, one plain sentence for what went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import OperationalError, ProgrammingError

from connectors.errors import ConnectorError
from hub.config import Settings
from hub.errors import HubError, Misconfigured
from sync.runtime import Runtime
from workers.supervisor import GaveUp

Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines.")]
Organization = Annotated[
    str | None, typer.Option(help="Name or id; needed only where there are several.", show_default=False)
]

NO_DATABASE = "the database does not answer; is `hub up` running, or is HUB_DATABASE_URL right?"
NO_SCHEMA = "the database has not the schema of this version; run `hub migrate`"


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


@contextmanager
def failing_in_words() -> Iterator[None]:
    """One sentence and exit code 1 for everything that somebody can do something about."""
    try:
        yield
    except HubError as error:
        words = "; ".join(
            f"{reason.field}: {reason.message}" if reason.field else reason.message
            for reason in error.reasons
        )
    except ValidationError as error:
        words = "; ".join(
            f"HUB_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        )
    except (ConnectorError, Misconfigured, GaveUp) as error:
        words = str(error)
    except OperationalError:
        words = NO_DATABASE
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in ("42P01", "42703", "42883"):
            raise
        words = NO_SCHEMA
    else:
        return
    warn(f"hub: {words}")
    raise SystemExit(1)
