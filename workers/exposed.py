"""What `hub doctor` says of the secrets: which can be guessed, and which somebody else can read."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from hub.config import Settings

KEY_BYTES = 32
PASSWORD_LETTERS = 12
FEWEST_KINDS = 12
"""Of different characters in a key; one of 32 random bytes has twice as many, whatever it is written in"""

EXAMPLES = frozenset(
    {
        *("change-me", "changeme", "change me", "secret", "password", "default", "example", "admin", "test"),
        *("hub", "postgres", "guest", "letmein", "correct horse battery staple", "a password for benchmarks"),
        "0c4ada-0a340f-c51b52-c2e6f1",  # the README's
        "dGhpcyBrZXkgb3BlbnMgbm90aGluZyBidXQgdGVzdHM=",
        "a signing key that signs nothing but tests",
    }
)
"""What stands in documents and on lists: known to everybody"""

MAKE_KEY = "make another: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

Found = Iterator[tuple[str, str, str]]


def secrets(settings: Settings) -> Found:
    """(state, what was found, what to do about it)"""
    found = [*_weak(settings), *_readable(os.environ), *_reused(settings)]
    if settings.test_clock:
        found.append(("warning", "HUB_TEST_CLOCK is on: who asks can move the time", "unset it"))
    yield from found or [("ok", "none is an example, short or open to others", "")]


def _weak(settings: Settings) -> Found:
    for name, value in _said(settings).items():
        if why := (weak_key(value) if name in KEYS else weak_password(value)):
            yield "warning", f"{name} {why}", MAKE_KEY if name in KEYS else "choose another, by a generator"


KEYS = frozenset({"HUB_SECRET_KEY", "HUB_ENCRYPTION_KEYS", "HUB_BACKUP_KEY"})
"""Nobody types these; all others are passwords to somewhere"""


def _said(settings: Settings) -> dict[str, str]:
    """Every secret by the name of its setting; of several keys each by its place."""
    said = {}
    for field in Settings.model_fields:
        value = getattr(settings, field)
        if isinstance(value, SecretStr) and field != "sentry_dsn":
            said[f"HUB_{field.upper()}"] = value.get_secret_value()
        elif field.endswith("_url") and isinstance(value, str) and (password := _password(value)):
            said[f"HUB_{field.upper()}"] = password
    return {name: value for name, value in said.items() if value}


def _password(url: str) -> str | None:
    try:
        return make_url(url).password
    except (ArgumentError, ValueError):
        return None


def weak_key(value: str) -> str | None:
    """Why this key, or one of several, can be guessed; None where it cannot."""
    for key in (part.strip() for part in value.split(",")):
        if key.lower() in EXAMPLES or key in EXAMPLES:
            return "is an example that everybody knows"
        if len(key) < KEY_BYTES:
            return f"has {len(key)} characters; {KEY_BYTES} random ones are as many as it takes"
        if len(set(key)) < FEWEST_KINDS or _typed(key):
            return "was not made at random"
    return None


def _typed(key: str) -> bool:
    """Whether it is base64 of text: somebody's words, not random bytes."""
    try:
        decoded = base64.urlsafe_b64decode(key.encode())
    except (binascii.Error, ValueError):
        return " " in key.strip()
    return len(set(decoded)) < FEWEST_KINDS or all(32 <= one < 127 for one in decoded)


def weak_password(value: str) -> str | None:
    if value.lower() in EXAMPLES or value in EXAMPLES:
        return "is an example that everybody knows"
    if len(value) < PASSWORD_LETTERS or len(set(value)) < PASSWORD_LETTERS // 2:
        return f"is short: {PASSWORD_LETTERS} characters, of several kinds, are the least"
    return None


def _readable(environment: Mapping[str, str]) -> Found:
    """Files from which settings come, and who else can read or change them."""
    for name, path in sorted(environment.items()):
        if not (name.startswith("HUB_") and name.endswith("_FILE") and path):
            continue
        try:
            mode = Path(path).stat().st_mode
        except OSError:
            yield "failed", f"{name} names {path}, which cannot be read", "make it, or unset it"
            continue
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            yield "warning", f"{path} ({name}) is open to every user of this machine", f"chmod o-rwx {path}"
        elif mode & stat.S_IWGRP:
            yield "warning", f"{path} ({name}) can be changed by its group", f"chmod g-w {path}"


def _reused(settings: Settings) -> Found:
    seen: dict[str, str] = {}
    for name, value in _said(settings).items():
        first = seen.setdefault(value, name)
        both_urls = first.endswith("_URL") and name.endswith("_URL")
        if first != name and not both_urls:
            yield "warning", f"{name} is the same as {first}", "give each its own"
