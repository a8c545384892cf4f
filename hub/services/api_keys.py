"""Keys of machines: made and shown once, found by their hash, revoked for good."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.models.access import ApiKey
from hub.queries import api_keys as query
from hub.services import changes
from hub.vault import token_hash

PREFIX = "hub_"
SHOWN = len(PREFIX) + 8
"""How much of a key is kept readable, so that people can tell one from another"""
SCOPES = ("read", "bookings", "sync", "admin")

_LETTERS = string.ascii_letters + string.digits
_SECRET = 40
"""Letters and digits that are not shown again: 238 bits"""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is wanted; without `expires_at` it is good until it is revoked."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    row: ApiKey
    secret: str
    """The whole key, which nobody can read again"""


def hashed(key: str) -> bytes:
    """How a key is looked up; it is too random to need more."""
    return token_hash(key)


def create(session: Session, new: NewKey, created_by: UUID) -> Made:
    """A key of this organization, on the word of one of its members."""
    scopes = _scopes(new.scopes)
    name = new.name.strip()
    if not name:
        raise Refused.because("required", "a key needs a name, such as of the machine that has it", "name")
    now = clock.now()
    _in_future(new.expires_at, now)
    secret = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(SHOWN - len(PREFIX) + _SECRET))

    row = ApiKey(
        organization_id=organization_of(session),
        id=new_id(),
        name=name,
        prefix=secret[:SHOWN],
        key_hash=hashed(secret),
        scopes=scopes,
        created_by=created_by,
        created_at=now,
        expires_at=new.expires_at,
    )
    session.add(row)
    session.flush()
    changes.record(session, "api_key", row.id, "added", after=_snapshot(row))
    return Made(row, secret)


def change(
    session: Session,
    key_id: UUID,
    *,
    name: str | None = None,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> ApiKey:
    """What is not said stays as it is; a revoked key stays revoked."""
    row = query.one(session, key_id, lock=True)
    if row.revoked_at is not None:
        raise Conflict.because("revoked", "this key was revoked; make another")
    before = _snapshot(row)

    if name is not None:
        row.name = name
    if scopes is not None:
        row.scopes = _scopes(scopes)
    if expires_at is not None:
        _in_future(expires_at, clock.now())
        row.expires_at = expires_at
    session.flush()
    if (after := _snapshot(row)) != before:
        changes.record(session, "api_key", row.id, "changed", before=before, after=after)
    return row


def revoke(session: Session, key_id: UUID) -> ApiKey:
    """It counts at once where it is asked for, elsewhere within a minute. Twice does nothing."""
    row = query.one(session, key_id, lock=True)
    if row.revoked_at is None:
        before = _snapshot(row)
        row.revoked_at = clock.now()
        session.flush()
        changes.record(session, "api_key", row.id, "revoked", before=before, after=_snapshot(row))
    return row


def revoke_of(session: Session, member_id: UUID) -> None:
    """All that a member made: who may not make keys any more has seen these."""
    for key_id in query.made_by(session, member_id):
        revoke(session, key_id)


def _scopes(wanted: Iterable[str]) -> list[str]:
    chosen = set(wanted)
    if not chosen or not chosen <= set(SCOPES):
        raise Refused.because("invalid_scope", f"scopes are some of {', '.join(SCOPES)}", "scopes")
    return [scope for scope in SCOPES if scope in chosen]


def _in_future(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is None:
        return
    if expires_at.utcoffset() is None:
        raise Refused.because("no_offset", "say the instant with its offset from UTC", "expires_at")
    if expires_at <= now:
        raise Refused.because("past", "a key must expire later than now", "expires_at")


def _snapshot(row: ApiKey) -> dict[str, Any]:
    return {
        "name": row.name,
        "prefix": row.prefix,
        "scopes": list(row.scopes),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "active": row.revoked_at is None,
    }
