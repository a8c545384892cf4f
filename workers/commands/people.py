"""Commands about people."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from hub.errors import NotFound
from hub.models.organizations import Member
from hub.queries import accounts as query
from hub.services import accounts, lockout, organizations
from hub.services.accounts import Person
from hub.services.organizations import OPERATORS_ROLES, NewMember
from workers import choosing
from workers.beginnings import COMMAND, new_password
from workers.commands.output import AsJson, Organization, as_json, instant, opened, say, table

MOST = 1000
"""Shown of an organization's people"""


def add(
    email: Annotated[str, typer.Argument(help="With what they sign in.")],
    role: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(OPERATORS_ROLES)}; else staff, or admin of a new organization.",
            show_default=False,
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


def list_(organization: Organization = None, json: AsJson = False) -> None:
    """Everybody who may act for an organization, and as what."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = query.page(session, MOST, None, guests=True)
            people = query.accounts(session, [row.account_id for row in rows])
            shown = [(row, accounts.read(session, people[row.account_id])) for row in rows]
    if json:
        as_json([{"member_id": row.id, "role": row.role, **asdict(person)} for row, person in shown])
        return
    table(
        ("id", "e-mail", "name", "role", "since"),
        [(row.id, person.email, person.name, row.role, instant(row.created_at)) for row, person in shown],
        empty="There is nobody.",
    )


def deactivate(
    email: Annotated[str, typer.Argument(help="With what they sign in.")], organization: Organization = None
) -> None:
    """Take somebody's access to an organization, a super_admin's too, and sign them out of it."""
    address = accounts.normalized(Person(email, "-")).email
    with opened() as runtime:
        here = choosing.organization(runtime.database, organization)

        def work(session: Session) -> None:
            known = accounts.find(session, address)
            member = query.member_of_account(session, known.account_id) if known else None
            if member is None:
                raise NotFound.because("not_found", f"{address} is no member of this organization")
            organizations.deactivate(session, member.id)

        runtime.database.transact(here, work, COMMAND)
    say(f"{address} may not act for this organization any more.")


def unlock(email: Annotated[str, typer.Argument(help="With what they sign in.")]) -> None:
    """Let somebody try again at once who failed to sign in too often."""
    address = accounts.normalized(Person(email, "-")).email
    with opened() as runtime:
        lockout.unlock(runtime.database, address)
    say(f"{address} may try again.")


def _password(from_stdin: bool, generate: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if generate or not sys.stdin.isatty():
        return new_password()
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
