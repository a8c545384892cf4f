"""Instants in addresses: with an offset, and within the calendar."""

from __future__ import annotations

from datetime import datetime

from hub.errors import Refused


def instant(value: datetime | None, field: str) -> datetime | None:
    """The instant as given; Refused, naming the field, where it has no offset or is absurd."""
    if value is None:
        return None
    if value.utcoffset() is None:
        # An unescaped + arrives as a space, and takes the offset with it.
        raise Refused.because("no_offset", "an instant needs an offset; write Z, or + as %2B", field)
    if not 1970 <= value.year <= 9000:
        raise Refused.because("beyond_calendar", "there is nothing so far away", field)
    return value
