"""Accounts: people who can sign in. One person has one account, however many organizations they act for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor, Database, StaleRead, constraint, vault_of
from hub.errors import NotSignedIn, Refused
from hub.ids import new_id
from hub.models.organizations import Account
from hub.queries import accounts as query
from hub.services import guests, passwords
from hub.vault import Vault

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who an account is; `email` is its one normal form, in lower case."""

    email: str
    name: str


def normalized(person: Person) -> Person:
    return Person(guests.email(person.email, "email"), _name(person.name))


def email_index(vault: Vault, email: str) -> bytes:
    """By which an account is found; of the whole hub, as accounts are."""
    return vault.blind_index("account", email)


def find(session: Session, email: str) -> query.Known | None:
    """The account of a normalized address, in whatever organization."""
    return query.account_of_email(session, email_index(vault_of(session), email))


def add(session: Session, person: Person, password: str) -> UUID:
    """A new account of a normalized person; StaleRead where another one took the address just now."""
    account = Account(
        id=new_id(),
        email_index=email_index(vault_of(session), person.email),
        sealed=vault_of(session).seal(asdict(person)),
        password_hash=passwords.hashed(password),
        created_at=clock.now(),
    )
    session.add(account)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint(error) == "uq_accounts_email_index":
            raise StaleRead from None
        raise
    return account.id


def read(session: Session, account: Account) -> Person:
    return Person(**vault_of(session).open(account.sealed))


def rename(session: Session, account_id: UUID, name: str) -> None:
    account = query.account(session, account_id)
    person = Person(read(session, account).email, _name(name))
    account.sealed = vault_of(session).seal(asdict(person))
    session.flush()


def change_password(database: Database, actor: Actor, account_id: UUID, old: str, new: str) -> None:
    """
    Replace the password, and end what was signed in with the old one, in every organization.

    Refused where `old` is not the present password. Opens its own transactions: hashing is slow.
    """
    with database.unit_of_work(None) as session:
        memberships = query.memberships(session, account_id)
    if not memberships:
        raise NotSignedIn.because("no_membership", "this account acts for no organization any more")
    with database.unit_of_work(memberships[0].organization_id) as session:
        kept = query.account(session, account_id).password_hash
    if not passwords.proves(old, kept):
        raise Refused.because("wrong_password", "this is not the present password", "current_password")
    hashed = passwords.hashed(new)

    for membership in memberships:
        with database.unit_of_work(membership.organization_id, actor) as session:
            query.account(session, account_id).password_hash = hashed
            query.member(session, membership.member_id, lock=True)
            query.revoke_all(session, membership.member_id, clock.now())


def _name(name: str) -> str:
    stripped = name.strip()
    if not 1 <= len(stripped) <= LONGEST_NAME:
        raise Refused.because("invalid_name", f"a name has 1 to {LONGEST_NAME} characters", "name")
    return stripped
