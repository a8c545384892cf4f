"""`hub runs undo`: what a sync changed is put back; the plan is shown before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from hub.database import Actor
from hub.models.records import SyncRun
from hub.queries import parents
from hub.queries import runs as query
from sync import undoing
from sync.runtime import Runtime
from sync.undoing import Outcome, Undo
from workers import choosing
from workers.commands.following import MOST
from workers.commands.output import AsJson, Organization, as_json, opened, say, table, warn

Run = Annotated[str, typer.Argument(help="Its id, or the end of it.", metavar="RUN", show_default=False)]


def undo(
    run: Run,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Undo what a sync changed; of a run of many links, each that changed something, the latest first."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            chosen = _meant(session, run)
        planned = _each(runtime, organization_id, chosen, undoing.plan)
        possible = any(outcome.left is None for one in planned for outcome in one.steps)
        if not json:
            _show(planned)
        if dry_run or not possible:
            _end(planned, json=json, dry_run=True)
            return
        if not yes:
            if json:
                warn("hub: say --yes to have it done, or --dry-run to see it")
                raise typer.Exit(1)
            typer.confirm("Undo this?", abort=True)
        _end(_each(runtime, organization_id, chosen, undoing.undo), json=json, dry_run=False)


def _meant(session: Session, given: str) -> Sequence[UUID]:
    row = choosing.by_ending(session, SyncRun, given, "run", "RUN")
    if row.link_id is not None:
        return [row.id]
    children = tuple(_children(session, row.id))
    return [one.id for one in reversed(children) if one.changed and one.state not in query.OPEN]


def _children(session: Session, parent_id: UUID) -> Iterator[SyncRun]:
    after: UUID | None = None
    while found := parents.children(session, parent_id, limit=MOST, after=after):
        yield from found
        after = found[-1].id


def _each(
    runtime: Runtime, organization_id: UUID, run_ids: Sequence[UUID], does: Callable[[Session, UUID], Undo]
) -> list[Undo]:
    """A transaction for each run."""

    def one(run_id: UUID) -> Undo:
        return runtime.database.transact(
            organization_id, lambda session: does(session, run_id), Actor("command")
        )

    return [one(run_id) for run_id in run_ids]


def _show(planned: Sequence[Undo]) -> None:
    for found in planned:
        if found.steps:
            table(
                ("change", "what", "undoing", "left, because"),
                [_line(one) for one in found.steps],
                empty="",
            )


def _line(one: Outcome) -> tuple[str, str, str, str]:
    does = one.step.does if one.left is None else ""
    return choosing.ending(one.step.change_id), one.step.what, does, one.left.message if one.left else ""


def _end(found: Sequence[Undo], *, json: bool, dry_run: bool) -> None:
    if json:
        as_json([_plain(one, dry_run=dry_run) for one in found])
        return
    for one in found:
        say(f"{choosing.ending(one.run_id)}: {one.headline}" if len(found) > 1 else one.headline)
        for outcome in one.steps if not dry_run else ():
            if outcome.step.possible and outcome.left is not None:
                say(f"left: {outcome.step.what}: {outcome.left.message}")
    if not found:
        say("No sync of this run changed anything.")
    for note in dict.fromkeys(one.note for one in found if one.note):
        say(note)


def _plain(found: Undo, *, dry_run: bool) -> dict[str, Any]:
    return {
        "run_id": found.run_id,
        "dry_run": dry_run,
        "headline": found.headline,
        "steps": [
            {
                "change_id": one.step.change_id,
                "what": one.step.what,
                "does": one.step.does if one.step.possible else "",
                "possible": one.step.possible,
                "done": one.done,
                "left": {"code": one.left.code, "message": one.left.message} if one.left else None,
            }
            for one in found.steps
        ],
        "more": found.more,
        "note": found.note,
    }
