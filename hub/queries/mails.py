"""Reading kept mails, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.privacy import Mail


def newest(session: Session, limit: int) -> Sequence[Mail]:
    return session.scalars(select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)).all()


def one(session: Session, mail_id: UUID) -> Mail:
    found = session.get(Mail, (organization_of(session), mail_id))
    if found is None:
        raise NotFound.because("not_found", "there is no such mail")
    return found
