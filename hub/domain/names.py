"""Names as they are looked for. PURE."""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS = 30
_WORD = re.compile(r"\w+")


def words(name: str) -> tuple[str, ...]:
    """The words of a name, each once, in the one form in which all ways of writing it are equal."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return tuple(dict.fromkeys(_WORD.findall(folded)))[:MOST_WORDS]
