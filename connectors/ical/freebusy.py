"""Free/busy times (VFREEBUSY; RFC 5545, 3.6.4): each busy period as the lines of an event. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from connectors.ical import limits
from connectors.ical.lines import name_of, value_of

_PERIOD = re.compile(rb"[^,]++")
KEPT = frozenset({b"UID", b"FREEBUSY"})


def periods(kept: list[bytes]) -> list[bytes]:
    """
    One event for each period of a VFREEBUSY that is not said to be free. DTSTART and DTEND of the component
    only tell what it speaks of, and are no period.
    """
    uid = next((value_of(line).strip() for line in kept if name_of(line) == b"UID"), b"")
    events = (
        b"\n".join(_event(uid or b"free-busy", head, period))
        for line in kept
        if name_of(line) == b"FREEBUSY" and not _free(head := line[: len(line) - len(value_of(line))])
        for found in _PERIOD.finditer(value_of(line))
        if (period := found[0].strip())
    )
    return list(islice(events, limits.MOST_EVENTS + 1))


def _event(uid: bytes, head: bytes, period: bytes) -> Iterator[bytes]:
    """Named by when it begins, for it has no other name."""
    start, _, end = period.partition(b"/")
    zone = next((part for part in head.rstrip(b":").split(b";") if part.upper().startswith(b"TZID=")), b"")
    parameters = b";" + zone if zone else b""
    yield b"UID:" + uid + b"/" + start
    yield b"DTSTART" + parameters + b":" + start
    if b"P" in end[:2].upper():
        yield b"DURATION:" + end
    elif end:
        yield b"DTEND" + parameters + b":" + end


def _free(head: bytes) -> bool:
    parameters = head.replace(b'"', b"").rstrip(b":").upper().split(b";")
    return any(part.strip() == b"FBTYPE=FREE" for part in parameters)
