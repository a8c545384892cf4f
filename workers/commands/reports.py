"""What is wrong with this hub, if anything."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from hub.config import Settings
from workers import doctor as checkup
from workers.commands.output import AsJson, as_json, table

MARKS = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "failed": ("FAILED", "red")}


def doctor(
    only: Annotated[
        list[str] | None, typer.Argument(help="Checks to make; all where none is named.", show_default=False)
    ] = None,
    json: AsJson = False,
) -> None:
    """Say what is missing or wrong, and how to get it right. Exit code 1 if something failed."""
    known = tuple(checkup.CHECKS)
    if unknown := [name for name in only or () if name not in known]:
        raise typer.BadParameter(f"there is no check {', '.join(unknown)}; there are {', '.join(known)}")
    findings = checkup.examine(Settings(), only or known)
    if json:
        as_json([finding.as_row() for finding in findings])
    else:
        rows = [
            (
                finding.check,
                Text(MARKS[finding.state][0], MARKS[finding.state][1]),
                finding.words,
                finding.hint,
            )
            for finding in findings
        ]
        table(("check", "", "found", "what to do"), rows, empty="Nothing was checked.")
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(1)
