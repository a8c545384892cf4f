"""
A forgotten password: a link, kept as mail, that is good once, for an hour.

Who asks learns nothing: `ask` says nothing, and is done after the answer. Only the mail has the link, so
whoever uses it reads the mail at the account's address: from then on the account is proven, and every other
sign-in, anybody's, has ended.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import SYSTEM, Actor, Database, organization_of
from hub.errors import HubError, Refused
from hub.ids import new_id, new_token
from hub.models.access import PasswordReset
from hub.queries import accounts as query
from hub.queries import ways_in
from hub.services import accounts, changes, guests, lockout, mails, passwords
from hub.vault import token_hash

GOOD_FOR = timedelta(hours=1)


def ask(database: Database, email: str, base_url: str, asking: Actor = SYSTEM) -> None:
    """Nothing happens for an address that is nobody's, or of somebody who acts for no organization."""
    try:
        wanted = guests.email(email, "email")
    except Refused:
        return
    with database.unit_of_work(None) as session:
        known = accounts.find(session, wanted)
        memberships = query.memberships(session, known.account_id) if known else ()
    if known is None or known.disabled or not memberships:
        return
    with database.unit_of_work(memberships[0].organization_id, asking) as session:
        _send(session, known.account_id, base_url)


def confirm(database: Database, token: str, password: str, asking: Actor = SYSTEM) -> None:
    """
    Choose the new password; of two who do at once one wins.

    Refused in the same words for a token that is unknown, used or too old. Opens its own transactions:
    hashing is slow.
    """
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = ways_in.organization_of_token(session, "password_reset", hashed)
    if organization_id is None:
        raise _worthless()
    password_hash = passwords.hashed(password)

    def work(session: Session) -> str:
        now = clock.now()
        row = ways_in.reset_of(session, hashed)
        if row is None or row.used_at is not None or row.expires_at <= now:
            raise _worthless()
        account = query.account(session, row.account_id, lock=True)
        if account.disabled_at is not None:
            raise _worthless()
        row.used_at = now
        accounts.renew_password(session, account.id, password_hash)
        accounts.prove(session, account.id)
        changes.record(session, "account", account.id, "reset", after={"password": None})
        return accounts.read(session, account).email

    email = database.transact(organization_id, work, asking)
    lockout.unlock(database, email)


def _send(session: Session, account_id: UUID, base_url: str) -> None:
    token, now = new_token(), clock.now()
    account = query.account(session, account_id)
    person = accounts.read(session, account)
    session.add(
        PasswordReset(
            organization_id=organization_of(session),
            id=new_id(),
            account_id=account_id,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + GOOD_FOR,
        )
    )
    text = (
        f"Hello {person.name},\n\nsomebody, perhaps you, wants a new password for your account. This link is"
        f" good once, for an hour:\n\n{base_url}/password-reset/{token}\n\nIf it was not you, leave it alone:"
        " your password stays as it is.\n"
    )
    mails.keep(session, "password_reset", person.email, "A new password", text, account_id=account_id)
    changes.record(session, "account", account_id, "reset_asked")


def _worthless() -> HubError:
    return Refused.because("invalid_token", "this link is good no more; ask for a new one", "token")
