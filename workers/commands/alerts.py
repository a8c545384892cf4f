"""`hub alerts`: what somebody must look after, and whether those who must hear of it do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connectors.errors import ConnectorError
from hub.errors import Misconfigured
from hub.queries import alerts as query
from sync.alerting import destinations, messages
from workers import choosing
from workers.commands.output import AsJson, Limit, Organization, as_json, instant, opened, say, table, warn

COLUMNS = ("id", "cause", "severity", "subject", "words", "about", "opened_at", "recovered_at")


def alerts(
    context: typer.Context,
    recovered: Annotated[bool, typer.Option("--all", help="Recovered ones too.")] = False,
    limit: Limit = 100,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Show the alerts that stand, of the whole hub and of one organization, newest first."""
    if context.invoked_subcommand is not None:
        return
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows: list[Any] = [*query.page(session, state=None if recovered else "open", limit=limit)]
            of_hub = query.latest_of_hub(session, limit)
    rows += [row for row in of_hub if recovered or row.recovered_at is None]
    rows.sort(key=lambda row: (row.opened_at, row.id), reverse=True)
    rows = rows[:limit]
    if json:
        as_json([{column: getattr(row, column) for column in COLUMNS} for row in rows])
        return
    table(
        ("opened", "recovered", "severity", "what", "what to do"),
        [
            (
                instant(row.opened_at),
                instant(row.recovered_at) if row.recovered_at else "",
                row.severity,
                row.subject,
                row.words,
            )
            for row in rows
        ],
        empty="There are no alerts." if recovered else "No alert stands.",
    )


def test() -> None:
    """Send a test to the webhook and by mail, as the settings say. Exit code 1 if one was not taken."""
    failed = False
    with opened() as runtime:
        chosen = destinations.wanted(runtime.settings)
        if not chosen:
            raise Misconfigured("neither HUB_MONITORING_WEBHOOK_URL nor HUB_ALERT_EMAIL is set")
        for name in chosen:
            try:
                destinations.way_to(runtime, name)([messages.a_test()])
                say(f"{name}: taken")
            except (ConnectorError, Misconfigured) as error:
                failed = True
                warn(f"{name}: {error}")
    if failed:
        raise typer.Exit(1)
