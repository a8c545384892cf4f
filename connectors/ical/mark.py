"""What hubs write on what they say (X-CHANNEL-HUB-ORIGIN, X-CHANNEL-HUB-VIA), read. Pure."""

from __future__ import annotations

import re

from connectors.contract import Mark
from connectors.ical import limits
from connectors.ical.lines import unescaped

_LONGEST_VIA = 36 * limits.MOST_HOPS
_HOP = re.compile(r"[0-9a-f]{16}\.[0-9a-f]{16}")


def mark_of(origin: str, via: str) -> Mark | None:
    """From the values as they are written; None where no origin is told. What is no hop is left out."""
    origin = unescaped(origin[: 2 * limits.LONGEST_UID]).strip()
    if not origin or len(origin) > limits.LONGEST_UID:
        return None
    hops = [hop.strip() for hop in unescaped(via[:_LONGEST_VIA]).split(",")]
    return Mark(origin, tuple(hop for hop in hops if _HOP.fullmatch(hop))[: limits.MOST_HOPS])
