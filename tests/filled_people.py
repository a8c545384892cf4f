"""Rows of everything that people and machines leave behind, for `a_full_organization`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.ids import new_id
from hub.models.access import ApiKey, Invitation, MemberProperty, PasswordReset, Registration
from hub.models.base import Base
from hub.models.organizations import Member
from hub.models.privacy import Consent, Erasure, GuestWord, Mail
from hub.queries import attempts, identities


def people(admin: Member, guest_id: UUID, property_id: UUID) -> list[Base]:
    """Those that nothing else has made for this organization by now."""
    return [*_ways_in(admin, property_id), *_of_persons(admin, guest_id)]


def nobodys(session: Session, admin: Member) -> None:
    """Of no organization: written by functions alone."""
    attempts.locked(session, new_id().bytes, clock.now())
    identities.link(session, admin.account_id, "google", new_id().bytes)


def _ways_in(admin: Member, property_id: UUID) -> list[Base]:
    here, now = admin.organization_id, clock.now()
    until = now + timedelta(days=1)
    return [
        MemberProperty(organization_id=here, member_id=admin.id, property_id=property_id),
        Invitation(
            organization_id=here,
            sealed=b"sealed",
            email_index=b"index",
            role="staff",
            token_hash=new_id().bytes,
            invited_by=admin.id,
            created_at=now,
            expires_at=until,
        ),
        Registration(
            organization_id=here,
            sealed=b"sealed",
            password_hash="hash",
            token_hash=new_id().bytes,
            created_at=now,
            expires_at=until,
        ),
        PasswordReset(
            organization_id=here,
            account_id=admin.account_id,
            token_hash=new_id().bytes,
            created_at=now,
            expires_at=until,
        ),
        ApiKey(
            organization_id=here,
            name="A machine",
            prefix=new_id().hex,
            key_hash=new_id().bytes,
            scopes=["read"],
            created_by=admin.id,
            created_at=now,
        ),
    ]


def _of_persons(admin: Member, guest_id: UUID) -> list[Base]:
    here, now = admin.organization_id, clock.now()
    return [
        GuestWord(organization_id=here, guest_id=guest_id, word=new_id().bytes),
        Consent(organization_id=here, guest_id=guest_id, purpose="news", text_version="1", given_at=now),
        Mail(organization_id=here, kind="invitation", sealed=b"sealed", created_at=now),
        Erasure(organization_id=here, guest_id=new_id(), at=now),
    ]
