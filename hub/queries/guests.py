"""Reading guests, each with the key that opens it: many at once, for a page of bookings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from hub.errors import NotFound
from hub.models.bookings import Guest
from hub.models.privacy import GuestWord
from hub.vault import OF_PERSON


def by_id(session: Session, guest_ids: Collection[UUID]) -> Mapping[UUID, Guest]:
    if not guest_ids:
        return {}
    return {guest.id: guest for guest in session.scalars(select(Guest).where(Guest.id.in_(guest_ids)))}


def locked(session: Session, guest_id: UUID) -> Guest:
    """The guest as they are now; nobody else changes them until the transaction ends."""
    statement = select(Guest).where(Guest.id == guest_id).with_for_update(key_share=True, of=Guest)
    guest = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if guest is None:
        raise NotFound.because("not_found", "there is no such guest")
    return guest


def one(session: Session, guest_id: UUID) -> Guest:
    guest = session.scalars(select(Guest).where(Guest.id == guest_id)).one_or_none()
    if guest is None:
        raise NotFound.because("not_found", "there is no such guest")
    return guest


def forget_words(session: Session, guest_id: UUID) -> None:
    """By which the name is found."""
    session.execute(delete(GuestWord).where(GuestWord.guest_id == guest_id))


def without_key(session: Session, most: int) -> Sequence[Guest]:
    """Written before guests had keys of their own; locked."""
    statement = select(Guest).where(*_WITHOUT_KEY).order_by(Guest.id).limit(most)
    return session.scalars(statement.with_for_update(key_share=True, of=Guest)).all()


def count_without_key(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Guest).where(*_WITHOUT_KEY)) or 0


_WITHOUT_KEY: tuple[ColumnElement[bool], ...] = (
    func.length(Guest.sealed) > 0,
    func.get_byte(Guest.sealed, 0) != OF_PERSON[0],
)
