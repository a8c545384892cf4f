"""Commands about the keys of machines."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Refused
from hub.models.access import ApiKey
from hub.queries import accounts as members
from hub.queries import api_keys as query
from hub.services import api_keys
from hub.services.api_keys import SCOPES, Made, NewKey
from workers import choosing
from workers.beginnings import COMMAND
from workers.commands.output import AsJson, Organization, as_json, instant, opened, say, table

MOST = 1000


def add(
    name: Annotated[str, typer.Argument(help="What to call it, such as the machine that will have it.")],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(SCOPES)}; several times for several.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="How long it is good; else until it is revoked.")
    ] = None,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Make a key and print it, once. Without a scope it may read."""
    ends = clock.now() + timedelta(days=days) if days else None

    def work(session: Session) -> Made:
        admins = members.active_with_role(session, "admin")
        if not admins:
            raise Refused.because("no_admin", "a key is made for an admin, and there is none")
        return api_keys.create(session, NewKey(name, tuple(scope or ("read",)), ends), admins[0].id)

    with opened() as runtime:
        where = choosing.organization(runtime.database, organization)
        made = runtime.database.transact(where, work, COMMAND)
    if json:
        as_json(_shown(made.row) | {"key": made.secret})
        return
    say(f"{made.row.name} may {', '.join(made.row.scopes)}.")
    say(f"Key: {made.secret}  (shown only now)")


def list_(organization: Organization = None, json: AsJson = False) -> None:
    """Show keys that were not revoked, and when each was last used."""
    with opened() as runtime:
        where = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(where) as session:
            rows = query.page(session, MOST, None)
    if json:
        as_json([_shown(row) for row in rows])
        return
    table(
        ("key", "name", "scopes", "last used", "expires"),
        [
            (row.prefix, row.name, ", ".join(row.scopes), instant(row.last_used_at), instant(row.expires_at))
            for row in rows
        ],
        empty="There are no keys.",
    )


def revoke(
    key: Annotated[str, typer.Argument(help="How it begins, as `hub key list` shows it, or its id.")],
    organization: Organization = None,
) -> None:
    """Take a key's rights for good; it counts within a minute."""

    def work(session: Session) -> ApiKey:
        number = choosing.as_id(key)
        return api_keys.revoke(session, number or query.by_prefix(session, key).id)

    with opened() as runtime:
        where = choosing.organization(runtime.database, organization)
        row = runtime.database.transact(where, work, COMMAND)
    say(f"{row.prefix} ({row.name}) is revoked.")


def _shown(row: ApiKey) -> dict[str, object]:
    names = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    return {name: getattr(row, name) for name in names}
