"""Commands about people."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from hub.models.organizations import Member
from hub.services import accounts, organizations
from hub.services.accounts import Person
from hub.services.organizations import GIVEN_ROLES, NewMember
from workers import choosing
from workers.beginnings import COMMAND, new_password
from workers.commands.output import AsJson, Organization, as_json, opened, say

app = typer.Typer(help="People who may sign in.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps `add` a word of its own."""


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="With what they sign in.")],
    role: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(GIVEN_ROLES)}; else staff, or admin of a new organization.", show_default=False
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call them; else the address's first half.")
    ] = None,
    organization: Organization = None,
    new_organization: Annotated[
        str | None, typer.Option(help="Make an organization of this name, with them as its first member.")
    ] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    generate: Annotated[bool, typer.Option(help="Make a password up and print it, once.")] = False,
    json: AsJson = False,
) -> None:
    """Let somebody sign in; who has an account already keeps its password."""
    person = accounts.normalized(Person(email, name or email.partition("@")[0]))
    with opened() as runtime:
        database = runtime.database
        with database.unit_of_work(None) as session:
            known = accounts.find(session, person.email) is not None
        where = None if new_organization else choosing.organization(database, organization)
        password = None if known else _password(password_stdin, generate)
        new = NewMember(person, role or ("admin" if new_organization else "staff"), password)

        def work(session: Session) -> Member:
            return organizations.add(session, new)

        if where is None:
            member = organizations.create(database, new_organization or "", new, COMMAND)
        else:
            member = database.transact(where, work, COMMAND)
    generated = password if not password_stdin and (generate or not sys.stdin.isatty()) else None
    if json:
        shown = {"member_id": member.id, "organization_id": member.organization_id, "email": person.email}
        as_json({**shown, "role": member.role, "generated_password": generated})
        return
    say(f"{person.email} may sign in as {member.role}.")
    if generated:
        say(f"Password: {generated}  (shown only now)")


def _password(from_stdin: bool, generate: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if generate or not sys.stdin.isatty():
        return new_password()
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
