"""From the bytes of a feed to its logical lines, and what one line says (RFC 5545, 3.1). Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# What no text may hold (RFC 5545, 3.1), NUL among them, which no database takes either.
CONTROL = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])

# Said anew with every fetch, and of no meaning here.
VOLATILE = frozenset({b"DTSTAMP", b"CREATED", b"LAST-MODIFIED"})

# Every quantifier is possessive or has one way to match: no line, however long, is read twice.
_NAME = re.compile(rb"[A-Za-z0-9-]++")
_HEAD = re.compile(rb'[^":]*+(?:"[^"]*+"[^":]*+)*+:')
_LINE = re.compile(rb"[^\n]++")
_ESCAPED = re.compile(r"\\([\\,;:nN])")


def unfolded(body: bytes) -> bytes:
    """Every logical line in one piece, LF between them. A fold may fall within one character."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = body.decode("utf-16", "replace").encode()
    elif body[:2] in (b"B\0", b"\0B"):
        body = body.decode("utf-16-le" if body[1] == 0 else "utf-16-be", "replace").encode()
    body = body.removeprefix(codecs.BOM_UTF8)
    if b"\r" in (text := body.replace(b"\r\n", b"\n")):
        # Ended by one system and again by another, which leaves CR behind; or by one that knows no LF.
        text = text.replace(b"\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.replace(b"\n\t", b"\n ").replace(b"\n ", b"")


def lines(text: bytes) -> Iterator[bytes]:
    """Those that say anything, without what no text may hold, one at a time."""
    for found in _LINE.finditer(text):
        line = found[0].translate(None, CONTROL)
        if line.strip():
            yield line


def name_of(line: bytes) -> bytes:
    """The property's name in capitals; empty where the line begins with none."""
    found = _NAME.match(line)
    return found[0].upper() if found else b""


def value_of(line: bytes) -> bytes:
    """What follows the first colon that is in no quoted parameter."""
    found = _HEAD.match(line)
    return line[found.end() :] if found else b""


def decoded(line: bytes) -> str:
    """UTF-8, else what Windows wrote before."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def unescaped(value: str) -> str:
    """A TEXT value as it was meant (RFC 5545, 3.3.11)."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def text_of(line: bytes) -> str:
    """The TEXT value of a line, without the space around it."""
    return unescaped(decoded(value_of(line))).strip()
