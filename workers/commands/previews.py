"""What a calendar would bring."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from sync import linking
from sync import preview as previewing
from sync.dry_run import Plan
from sync.preview import Preview
from workers import choosing
from workers.commands.output import AsJson, Organization, as_json, opened, say, table


def preview(
    url: Annotated[str, typer.Argument(help="The calendar's address.")],
    unit: Annotated[
        str | None, typer.Option(help="Name or id of the unit to compare with.", show_default=False)
    ] = None,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Show what a calendar would bring, and what it clashes with. Nothing is saved."""
    with opened() as runtime:
        organization_id, scope = None, None
        if unit is not None:
            organization_id = choosing.organization(runtime.database, organization)
            with runtime.database.unit_of_work(organization_id) as session:
                scope = linking.Scope(unit_id=choosing.unit(session, unit).id)
        found = previewing.preview(runtime, organization_id, "ical", {"url": url}, scope)
    if json:
        as_json(asdict(found))
    else:
        show(found)


def show(found: Preview) -> None:
    if found.title or found.source:
        made_by = f"(made by {found.source})" if found.source else ""
        say(f"{found.title} {made_by}".strip())
    table(
        ("from", "to", "what", "is", "takes", "clashes with", "remark"),
        [
            (
                event.starts_at,
                event.ends_at,
                event.summary,
                event.nature if event.busy else "free",
                ", ".join(event.units),
                "; ".join(event.clashes),
                "; ".join(filter(None, (event.problem, event.note))),
            )
            for event in found.events
        ],
        empty="The calendar is empty.",
    )
    for problem in found.problems:
        say(f"problem: {problem}")
    if found.plan is not None:
        _tell_plan(found.plan)


def _tell_plan(plan: Plan) -> None:
    """What a sync would do; nothing of it has been done."""
    say(f"a sync would say: {plan.headline}")
    for line in plan.summary:
        say(f"  {line}")
    if plan.guard is not None:
        say(f"  {plan.guard}")
    for write in plan.writes:
        say(f"  would {write.action} there: {write.starts_at} to {write.ends_at} {write.summary}".rstrip())
