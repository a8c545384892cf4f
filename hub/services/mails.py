"""Messages to people: kept, sealed, until they are sent; `hub mail` shows them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of, vault_of
from hub.ids import new_id
from hub.models.privacy import Mail

_LINK = re.compile(r"(/(?:invitations|password-reset|register)/)[A-Za-z0-9_-]{16,}")


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str


def keep(
    session: Session,
    kind: str,
    to: str,
    subject: str,
    text: str,
    *,
    account_id: UUID | None = None,
    guest_id: UUID | None = None,
) -> UUID:
    """A message for who is named; `kind` is what it is about: invitation, password_reset, registration."""
    mail = Mail(
        organization_id=organization_of(session),
        id=new_id(),
        kind=kind,
        sealed=vault_of(session).seal(asdict(Letter(to, subject, text))),
        account_id=account_id,
        guest_id=guest_id,
        created_at=clock.now(),
    )
    session.add(mail)
    session.flush()
    return mail.id


def read(session: Session, mail: Mail) -> Letter:
    return Letter(**vault_of(session).open(mail.sealed))


def without_secrets(letter: Letter) -> Letter:
    """For whoever is signed in, who need not be who reads the mail: a link in it proves the address."""
    return replace(letter, text=_LINK.sub(r"\1...", letter.text))
