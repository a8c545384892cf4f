"""How a benchmark prints what it measured: each figure beside its limit, and its ratio to a peer."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `bar` is in words; `held` is whether it was kept."""

    what: str
    ours: str
    peer: str
    ratio: str
    bar: str
    held: bool


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the table; end with status 1 if a bar was not held."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "ours", "peer", "ratio", "bar", ""):
        table.add_column(column)
    for row in rows:
        verdict = "[green]held[/]" if row.held else "[red]NOT HELD[/]"
        table.add_row(row.what, row.ours, row.peer, row.ratio, row.bar, verdict)
    Console(width=150).print(table)
    if not all(row.held for row in rows):
        sys.exit(1)


def percentile(values: Sequence[float], share: float) -> float:
    """`share` of 0.95 is the 95th percentile."""
    return statistics.quantiles(values, n=1000)[round(share * 1000) - 1]
