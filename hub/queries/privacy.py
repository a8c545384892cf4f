"""What there is about one person, and taking it away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, text, tuple_, update
from sqlalchemy.orm import Session

from hub.domain.lifecycle import LIFECYCLE
from hub.errors import NotFound
from hub.models.access import Invitation, Registration
from hub.models.bookings import Booking, Guest
from hub.models.keys import GuestKey
from hub.models.privacy import Consent, Erasure, GuestWord, Mail
from hub.models.records import Change, IdempotencyKey

_ORGANIZATIONS = text("SELECT organization_id FROM organizations_of_account(:account_id)")
_FORGET_ACCOUNT = text("SELECT forget_account(:account_id, :nobody, :now)")
_EVERY = text("SELECT all_organizations()")
_PROVIDERS = text("SELECT provider FROM identities_of_account(:account_id)")

Addressed = type[Mail] | type[Registration] | type[Invitation] | type[IdempotencyKey]

ADDRESSED: tuple[Addressed, ...] = (Mail, Registration, Invitation, IdempotencyKey)
"""What is sealed with an address in it"""

TAKING = tuple(status for status, stage in LIFECYCLE.items() if stage.allocates)


def same_person(session: Session, guest: Guest) -> tuple[UUID, ...]:
    """This guest, and every other one with the same e-mail address: each booking has a guest of its own."""
    alike: list[ColumnElement[bool]] = [Guest.id == guest.id]
    if guest.email_index is not None:
        alike.append(Guest.email_index == guest.email_index)
    return tuple(session.scalars(select(Guest.id).where(or_(*alike)).order_by(Guest.id)))


def guests_of_email(session: Session, email_index: bytes) -> tuple[UUID, ...]:
    return tuple(session.scalars(select(Guest.id).where(Guest.email_index == email_index).order_by(Guest.id)))


def bookings(session: Session, guest_ids: Collection[UUID]) -> Sequence[Booking]:
    statement = select(Booking).where(Booking.guest_id.in_(guest_ids))
    return session.scalars(statement.order_by(Booking.starts_at, Booking.id)).all()


def not_over(session: Session, guest_ids: Collection[UUID], now: datetime) -> Booking | None:
    """A stay that somebody waits for, or that goes on."""
    statement = select(Booking).where(
        Booking.guest_id.in_(guest_ids), Booking.ends_at > now, Booking.status.in_(TAKING)
    )
    return session.scalars(statement.order_by(Booking.ends_at).limit(1)).first()


def consents(
    session: Session, *, guest_ids: Collection[UUID] = (), account_id: UUID | None = None
) -> Sequence[Consent]:
    whose = Consent.account_id == account_id if account_id else Consent.guest_id.in_(guest_ids)
    return session.scalars(select(Consent).where(whose).order_by(Consent.given_at, Consent.id)).all()


def consent(session: Session, consent_id: UUID) -> Consent:
    statement = select(Consent).where(Consent.id == consent_id)
    found = session.scalars(statement.with_for_update(key_share=True)).one_or_none()
    if found is None:
        raise NotFound.because("not_found", "there is no such consent")
    return found


def mails(
    session: Session, *, guest_ids: Collection[UUID] = (), account_id: UUID | None = None
) -> Sequence[Mail]:
    whose = Mail.account_id == account_id if account_id else Mail.guest_id.in_(guest_ids)
    return session.scalars(select(Mail).where(whose).order_by(Mail.created_at, Mail.id)).all()


def changes(session: Session, ids: Collection[UUID], *, by: UUID | None = None) -> Sequence[Change]:
    """That were for one of these, or of one of these; or that this member made."""
    about: list[ColumnElement[bool]] = [Change.for_id.in_(ids), Change.entity_id.in_(ids)]
    if by is not None:
        about.append(Change.actor_id == by)
    return session.scalars(select(Change).where(or_(*about)).order_by(Change.at, Change.id)).all()


def erased(session: Session, guest_id: UUID) -> Erasure | None:
    return session.scalars(select(Erasure).where(Erasure.guest_id == guest_id).limit(1)).first()


def erased_account(session: Session, account_id: UUID) -> Erasure | None:
    return session.scalars(select(Erasure).where(Erasure.account_id == account_id).limit(1)).first()


def erasures(session: Session, limit: int, after: tuple[datetime, UUID] | None) -> tuple[Erasure, ...]:
    """The newest first; `after` is the (at, id) of the last one already seen."""
    statement = select(Erasure).order_by(Erasure.at.desc(), Erasure.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(Erasure.at, Erasure.id) < after)
    return tuple(session.scalars(statement))


def every_erasure(session: Session) -> Sequence[Erasure]:
    return session.scalars(select(Erasure).order_by(Erasure.at, Erasure.id)).all()


def forget_guest(session: Session, guest_id: UUID) -> None:
    """The key, the ways to find them, and what was written to them and about them."""
    of_them = select(Booking.id).where(Booking.guest_id == guest_id)
    addresses = [f"/api/v1/bookings/{booking_id}" for booking_id in session.scalars(of_them)]
    session.execute(delete(GuestKey).where(GuestKey.id == guest_id))
    session.execute(delete(GuestWord).where(GuestWord.guest_id == guest_id))
    session.execute(delete(Mail).where(Mail.guest_id == guest_id))
    session.execute(
        update(Guest)
        .where(Guest.id == guest_id)
        .values(sealed=b"", email_index=None, phone_index=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Booking)
        .where(Booking.guest_id == guest_id)
        .values(cancel_reason_sealed=None, updated_at=Booking.updated_at)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.headers["location"].astext.in_(addresses)))
    session.expire_all()


def organizations_of_account(session: Session, account_id: UUID) -> tuple[UUID, ...]:
    """Also those for which the account acts no more; works without an organization."""
    return tuple(session.scalars(_ORGANIZATIONS, {"account_id": account_id}))


def providers(session: Session, account_id: UUID) -> tuple[str, ...]:
    """With which other services the person signs in; works without an organization."""
    return tuple(session.scalars(_PROVIDERS, {"account_id": account_id}))


def forget_account(session: Session, account_id: UUID, nobody: bytes, now: datetime) -> None:
    """In every organization; `nobody` is an index by which no address finds the row."""
    session.execute(_FORGET_ACCOUNT, {"account_id": account_id, "nobody": nobody, "now": now})


def forget_what_was_written(session: Session, account_id: UUID, email_index: bytes | None) -> None:
    """To the person of an account, in this organization."""
    session.execute(delete(Mail).where(Mail.account_id == account_id))
    if email_index is not None:
        session.execute(delete(Invitation).where(Invitation.email_index == email_index))


def all_organizations(session: Session) -> tuple[UUID, ...]:
    """Works without an organization."""
    return tuple(session.scalars(_EVERY))


def addressed(session: Session, kind: Addressed) -> list[tuple[UUID, bytes]]:
    """(id, sealed) of all that this organization has."""
    sealed = kind.body if issubclass(kind, IdempotencyKey) else kind.sealed
    rows = session.execute(select(kind.id, sealed).order_by(kind.id)).all()
    return [(row_id, bytes(value)) for row_id, value in rows]


def remove_addressed(session: Session, kind: Addressed, ids: Collection[UUID]) -> None:
    if ids:
        session.execute(delete(kind).where(kind.id.in_(ids)))
