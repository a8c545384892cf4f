"""A run as commands show it: its bar while it goes on, then what changed and what failed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy.orm import Session

from hub.models.records import SyncRun
from hub.queries import parents
from sync import bulk
from sync.bulk import Shown
from sync.planning import progress as planning
from sync.runtime import Runtime
from workers.commands.output import as_json, errors, say, table
from workers.listing import Listed, listed

LOOK = 0.3
"""Seconds between two looks"""
MOST = 1000
"""Links of one run"""


def read(runtime: Runtime, organization_id: UUID, run_id: UUID) -> Shown:
    with runtime.database.unit_of_work(organization_id) as session:
        return bulk.one(session, run_id)


def follow(
    runtime: Runtime,
    organization_id: UUID,
    run_id: UUID,
    *,
    bar: bool,
    enough: Callable[[], bool] = lambda: False,
) -> Shown:
    """The run when it is over, or when there is `enough`: nobody goes on with what is left."""
    console, pause = errors(), threading.Event()
    columns = (BarColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns, console=console, transient=True, disable=not (bar and console.is_terminal)
    ) as progress:
        task = progress.add_task("")
        while True:
            shown = read(runtime, organization_id, run_id)
            total, ended = _counted(shown)
            progress.update(task, total=total, completed=ended, description=words(shown))
            if shown.over or enough():
                return shown
            pause.wait(LOOK)


def _counted(shown: Shown) -> tuple[int, int]:
    if shown.progress is None:
        return 1, int(shown.over)
    tally = shown.progress.tally
    return tally.total, tally.ended + tally.cancelled


def words(shown: Shown) -> str:
    """How far it is, how fast it goes, and how long it will take."""
    found = shown.progress
    if found is None:
        return (shown.run.headline if shown.over else "") or shown.run.state
    parts = [planning.headline(found.tally)]
    if not found.over:
        parts += [f"{found.rate:.1f} links/s"] if found.rate else []
        parts += [f"{_span(found.seconds_left)} left"] if found.seconds_left is not None else []
        parts += [planning.waits(found)] if found.resting is not None else []
    return ", ".join(parts)


def _span(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def tell(runtime: Runtime, organization_id: UUID, shown: Shown, *, json: bool) -> None:
    """What changed and what failed; for machines all of it."""
    run_id = shown.run.id

    def work(session: Session) -> tuple[dict[UUID, Listed], list[SyncRun]]:
        found = list(parents.children(session, run_id, limit=MOST, latest=True))
        return {row.id: row for row in listed(session)}, found

    with runtime.database.unit_of_work(organization_id) as session:
        links, children = work(session)
    if json:
        as_json(as_row(shown) | {"links": [_child(row, links) for row in children]})
        return
    news = [row for row in children or [shown.run] if row.changed or row.state != "done"]
    if news:
        table(
            ("link", "channel", "speaks of", "result", "what changed"),
            [_line(row, links) for row in news if row.link_id is not None],
            empty="",
        )
    else:
        say("Nothing changed.")
    for one in shown.run.left_out or ():
        link = links.get(UUID(one["link_id"]))
        say(f"left out: {link.channel + ', ' + link.scope if link else one['link_id']}: {one['message']}")
    told = shown.run.summary if shown.over and shown.run.link_id is not None else ()
    for line in told or (words(shown),):
        say(line)


def _line(row: SyncRun, links: Mapping[UUID, Listed]) -> tuple[object, ...]:
    link = links.get(row.link_id) if row.link_id else None
    result = "changed" if row.state == "done" and row.changed else row.state
    said = row.error or row.headline or "; ".join(row.summary)
    return (row.link_id, link.channel if link else "", link.scope if link else "", result, said)


def _child(row: SyncRun, links: Mapping[UUID, Listed]) -> dict[str, Any]:
    link = links.get(row.link_id) if row.link_id else None
    columns = ("id", "link_id", "state", "changed", "headline", "counts", "summary", "error")
    named = {"channel": link.channel, "scope": link.scope} if link else {}
    return {column: getattr(row, column) for column in columns} | named


def as_row(shown: Shown) -> dict[str, Any]:
    """A run for machines."""
    run, found = shown.run, shown.progress
    columns = ("id", "link_id", "parent_id", "trigger", "state", "criteria", "mode", "left_out")
    more = ("created_at", "started_at", "finished_at", "summary", "headline", "changed", "error")
    row = {column: getattr(run, column) for column in (*columns, *more)} | {"counts": dict(shown.counts)}
    if found is None:
        return row
    names = ("total", "done", "failed", "changed", "running", "queued", "cancelled", "retried")
    told = {name: getattr(found.tally, name) for name in names}
    until = found.resting.until if found.resting is not None else None
    return row | {
        "state": found.state,
        "headline": planning.headline(found.tally),
        "changed": found.tally.changed > 0,
        "started_at": found.started_at,
        "finished_at": found.finished_at,
        "progress": told | {"rate": found.rate, "seconds_left": found.seconds_left, "resting_until": until},
    }
