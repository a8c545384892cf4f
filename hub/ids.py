"""New identifiers: UUIDv7, made here because PostgreSQL 15 cannot."""

from __future__ import annotations

import secrets
from uuid import UUID

import uuid_utils.compat

_REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0/O, 1/I/L and U: a guest reads it out on the phone."""


def new_id() -> UUID:
    """A UUIDv7: sorts by the time it was made."""
    return uuid_utils.compat.uuid7()


def new_reference() -> str:
    """What a guest quotes: eight characters, 39 bits, no look-alikes."""
    return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(8))


def new_token() -> str:
    """A bearer secret of 256 bits, safe in an address."""
    return secrets.token_urlsafe(32)


FIRST_ID = UUID(int=0)
"""Before every other"""
