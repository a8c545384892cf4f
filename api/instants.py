"""Instants in addresses: with an offset, and within the calendar."""

from __future__ import annotations

from datetime import date, datetime

from hub.errors import Refused

FIRST, LAST = date(1970, 1, 1), date(9000, 12, 31)
"""The days that can be asked for"""
WITHIN = f"ask for {FIRST} to {LAST}"


def instant(value: datetime | None, field: str) -> datetime | None:
    """The instant as given; Refused, naming the field, where it has no offset or is absurd."""
    if value is None:
        return None
    if value.utcoffset() is None:
        # An unescaped + arrives as a space, and takes the offset with it.
        raise Refused.because("no_offset", "an instant needs an offset; write Z, or + as %2B", field)
    if not FIRST.year <= value.year <= LAST.year:
        raise Refused.because("beyond_calendar", f"there is nothing so far away: {WITHIN}", field)
    return value
