"""Rules of recurrence that cost more than they can mean, refused before they are followed. Pure."""

from __future__ import annotations

from math import prod
from typing import Any

from icalendar import Event

from connectors.ical import limits
from connectors.recurring import TOO_OFTEN, RecursTooOften

_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")


def refuse_hostile(component: Event) -> None:
    """Raises RecursTooOften for what no calendar means and no window bounds."""
    written: Any = component.get("RRULE", [])
    for rule in written if isinstance(written, list) else [written]:
        parts = {str(key).upper(): values for key, values in rule.items()}
        by = [key for key in parts if key.startswith("BY")]
        searches = parts.get("FREQ") in (["SECONDLY"], ["MINUTELY"]) and bool(by)
        if searches or min(parts.get("INTERVAL", [1])) < 1:
            raise RecursTooOften(TOO_OFTEN)
        if sum(len(values) for values in parts.values()) > limits.MOST_RULE_VALUES:
            raise RecursTooOften("its rule is too long to be followed")
        if prod(len(set(parts.get(key, [0]))) for key in _TIMES) > limits.MOST_TIMES_A_DAY:
            raise RecursTooOften(TOO_OFTEN)
