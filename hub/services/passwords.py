"""Passwords: what one must be, and how it is kept (argon2id) and proved."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from hub.errors import Refused

SHORTEST = 10
"""Characters"""
LONGEST = 1024
"""Bytes of UTF-8: enough for any sentence, too few to keep the hasher busy"""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane."""

NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$lzLXb9xnR3lWBYl826riTA$KV/KiZwsrBGFmEZC+JfqpcKLmEJt+HBFaaB9BljGH+M"
"""Of no password that anybody knows: an unknown account takes as long to refuse as a known one."""

_AT_ONCE = threading.BoundedSemaphore(4)
"""Each takes 19 MiB and a core for a while: a rush of logins waits here instead of starving the rest."""


def hashed(password: str, field: str = "password") -> str:
    """How a new password is kept; Refused, naming the field, where it is too short or too long."""
    check(password, field)
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def check(password: str, field: str = "password") -> None:
    """Refused where a new one must not be so; without any hashing."""
    if len(password) < SHORTEST:
        raise Refused.because("too_short", f"a password has at least {SHORTEST} characters", field)
    if _too_long(password):
        raise Refused.because("too_long", f"a password has at most {LONGEST} bytes", field)


def proves(password: str, kept: str | None) -> bool:
    """Whether this is the password; without a kept one it never is, and that takes as long to find out."""
    if _too_long(password):
        password, kept = "", None
    with _AT_ONCE:
        try:
            right = _HASHER.verify(kept or NOBODYS, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None


def outdated(kept: str) -> bool:
    """Whether it was hashed with other costs than today's."""
    return _HASHER.check_needs_rehash(kept)


def _normal(password: str) -> bytes:
    """One spelling for letters that keyboards compose differently (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _too_long(password: str) -> bool:
    return len(password) > LONGEST or len(password.encode("utf-8", "surrogatepass")) > LONGEST
