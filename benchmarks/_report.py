"""How a benchmark prints what it measured: each figure beside its limit, and its ratio to a peer."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

NO_BAR = "for information"
VERDICTS = {True: "[green]held[/]", False: "[red]NOT HELD[/]", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `bar` is in words; `held` is whether it was kept, None where there is no bar."""

    what: str
    ours: str
    peer: str
    ratio: str
    bar: str = NO_BAR
    held: bool | None = None


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the table; end with status 1 if a bar was not held."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "ours", "peer", "ratio", "bar", ""):
        table.add_column(column)
    for row in rows:
        table.add_row(row.what, row.ours, row.peer, row.ratio, row.bar, VERDICTS[row.held])
    Console(width=150).print(table)
    if any(row.held is False for row in rows):
        sys.exit(1)


def percentile(values: Sequence[float], share: float) -> float:
    """`share` of 0.95 is the 95th percentile."""
    return statistics.quantiles(values, n=1000)[round(share * 1000) - 1]
