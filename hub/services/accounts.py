"""Accounts: people who can sign in. One person has one account, however many organizations they act for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor, Database, StaleRead, constraint, hub_vault_of
from hub.errors import HubError, NotAllowed, NotSignedIn, Refused
from hub.ids import new_id
from hub.models.organizations import Account
from hub.queries import accounts as query
from hub.queries import ways_in
from hub.services import changes, guests, lockout, passwords, persons
from hub.services.lockout import Try
from hub.vault import Vault

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who an account is; `email` is its one normal form, in lower case."""

    email: str
    name: str


FORGOTTEN = Person("", "erased")
"""Whoever it was"""


def normalized(person: Person) -> Person:
    return Person(guests.email(person.email, "email"), _name(person.name))


def email_index(vault: Vault, email: str) -> bytes:
    """By which an account is found; of the whole hub, as accounts are."""
    return vault.blind_index("account", email)


def find(session: Session, email: str) -> query.Known | None:
    """The account of a normalized address, in whatever organization."""
    return query.account_of_email(session, email_index(hub_vault_of(session), email))


def add(session: Session, person: Person, password_hash: str, *, proven: bool) -> UUID:
    """
    A new account of a normalized person; StaleRead where another one took the address just now.

    `proven` says that whoever chose the password also reads the mail at the address, or that the hub's own
    operator vouches for it.
    """
    now = clock.now()
    account_id = new_id()
    sealed, key = persons.new(session, account_id, asdict(person))
    account = Account(
        id=account_id,
        email_index=email_index(hub_vault_of(session), person.email),
        sealed=sealed,
        password_hash=password_hash,
        created_at=now,
        proven_at=now if proven else None,
    )
    session.add(account)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint(error) == "uq_accounts_email_index":
            raise StaleRead from None
        raise
    session.add(key)
    session.flush()
    return account_id


def read(session: Session, account: Account) -> Person:
    """FORGOTTEN where the person was erased."""
    known = persons.read(session, account)
    return Person(**known) if known else FORGOTTEN


def rename(session: Session, account_id: UUID, name: str) -> None:
    account = query.account(session, account_id)
    person = Person(read(session, account).email, _name(name))
    persons.write(session, account, asdict(person))
    changes.record(session, "account", account_id, "changed", after={"name": None})


def prefer(session: Session, account_id: UUID, preferences: Mapping[str, Any]) -> None:
    """Change what is named; None takes a choice back."""
    account = query.account(session, account_id, lock=True)
    merged = {**account.preferences, **preferences}
    account.preferences = {name: value for name, value in merged.items() if value is not None}
    session.flush()
    changes.record(session, "account", account_id, "changed", after={"preferences": None})


def change_password(database: Database, actor: Actor, account_id: UUID, old: str, new: str) -> None:
    """
    Replace the password, and end what was signed in with the old one, in every organization.

    Refused where `old` is not the present password, which may be guessed no more often here than at the
    login. Opens its own transactions: hashing is slow.
    """
    with database.unit_of_work(None) as session:
        memberships = query.memberships(session, account_id)
    if not memberships:
        raise NotSignedIn.because("no_membership", "this account acts for no organization any more")
    here = memberships[0].organization_id
    with database.unit_of_work(here) as session:
        account = query.account(session, account_id)
        kept, email = account.password_hash, read(session, account).email
    one = Try.of(database.vault, email, actor.address)
    lockout.begin(database, one)
    if not passwords.proves(old, kept):
        lockout.failed(database, one)
        raise _wrong_password()
    lockout.succeeded(database, one)
    hashed = passwords.hashed(new)

    def work(session: Session) -> None:
        if query.account(session, account_id, lock=True).password_hash != kept:
            raise _wrong_password()  # it was changed at this moment
        renew_password(session, account_id, hashed)
        changes.record(session, "account", account_id, "changed", after={"password": None})

    database.transact(here, work, actor)


def renew_password(session: Session, account_id: UUID, password_hash: str) -> None:
    """And end every sign-in there is, in every organization, in this transaction."""
    query.account(session, account_id).password_hash = password_hash
    session.flush()
    ways_in.end_sign_ins(session, account_id, clock.now())


def prove(session: Session, account_id: UUID) -> None:
    """Whoever signs in from now on also reads the mail at the account's address."""
    account = query.account(session, account_id)
    account.proven_at = account.proven_at or clock.now()
    session.flush()


def require_proven(account: Account) -> None:
    """NotAllowed where whoever signs in need not be the one to whom the address belongs."""
    if account.proven_at is None:
        raise NotAllowed.because("unproven", "prove your address first: ask for a password reset")


def _wrong_password() -> HubError:
    return Refused.because("wrong_password", "this is not the present password", "current_password")


def _name(name: str) -> str:
    stripped = name.strip()
    if not 1 <= len(stripped) <= LONGEST_NAME:
        raise Refused.because("invalid_name", f"a name has 1 to {LONGEST_NAME} characters", "name")
    return stripped
