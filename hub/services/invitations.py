"""
Invitations: how people come to act for an organization.

The link is shown to who invites, so it proves nothing of the address (see `accounts.add`), and nobody with an
account joins by it without their present password. The answer does not tell whether there was an account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import SYSTEM, Actor, Database, actor_of, organization_of, vault_of
from hub.errors import Conflict, HubError, NotAllowed, Refused, TooManyTries
from hub.ids import new_id, new_token
from hub.models.access import Invitation
from hub.queries import accounts as query
from hub.queries import ways_in
from hub.services import accounts, changes, lockout, mails, organizations, passwords
from hub.services.accounts import Person
from hub.services.lockout import Try
from hub.vault import token_hash

GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """`link` is known at this moment alone: only its hash is kept, and the mail."""

    row: Invitation
    person: Person
    link: str


def invite(
    session: Session, person: Person, role: str, property_ids: Sequence[UUID], base_url: str
) -> Invited:
    """An earlier one to the same person is good no more."""
    actor = actor_of(session)
    if actor.kind != "member" or actor.id is None:
        raise NotAllowed.because("members_only", "only a member can invite")
    role = organizations.given_role(role)
    limited = organizations.limits(session, role, property_ids)
    person = accounts.normalized(person)
    known = accounts.find(session, person.email)
    member = query.member_of_account(session, known.account_id) if known else None
    if member and member.deactivated_at is None and member.role != "guest":
        raise Refused.because("already_a_member", "this person is a member already", "email")

    token, now = new_token(), clock.now()
    row = Invitation(
        organization_id=organization_of(session),
        id=new_id(),
        sealed=vault_of(session).seal({"email": person.email, "name": person.name}),
        email_index=vault_of(session).blind_index("invited", person.email, organization_of(session)),
        role=role,
        property_ids=[str(property_id) for property_id in limited],
        token_hash=token_hash(token),
        invited_by=actor.id,
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    session.add(row)
    session.flush()
    ways_in.revoke_others(session, row.email_index, row.id, now)
    link = f"{base_url}/invitations/{token}"
    name = query.organization(session).name
    mails.keep(session, "invitation", person.email, f"Join {name}", _letter(person, name, link))
    changes.record(session, "invitation", row.id, "created", after={"role": role})
    return Invited(row, person, link)


def revoke(session: Session, invitation_id: UUID) -> None:
    """A second time does nothing."""
    row = ways_in.invitation(session, invitation_id, lock=True)
    if row.accepted_at is not None:
        raise Conflict.because("accepted", "it was accepted already; deactivate the member instead")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        session.flush()
        changes.record(session, "invitation", row.id, "revoked", before={"role": row.role})


def accept(
    database: Database,
    token: str,
    name: str | None = None,
    password: str | None = None,
    asking: Actor = SYSTEM,
) -> None:
    """
    Join. A new account gets the password; without one, its owner asks for a reset.

    An account that exists joins by its present password alone: else nothing happens, and nothing says so.
    Refused in the same words for a token that is unknown, used, revoked or too old. Opens its own
    transactions: hashing is slow.
    """
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = ways_in.organization_of_token(session, "invitation", hashed)
    if organization_id is None:
        raise _worthless()
    if password is not None:
        passwords.check(password)
    with database.unit_of_work(organization_id) as session:
        row = _good(ways_in.invitation_seen(session, hashed))
        person = read(session, row)
        known = accounts.find(session, person.email)
    shown = _shown(database, person.email, known, password, asking)

    def work(session: Session) -> None:
        row = _good(ways_in.invitation_of(session, hashed))
        if shown is None or accounts.find(session, person.email) != known:
            return
        if known:
            account_id = known.account_id
        else:
            called = accounts.normalized(Person(person.email, name or person.name))
            account_id = accounts.add(session, called, shown, proven=False)
        row.accepted_at = clock.now()
        member = query.member_of_account(session, account_id)
        if member is None or member.deactivated_at is not None or member.role == "guest":
            property_ids = [UUID(property_id) for property_id in row.property_ids]
            organizations.join(
                session, account_id, row.role, property_ids, by="joined", from_guest=member is not None
            )
        changes.record(session, "invitation", row.id, "accepted", after={"role": row.role}, for_id=account_id)

    database.transact(organization_id, work, asking)


def _shown(
    database: Database, email: str, known: query.Known | None, password: str | None, asking: Actor
) -> str | None:
    """
    The hash with which to join: of the new account, or the present one that was proved; None if it was not.

    A password is counted as a try whether or not there is an account, and each way takes one hashing.
    """
    one = Try.of(database.vault, email, asking.address)
    heard = password is not None and _heard(database, one)
    if known is None:
        if password is not None:
            return passwords.hashed(password)
        passwords.proves("", None)
        return passwords.NOBODYS
    proved = passwords.proves(password or "", known.password_hash if heard else None)
    if proved and not known.disabled:
        lockout.succeeded(database, one)
        return known.password_hash
    if heard:
        lockout.failed(database, one)
    return None


def _heard(database: Database, one: Try) -> bool:
    try:
        lockout.begin(database, one)
    except TooManyTries:
        return False
    return True


def _good(row: Invitation | None) -> Invitation:
    """Refused where it is no longer so."""
    if row is None or row.accepted_at or row.revoked_at or row.expires_at <= clock.now():
        raise _worthless()
    return row


def read(session: Session, row: Invitation) -> Person:
    return Person(**vault_of(session).open(row.sealed))


def _worthless() -> HubError:
    return Refused.because("invalid_token", "this invitation is good no more; ask for a new one", "token")


def _letter(person: Person, organization: str, link: str) -> str:
    return (
        f"Hello {person.name},\n\n{organization} invites you to its Channel Hub. Open this link within"
        f" {GOOD_FOR.days} days:\n\n{link}\n\nIf you do not know {organization}, leave it alone.\n"
    )
