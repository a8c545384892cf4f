"""Recurring events, expanded within a window and within bounds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from icalendar import Event
from recurring_ical_events import EventAdapter, Series

from connectors.contract import Window

MOST_OCCURRENCES = 5_000
"""Of one series within the window; the earliest are kept."""

MOST_STEPS = 200_000
"""Of one rule from its first date up to the end of the window: an hourly rule that is 22 years old."""

# The library compares wall clocks of different zones here; what lies outside of the window is dropped later.
_MARGIN = timedelta(days=3)


class RecursTooOften(ValueError):
    """A rule cannot be followed up to the end of the window within the bounds."""


def occurrences(components: Sequence[Event], window: Window) -> tuple[list[Event], bool]:
    """The occurrences of one UID's components, each with its own DTSTART, DTEND and RECURRENCE-ID.

    The second value tells whether there were more than MOST_OCCURRENCES. May raise whatever the library
    raises for a rule that it cannot read, and RecursTooOften.
    """
    for component in components:
        _refuse_endless(component)
    series = Series([EventAdapter(component) for component in components])
    if series.recurrence.has_core:
        series.recurrence.rrules = [_BoundedRule(rule) for rule in series.recurrence.rrules]
    begin = datetime.combine(window.first - _MARGIN, time())
    end = datetime.combine(window.after + _MARGIN, time())
    found = [
        occurrence.as_component(keep_recurrence_attributes=False)
        for occurrence in islice(series.between(begin, end), MOST_OCCURRENCES + 1)
    ]
    return found[:MOST_OCCURRENCES], len(found) > MOST_OCCURRENCES


def _refuse_endless(component: Event) -> None:
    """A step of nothing, and a search by the minute for what may never come, reach no end of the window."""
    written: Any = component.get("RRULE", [])
    for rule in written if isinstance(written, list) else [written]:
        searches = rule.get("FREQ") in (["SECONDLY"], ["MINUTELY"]) and any(
            key.startswith("BY") for key in rule
        )
        if searches or min(rule.get("INTERVAL", [1])) < 1:
            raise RecursTooOften("it recurs too often to be followed")


class _BoundedRule:
    """A dateutil rule whose `between` is lazy and counts: the original builds a list without end."""

    def __init__(self, rule: Any) -> None:
        self._rule = rule
        self.until = rule.until

    def between(self, after: datetime, before: datetime, inc: bool) -> Iterator[datetime]:
        for step, start in enumerate(self._rule):
            if start > before or (start == before and not inc):
                return
            if step >= MOST_STEPS:
                raise RecursTooOften("it recurs too often to be followed")
            if start > after or (start == after and inc):
                yield start
