"""Commands about what is known of one person."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from hub.errors import NotFound
from hub.queries import privacy as query
from hub.services import accounts, backups, guests, privacy
from hub.services.privacy import Erased
from sync.runtime import Runtime
from workers import choosing
from workers.beginnings import COMMAND
from workers.commands.output import AsJson, Organization, as_json, opened, say

Who = Annotated[str, typer.Argument(help="The guest's or account's id, or e-mail address.")]
OfAccount = Annotated[bool, typer.Option("--account", help="Somebody who signs in, instead of a guest.")]


def export(who: Who, account: OfAccount = False, organization: Organization = None) -> None:
    """Print everything about one person, as JSON."""
    with opened() as runtime:
        if account:
            told = privacy.export_account(runtime.database, _account(runtime, who), COMMAND)
        else:
            organization_id = choosing.organization(runtime.database, organization)
            told = runtime.database.transact(
                organization_id, lambda session: privacy.export(session, _guest(session, who)), COMMAND
            )
    as_json(told)


def erase(
    who: Who,
    account: OfAccount = False,
    force: Annotated[bool, typer.Option(help="Although a stay of theirs is not over.")] = False,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Forget one person: their key is destroyed, bookings and books stay. There is no way back."""
    with opened() as runtime:
        if account:
            done = privacy.erase_account(runtime.database, _account(runtime, who), COMMAND)
        else:
            organization_id = choosing.organization(runtime.database, organization)
            work = partial(_erase, who=who, force=force)
            done = runtime.database.transact(organization_id, work, COMMAND)
        if folder := runtime.settings.backup_dir:
            backups.write_keys(runtime.database, runtime.settings, folder)
    if json:
        as_json({"at": done.at, "again": done.again, "guest_ids": list(done.guest_ids)})
    else:
        said = "Had been forgotten" if done.again else "Forgotten"
        say(f"{said} at {done.at:%Y-%m-%d %H:%M} UTC; bookings and books stay.")


def _erase(session: Session, who: str, force: bool) -> Erased:
    return privacy.erase(session, _guest(session, who), force=force)


def _guest(session: Session, who: str) -> UUID:
    if known := _id(who):
        return known
    found = query.guests_of_email(session, guests.email_index(session, guests.email(who, "who")))
    if not found:
        raise NotFound.because("not_found", "there is no guest with this e-mail address")
    return found[0]


def _account(runtime: Runtime, who: str) -> UUID:
    if known := _id(who):
        return known
    with runtime.database.unit_of_work(None) as session:
        found = accounts.find(session, guests.email(who, "who"))
    if found is None:
        raise NotFound.because("not_found", "there is no account with this e-mail address")
    return found.account_id


def _id(who: str) -> UUID | None:
    try:
        return UUID(who)
    except ValueError:
        return None
