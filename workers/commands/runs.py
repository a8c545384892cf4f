"""`hub runs`: syncs that were asked for, changed something or failed, and what may be done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from hub.database import Actor
from hub.models.records import SyncRun
from hub.queries import runs as query
from sync import bulk
from sync.bulk import Shown
from sync.runtime import Runtime
from workers import choosing
from workers.commands import following
from workers.commands.output import AsJson, Organization, as_json, instant, opened, say, table, warn
from workers.listing import listed

Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
Run = Annotated[str, typer.Argument(help="Its id, or the end of it.", metavar="RUN", show_default=False)]


def runs(
    context: typer.Context,
    link: Annotated[UUID | None, typer.Option(help="Of this link alone.", show_default=False)] = None,
    limit: Limit = 20,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """The latest syncs that were asked for, changed something or failed; newest first."""
    if context.invoked_subcommand is not None:
        return
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = bulk.shown(session, query.page(session, link_id=link, limit=limit))
            names = {row.id: f"{row.channel}, {row.scope}" for row in listed(session)}
    if json:
        as_json([following.as_row(row) for row in rows])
        return
    table(
        ("id", "asked for", "link", "by", "state", "what changed"),
        [
            (
                row.run.id,
                instant(row.run.created_at),
                names.get(row.run.link_id, row.run.link_id) if row.run.link_id else "several",
                row.run.trigger,
                row.progress.state if row.progress else row.run.state,
                row.run.error or (following.words(row) if row.progress else row.run.headline),
            )
            for row in rows
        ],
        empty="Nothing was synced yet.",
    )


def show(run: Run, organization: Organization = None, json: AsJson = False) -> None:
    """How a run stands, with what changed and what failed."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        run_id = _meant(runtime, organization_id, run)
        following.tell(runtime, organization_id, following.read(runtime, organization_id, run_id), json=json)


def watch(run: Run, organization: Organization = None, json: AsJson = False) -> None:
    """Follow a run to its end; workers do it. Exit code 1 if one of its links failed."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        try:
            run_id = _meant(runtime, organization_id, run)
            shown = following.follow(runtime, organization_id, run_id, bar=not json)
        except KeyboardInterrupt:
            warn(f"The run goes on; `hub runs cancel {run}` ends it.")
            raise typer.Exit(130) from None
        following.tell(runtime, organization_id, shown, json=json)
    if _failed(shown):
        raise typer.Exit(1)


def cancel(run: Run, organization: Organization = None, json: AsJson = False) -> None:
    """End a run: what waits is given up, what is at work ends by itself."""
    _step(run, organization, bulk.cancel, json=json)


def resume(run: Run, organization: Organization = None, json: AsJson = False) -> None:
    """Have what was cancelled of a run wait again."""
    _step(run, organization, bulk.resume, json=json)


def retry(run: Run, organization: Organization = None, json: AsJson = False) -> None:
    """Sync what failed of a run once more."""
    _step(run, organization, bulk.retry, json=json)


def _meant(runtime: Runtime, organization_id: UUID, given: str) -> UUID:
    with runtime.database.unit_of_work(organization_id) as session:
        return choosing.by_ending(session, SyncRun, given, "run", "RUN").id


def _step(
    given: str, organization: str | None, step: Callable[[Session, UUID], SyncRun], *, json: bool
) -> None:
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        run_id = _meant(runtime, organization_id, given)

        def work(session: Session) -> Shown:
            return bulk.shown(session, [step(session, run_id)])[0]

        shown = runtime.database.transact(organization_id, work, Actor("command"))
    if json:
        as_json(following.as_row(shown))
    else:
        state = shown.progress.state if shown.progress else shown.run.state
        say(f"{state}: {following.words(shown)}")


def _failed(shown: Shown) -> bool:
    return bool(shown.progress.tally.failed) if shown.progress else shown.run.state == "failed"
