"""
Signing in with an account at another service, which vouches for an address.

It gives nobody a right: whoever has no account here stays a stranger.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import SYSTEM, Actor, Database
from hub.errors import HubError, NotSignedIn, Refused
from hub.queries import accounts as query
from hub.queries import identities
from hub.services import accounts, changes, guests, passwords, sign_in
from hub.services.sign_in import SignedIn


def enter(
    database: Database,
    provider: str,
    subject: str,
    email: str,
    organization_id: UUID | None = None,
    asking: Actor = SYSTEM,
) -> SignedIn:
    """
    By the service's own name for the person; the first time by an address that the service has verified.

    NotSignedIn for whoever is no member of anything here.
    """
    index = database.vault.blind_index(f"identity at {provider}", subject)
    with database.unit_of_work(None) as session:
        linked = identities.account(session, index)
    account_id = linked.account_id if linked else _link(database, provider, index, email, asking)
    return sign_in.enter(database, account_id, organization_id, provider, asking)


def _link(database: Database, provider: str, index: bytes, email: str, asking: Actor) -> UUID:
    try:
        wanted = guests.email(email, "email")
    except Refused:
        raise _stranger() from None
    with database.unit_of_work(None) as session:
        known = accounts.find(session, wanted)
        memberships = query.memberships(session, known.account_id) if known else ()
    if known is None or known.disabled or not memberships:
        raise _stranger()

    def work(session: Session) -> None:
        if query.account(session, known.account_id, lock=True).proven_at is None:
            # Whoever chose its password need not be the one to whom the address belongs.
            accounts.renew_password(session, known.account_id, passwords.NOBODYS)
            accounts.prove(session, known.account_id)
        identities.link(session, known.account_id, provider, index)
        changes.record(session, "account", known.account_id, "linked", after={"to": provider})

    database.transact(memberships[0].organization_id, work, asking)
    return known.account_id


def _stranger() -> HubError:
    return NotSignedIn.because("no_membership", "nobody here knows you; ask an admin to invite you")
