"""Commands about mails that are kept."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer

from hub.models.privacy import Mail
from hub.queries import mails as query
from hub.services import mails
from hub.services.mails import Letter
from workers import choosing
from workers.commands.output import AsJson, Limit, Organization, as_json, instant, opened, say, table


def mail(
    mail_id: Annotated[
        UUID | None, typer.Argument(metavar="ID", help="Show this one.", show_default=False)
    ] = None,
    limit: Limit = 20,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Show the mails that are kept until they can be sent, newest first; with an id, all of that one."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = [query.one(session, mail_id)] if mail_id else query.newest(session, limit)
            kept = [(row, mails.read(session, row)) for row in rows]
    if json:
        shown = [_row(row, letter) for row, letter in kept]
        as_json(shown[0] if mail_id else shown)
    elif mail_id:
        for _, letter in kept:
            say(f"To: {letter.to}\nSubject: {letter.subject}\n\n{letter.text}")
    else:
        table(
            ("id", "kept", "sent", "about", "to", "subject"),
            [
                (row.id, instant(row.created_at), instant(row.sent_at), row.kind, letter.to, letter.subject)
                for row, letter in kept
            ],
            empty="There are no mails.",
        )


def _row(row: Mail, letter: Letter) -> dict[str, Any]:
    said = {"to": letter.to, "subject": letter.subject, "text": letter.text}
    return {"id": row.id, "kind": row.kind, "created_at": row.created_at, "sent_at": row.sent_at, **said}
