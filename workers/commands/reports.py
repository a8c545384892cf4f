"""Commands that report: what is wrong, what was synced, what clashes."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.text import Text

from hub.config import Settings
from hub.models.external import ConflictRecord
from hub.models.records import SyncRun
from hub.queries import conflicts as conflicts_query
from hub.queries import runs as runs_query
from workers import choosing
from workers import doctor as checkup
from workers.commands.output import AsJson, Organization, as_json, instant, opened, table
from workers.listing import listed

Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]

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


def runs(
    link: Annotated[UUID | None, typer.Option(help="Of this link alone.", show_default=False)] = None,
    limit: Limit = 20,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """The latest syncs that were asked for, changed something or failed; newest first."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = runs_query.page(session, link_id=link, limit=limit)
            names = {row.id: f"{row.channel}, {row.scope}" for row in listed(session)}
    if json:
        as_json([_run(row) for row in rows])
        return
    table(
        ("asked for", "link", "by", "state", "what changed"),
        [
            (
                instant(row.created_at),
                names.get(row.link_id, row.link_id),
                row.trigger,
                row.state,
                row.error or "; ".join(row.summary),
            )
            for row in rows
        ],
        empty="Nothing was synced yet.",
    )


def conflicts(
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    limit: Limit = 100,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Where channels and bookings claim the same nights. Exit code 0, whatever is found."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = conflicts_query.page(session, state=None if closed else "open", limit=limit)
    if json:
        as_json([_conflict(row) for row in rows])
        return
    table(
        ("opened", "state", "kind", "ours", "theirs"),
        [
            (
                f"{row.opened_at:%Y-%m-%d %H:%M}",
                row.state,
                row.type,
                _said(row.local),
                _said(row.remote),
            )
            for row in rows
        ],
        empty="There are no open conflicts." if not closed else "There are no conflicts.",
    )


def _said(side: dict[str, Any]) -> str:
    """Who says so, and for when; an event without a unit has no other side."""
    if not side:
        return "no unit is free"
    who = side.get("channel") or f"{side['status']} {side['reference']}"
    return f"{who}, {side['from']} to {side['to']}"


def _run(row: SyncRun) -> dict[str, Any]:
    columns = ("id", "link_id", "trigger", "state", "created_at", "started_at", "finished_at")
    return {column: getattr(row, column) for column in (*columns, "counts", "summary", "error")}


def _conflict(row: ConflictRecord) -> dict[str, Any]:
    columns = ("id", "type", "state", "link_id", "event_id", "unit_id", "booking_id", "starts_at", "ends_at")
    return {
        column: getattr(row, column)
        for column in (*columns, "local", "remote", "opened_at", "closed_at", "resolution")
    }
