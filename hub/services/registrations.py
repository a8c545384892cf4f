"""
Guests who register themselves: an address is proven by a link that only its mail has, and the password with
which they registered, which only they know. So nobody gets anything from registering somebody else's address.

Who registers learns nothing of who is registered: it is the same work, whatever there is, until the link is
opened.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from hub import clock
from hub.database import SYSTEM, Actor, Database, vault_of
from hub.errors import HubError, NotFound, Refused
from hub.ids import new_id, new_token
from hub.models.access import Registration
from hub.queries import accounts as query
from hub.queries import ways_in
from hub.services import accounts, changes, consents, lockout, mails, organizations, passwords
from hub.services.accounts import Person
from hub.services.lockout import Try
from hub.vault import token_hash

GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Agreed:
    """To what a person agreed, by the version of the text that they were shown."""

    purpose: str
    text_version: str


def register(
    database: Database,
    slug: str,
    person: Person,
    password: str,
    agreed: Agreed,
    base_url: str,
    asking: Actor = SYSTEM,
) -> None:
    """
    With the organization whose property has the slug in public addresses; NotFound where there is none.

    Opens its own transactions: hashing is slow.
    """
    person = accounts.normalized(person)
    with database.unit_of_work(None) as session:
        organization_id = ways_in.organization_of_property(session, slug)
    if organization_id is None:
        raise NotFound.because("not_found", "there is no such property", "property_slug")
    password_hash = passwords.hashed(password)

    with database.unit_of_work(organization_id, asking) as session:
        token, now = new_token(), clock.now()
        row = Registration(
            organization_id=organization_id,
            id=new_id(),
            sealed=vault_of(session).seal({**asdict(person), **asdict(agreed)}),
            password_hash=password_hash,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + GOOD_FOR,
        )
        session.add(row)
        session.flush()
        link = f"{base_url}/register/{token}"
        mails.keep(session, "registration", person.email, "Confirm your address", _letter(person, link))
        changes.record(session, "registration", row.id, "created")


def confirm(database: Database, token: str, password: str, asking: Actor = SYSTEM) -> None:
    """
    The address is proven: there is an account now, and it is a guest of the organization.

    Only with the password of the registration: who reads the mail need not be who registered. Whoever had an
    account keeps its password and name; whoever was a member stays what they were. Refused in the same words
    for a token that is unknown, used or too old.
    """
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = ways_in.organization_of_token(session, "registration", hashed)
    if organization_id is None:
        raise _worthless()
    with database.unit_of_work(organization_id) as session:
        row = _good(ways_in.registration_seen(session, hashed))
        said, kept = vault_of(session).open(row.sealed), row.password_hash
    person = Person(said["email"], said["name"])
    _prove(database, Try.of(database.vault, person.email, asking.address), password, kept)

    def work(session: Session) -> None:
        row = _good(ways_in.registration_of(session, hashed))
        if known := accounts.find(session, person.email):
            account_id = known.account_id
        else:
            account_id = accounts.add(session, person, row.password_hash, proven=True)
        row.used_at = clock.now()
        if query.member_of_account(session, account_id) is None:
            organizations.join(session, account_id, "guest", by="registered")
        consents.of_account(session, account_id, said["purpose"], said["text_version"], row.created_at)

    database.transact(organization_id, work, asking)


def _prove(database: Database, one: Try, password: str, kept: str) -> None:
    """Refused where it is another one, which is guessed no more often here than at the login."""
    lockout.begin(database, one)
    if not passwords.proves(password, kept):
        lockout.failed(database, one)
        raise Refused.because(
            "wrong_password", "this is not the password with which you registered", "password"
        )
    lockout.succeeded(database, one)


def _good(row: Registration | None) -> Registration:
    """Refused where it is no longer so."""
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        raise _worthless()
    return row


def _worthless() -> HubError:
    return Refused.because("invalid_token", "this link is good no more; register again", "token")


def _letter(person: Person, link: str) -> str:
    return (
        f"Hello {person.name},\n\nsomebody, perhaps you, registered with this address. Open this link within"
        f" a day, and repeat the password that you chose:\n\n{link}\n\nIf"
        " it was not you, leave it alone: nothing happens then.\n"
    )
