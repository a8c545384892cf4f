"""What must not stand in a log: taken out of any text, whoever wrote it there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Replacement = str | Callable[[re.Match[str]], str]

_NAMED = (
    "password|passwd|passphrase|secret|authorization|api[_-]?key|x-api-key|access_token|refresh_token|token|"
    "client_secret|code_verifier|email|e-mail|phone|guest_name|full_name|first_name|last_name"
)

_IN_MAIL = r"[\w.!#$%&'*+/=?^`{|}~-]"

LONGEST = 16_000
"""Characters of one text that are kept: what is longer was written by no program of ours"""

RULES: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    # PostgreSQL shows rows and keys in the detail of an error.
    (re.compile(r"(?m)^(\s*(?:DETAIL|CONTEXT|HINT):).*$"), r"\1 [hidden]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{6,}"), r"\1 [token]"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\bhub_[A-Za-z0-9]{16,}"), "[key]"),
    (re.compile(r"\bgAAAA[\w=-]{20,}"), "[sealed]"),
    (re.compile(r"/feeds/[^\s\"'<>?#]+"), "/feeds/[token]"),
    (re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}://)[^/\s@\"']+@", re.IGNORECASE), r"\1[secret]@"),
    # The address of a calendar is as good as a password: its host is enough to know which it is.
    (re.compile(r"\b((?:https?|webcal)://[^/\s\"'<>?#]+)[/?#][^\s\"'<>]*", re.IGNORECASE), r"\1/[address]"),
    (
        re.compile(
            rf"(?i)([\"']?\b(?:{_NAMED})[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|\[[\w-]+\]|[^\s,;&)}}\]]+)"
        ),
        r"\1[hidden]",
    ),
    (re.compile(rf"(?<!{_IN_MAIL}){_IN_MAIL}{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}"), "[e-mail]"),
    (re.compile(r"(?<![\w.:-])(?:\+|00)\d(?:[\s().-]{0,2}\d){6,14}(?!\w)"), "[phone]"),
    (re.compile(r"(?<![\w.:-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{3,4}(?![\w-])"), "[phone]"),
)
"""In this order: what is written in place of what is found"""


def redacted(text: str) -> str:
    """The text without tokens, addresses of feeds and calendars, passwords, e-mail and phone numbers."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} [and {len(text) - LONGEST} characters more]"
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def redacted_within(value: Any) -> Any:
    """The same of every text in a JSON value; what its key names as secret goes whole."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: _by_name(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_within(inner) for inner in value]
    return value


_SECRET_NAME = re.compile(rf"(?i)(?:.*[_-])?(?:{_NAMED}|cookie|cookies|set-cookie)$")


def _by_name(key: str, value: Any) -> Any:
    if value is not None and _SECRET_NAME.match(key):
        return "[hidden]"
    return redacted_within(value)
