"""What people agreed to: for what, when, and to which version of the text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.ids import new_id
from hub.models.privacy import Consent
from hub.queries import guests as guests_query
from hub.queries import privacy as query
from hub.services import changes


def of_guest(session: Session, guest_id: UUID, purpose: str, text_version: str) -> Consent:
    """The guest agrees; to the same text a second time changes nothing."""
    guests_query.one(session, guest_id)
    standing = query.consents(session, guest_ids=[guest_id])
    return _given(session, standing, purpose, text_version, guest_id=guest_id)


def of_account(
    session: Session, account_id: UUID, purpose: str, text_version: str, at: datetime | None = None
) -> Consent:
    """The same of somebody who signs in; `at` is when they said so, if that was not just now."""
    standing = query.consents(session, account_id=account_id)
    return _given(session, standing, purpose, text_version, at, account_id=account_id)


def withdraw(session: Session, consent_id: UUID) -> Consent:
    """From now on it does not count; that it was given stays known. A second time does nothing."""
    consent = query.consent(session, consent_id)
    if consent.withdrawn_at is None:
        consent.withdrawn_at = clock.now()
        session.flush()
        _record(session, consent, "withdrawn")
    return consent


def _given(
    session: Session,
    standing: Iterable[Consent],
    purpose: str,
    text_version: str,
    at: datetime | None = None,
    **whose: UUID,
) -> Consent:
    for one in standing:
        if (one.purpose, one.text_version, one.withdrawn_at) == (purpose, text_version, None):
            return one
    consent = Consent(
        organization_id=organization_of(session),
        id=new_id(),
        purpose=purpose,
        text_version=text_version,
        given_at=at or clock.now(),
        **whose,
    )
    session.add(consent)
    session.flush()
    _record(session, consent, "given")
    return consent


def _record(session: Session, consent: Consent, action: str) -> None:
    said = {"purpose": consent.purpose, "text_version": consent.text_version}
    for_id = consent.guest_id or consent.account_id
    changes.record(session, "consent", consent.id, action, after=said, for_id=for_id)
