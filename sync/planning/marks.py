"""
What hubs write on what they say: where it began and whose feeds it went through. PURE.

A hop is 16 hex digits of a feed, a dot, and 16 that only its hub can make for this origin: a mark that
somebody copied onto another event proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from connectors.contract import Mark
from hub.domain.periods import Nights, Span

MOST_HOPS = 32
"""What went further is said all the same, but its way grows no longer"""

Sign: TypeAlias = Callable[[str], str]
"""From an origin to the hop of one of our feeds"""

_HOP = re.compile(r"[0-9a-f]{16}\.[0-9a-f]{16}")
_PIECE = re.compile(r"\.[0-9]{8}(T[0-9]{6}Z)?(?=@|$)")


def short(digest: bytes) -> str:
    """As much of it as a hop has room for."""
    return digest[:8].hex()


def hop(ref: str, seal: str) -> str:
    return f"{ref}.{seal}"


def is_hop(text: str) -> bool:
    return _HOP.fullmatch(text) is not None


def ref_of(hop: str) -> str:
    """Whose feed it was."""
    return hop.partition(".")[0]


def signed(mark: Mark | None, uid: str, sign: Sign) -> Mark:
    """As our feed says it: what came with a mark keeps its origin, all else begins here under its `uid`."""
    if mark is None:
        return Mark(uid, (sign(uid),))
    if len(mark.via) >= MOST_HOPS:
        return mark
    return Mark(mark.origin, (*mark.via, sign(mark.origin)))


def of_piece(uid: str, span: Span) -> str:
    """The name of a later piece of what has this UID, the same as long as the piece begins where it did."""
    begins = f"{span.arrival:%Y%m%d}" if isinstance(span, Nights) else f"{span.starts_at:%Y%m%dT%H%M%SZ}"
    local, at, domain = uid.partition("@")
    return f"{local}.{begins}{at}{domain}"


def whole(uid: str) -> str:
    """The UID of which this one names the whole, or a later piece."""
    return _PIECE.sub("", uid)


def to_json(mark: Mark | None) -> dict[str, Any] | None:
    return None if mark is None else {"origin": mark.origin, "via": list(mark.via)}


def from_json(value: Mapping[str, Any] | None) -> Mark | None:
    """What `to_json` wrote."""
    return None if value is None else Mark(value["origin"], tuple(value["via"]))
