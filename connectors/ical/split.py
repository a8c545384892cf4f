"""
The components of a feed that is written as the standard asks, found all at once. Pure.

It gives up on whatever it cannot account for to the last BEGIN and END: content.py, which reads line by
line, then says what the feed holds. Both say the same of every feed.
"""

from __future__ import annotations

import re

from connectors.ical import limits
from connectors.ical.content import Content, Outline, TooComplex
from connectors.ical.lines import CONTROL, VOLATILE, lines

_BEGIN, _END = b"\nBEGIN:VEVENT\n", b"\nEND:VEVENT"

# Each stops at the next line's end, or at the next BEGIN or END: a feed is passed over once.
_SAID_ANEW = re.compile(rb"\n(?:" + b"|".join(sorted(VOLATILE)) + rb")[;:][^\n]*+")
_ALARM = re.compile(rb"\nBEGIN:VALARM(?:\n(?!(?i:BEGIN|END))[^\n]*+)*\nEND:VALARM(?=\n|\Z)")


def split(text: bytes) -> Content | None:
    """
    What an unfolded feed holds, or None if it takes a closer look. Events keep all their lines but those
    that are said anew each time. Raises NotACalendar as content.py does.
    """
    if not text.endswith(b"\n") or text.endswith(b"\n\n"):
        text = text.rstrip(b"\n") + b"\n"
    if not text.startswith(b"BEGIN:VCALENDAR\n") or len(text.translate(None, CONTROL)) < len(text):
        return None
    if text.count(b"\n") > limits.MOST_LINES:
        raise TooComplex(f"it has more than {limits.MOST_LINES} lines")
    capitals = text.upper()
    begun, ended = 1 + capitals.count(b"\nBEGIN"), capitals.count(b"\nEND")
    del capitals
    if begun > limits.MOST_COMPONENTS:
        raise TooComplex(f"it has more than {limits.MOST_COMPONENTS} components")

    head, *pieces = _SAID_ANEW.sub(b"", text).split(_BEGIN)
    outline = Outline()
    _take(outline, head)
    alarms = 0
    between = outline.between_events
    for piece in pieces:
        if not between:
            return None
        own, end, behind = piece.partition(_END + b"\n")
        if not end and not piece.endswith(_END):
            return None
        own = own if end else piece[: -len(_END)]
        if b"\nBEGIN:VALARM\n" in own:
            own, without = _ALARM.subn(b"", own)
            alarms += without
        outline.content.events.append(own)
        if behind:
            _take(outline, behind)
            between = outline.between_events
    known = len(pieces) + alarms
    if (begun, ended) != (outline.begun + known, outline.ended + known):
        return None
    return outline.finished()


def _take(outline: Outline, text: bytes) -> None:
    for line in lines(text):
        outline.take(line)
