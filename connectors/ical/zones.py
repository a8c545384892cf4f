"""Time zones that a feed defines itself (VTIMEZONE), made known to icalendar while it is read. Pure."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

from icalendar import Timezone
from icalendar.timezone import tzp

from connectors.ical import limits
from connectors.ical.lines import decoded, lines, name_of, value_of
from connectors.ical.plain import known_zones

LOCK = threading.Lock()
"""icalendar keeps such zones in one registry: emptied for each feed, so that none reads another's"""


class Zones:
    """
    Those of one feed that are not known by their name anyway. The reading of the feed holds LOCK.
    """

    def __init__(self, time_zones: Sequence[bytes]) -> None:
        self._unknown = [zone for zone in time_zones if not _is_known(zone)]
        self._made = False
        self.unreadable = 0

    def __bool__(self) -> bool:
        return bool(self._unknown)

    @property
    def digest(self) -> bytes:
        """What the moments of an event depend on besides its own lines."""
        return hashlib.sha256(b"\n\n".join(self._unknown)).digest()

    def make_known(self) -> None:
        """Before icalendar reads an event of the feed."""
        if self._made:
            return
        self._made = True
        tzp.use_default()
        length = size = 0
        for number, zone in enumerate(self._unknown):
            length, size = length + zone.count(b"\n") + 1, size + len(zone)
            within = length <= limits.MOST_ZONE_LINES and size <= limits.MOST_ZONE_BYTES
            try:
                if number >= limits.MOST_ZONES or not within or not _is_yearly(zone):
                    raise ValueError("no clock is changed like that")
                text = "\r\n".join(decoded(line) for line in lines(zone))
                Timezone.from_ical(f"BEGIN:VTIMEZONE\r\n{text}\r\nEND:VTIMEZONE\r\n")
            except MemoryError:
                raise
            except Exception:  # whatever the library makes of it: the zone stays unknown, and is counted
                self.unreadable += 1


def _is_known(zone: bytes) -> bool:
    return any(
        name_of(line) == b"TZID" and decoded(value_of(line)).strip().strip("/") in known_zones()
        for line in lines(zone)
    )


def _is_yearly(zone: bytes) -> bool:
    """Clocks change once or twice a year: a rule that goes by the second would be followed since 1970."""
    rules = [value_of(line).upper() for line in lines(zone) if name_of(line) == b"RRULE"]
    return len(rules) <= limits.MOST_ZONE_RULES and all(
        rule.count(b"FREQ=") == rule.count(b"FREQ=YEARLY") == 1
        and not any(by in rule for by in (b"BYHOUR", b"BYMINUTE", b"BYSECOND"))
        and len(rule) < limits.LONGEST_RULE
        for rule in rules
    )
