"""
Failed tries to sign in: of the whole hub, by keyed hashes, whether or not there is such an account.

They are in the database and nowhere else, so that they hold whatever becomes of Redis.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.domain.lockout import Tries

_OF = text("SELECT failures, last_at, locked_until FROM sign_in_attempts_of(:key)")
_LOCK = text("SELECT failures, last_at, locked_until FROM lock_sign_in_attempts(:key, :now)")
_NOTE = text("SELECT note_sign_in_attempts(:key, :failures, :last_at, :locked_until)")
_FORGET = text("SELECT forget_sign_in_attempts(:key)")
_SWEEP = text("SELECT sweep_sign_in_attempts(:before)")


def of(session: Session, key: bytes) -> Tries | None:
    row = session.execute(_OF, {"key": key}).one_or_none()
    return Tries(*row) if row else None


def locked(session: Session, key: bytes, now: datetime) -> Tries:
    """As they are now; nobody else counts under this key until the transaction ends."""
    return Tries(*session.execute(_LOCK, {"key": key, "now": now}).one())


def note(session: Session, key: bytes, tries: Tries) -> None:
    """Keep what was made of `locked`."""
    said = {"failures": tries.failures, "last_at": tries.last_at, "locked_until": tries.locked_until}
    session.execute(_NOTE, {"key": key, **said})


def forget(session: Session, key: bytes) -> None:
    """And whatever has a key that begins with this one."""
    session.execute(_FORGET, {"key": key})


def sweep(session: Session, before: datetime) -> None:
    """Some of those since whose last try nothing happened."""
    session.execute(_SWEEP, {"before": before})
