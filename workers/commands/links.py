"""What links to channels' calendars there are."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from workers import choosing
from workers.commands.output import AsJson, Organization, as_json, instant, opened, table
from workers.listing import listed


class State(StrEnum):
    ACTIVE = "active"
    GUARDED = "guarded"
    NEEDS_AUTH = "needs_auth"
    LOST = "lost"
    PAUSED = "paused"


def list_(
    state: Annotated[
        State | None, typer.Option(help="Only those that stand like that.", show_default=False)
    ] = None,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """All links: how they stand, and what is to be done about it."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = listed(session, state=state)
    if json:
        as_json([asdict(row) for row in rows])
        return
    table(
        ("id", "channel", "speaks of", "direction", "verified", "how it stands", "what to do"),
        [
            (row.id, row.channel, row.scope, row.direction, instant(row.verified_at), row.words, row.to_do)
            for row in rows
        ],
        empty="There are no links." if state is None else f"No link is {state}.",
    )
