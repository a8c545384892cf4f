"""Accounts at other services with which people sign in: across all organizations, by keyed hash."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.ids import new_id


@dataclass(frozen=True, slots=True)
class Linked:
    account_id: UUID
    disabled: bool


_ACCOUNT = text("SELECT account_id, disabled FROM account_of_identity(:index)")
_LINK = text("SELECT link_identity(:id, :account_id, :provider, :index, :now)")


def account(session: Session, subject_index: bytes) -> Linked | None:
    row = session.execute(_ACCOUNT, {"index": subject_index}).one_or_none()
    return Linked(*row) if row else None


def link(session: Session, account_id: UUID, provider: str, subject_index: bytes) -> None:
    """From now on; where the identity is linked already, it stays with whom it is."""
    said = {"account_id": account_id, "provider": provider, "index": subject_index, "now": clock.now()}
    session.execute(_LINK, {"id": new_id(), **said})
