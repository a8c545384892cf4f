"""Plain texts for channels that read descriptions as HTML and count UTF-16 units. Pure."""

from __future__ import annotations

import html
from collections.abc import Mapping

_ENTITIES: Mapping[str, str] = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
"""The last one last: else what was written as letters would become a sign"""


def escaped(text: str) -> str:
    """HTML that shows just this text: nothing in it is a tag, a link or an entity."""
    return html.escape(text, quote=False)


def unescaped(said: str) -> str:
    """What was escaped; tags and all other entities stay as they are written."""
    for entity, sign in _ENTITIES.items():
        said = said.replace(entity, sign)
    return said


def units(text: str) -> int:
    """How long it is in UTF-16 units."""
    return len(text) + sum(1 for sign in text if ord(sign) > 0xFFFF)


def cut(text: str, most: int, *, as_html: bool = False) -> str:
    """As much of its beginning as has so many UTF-16 units, once it is escaped where it has to be."""
    longest = 5 if as_html else 2  # an ampersand; a sign of two units
    if len(text) * longest <= most:
        return text
    left = most
    for place, sign in enumerate(text):
        left -= units(escaped(sign) if as_html else sign)
        if left < 0:
            return text[:place]
    return text
