"""Recurring events, expanded within a window and within bounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from icalendar import Event
from recurring_ical_events import EventAdapter, Series

from connectors.contract import Window
from connectors.ical import limits
from connectors.ical.rules import refuse_hostile
from connectors.recurring import CountedRule, RecursTooOften, Steps

# The library compares wall clocks of different zones here; what lies outside of the window is dropped later.
_MARGIN = timedelta(days=3)


def occurrences(components: Sequence[Event], window: Window) -> tuple[list[Event], str | None]:
    """
    The occurrences of one UID's components, each with its own DTSTART, DTEND and RECURRENCE-ID; and what is
    wrong with them, if anything is.

    May raise whatever the library raises for a rule that it cannot read, and RecursTooOften.
    """
    begin = datetime.combine(window.first - _MARGIN, time())
    end = datetime.combine(window.after + _MARGIN, time())
    for component in components:
        refuse_hostile(component)
    if sum(_lasts(component) for component in components) > limits.MOST_LASTING_EXCEPTIONS:
        raise RecursTooOften("it has too many exceptions to be followed")
    series = Series([EventAdapter(component) for component in components])
    rules: list[CountedRule] = []
    if series.recurrence.has_core:
        steps = Steps(limits.MOST_STEPS)
        series.recurrence.rrules = rules = [CountedRule(rule, steps) for rule in series.recurrence.rrules]
    found = [
        occurrence.as_component(keep_recurrence_attributes=False)
        for occurrence in islice(series.between(begin, end), limits.MOST_OCCURRENCES + 1)
    ]
    problem = "it recurs by a rule that has no occurrence" if any(rule.barren for rule in rules) else None
    if len(found) > limits.MOST_OCCURRENCES:
        problem = "it recurs too often: only its first occurrences count"
    return found[: limits.MOST_OCCURRENCES], problem


def _lasts(component: Event) -> bool:
    """Whether it changes what follows it (RANGE=THISANDFUTURE)."""
    original: Any = component.get("RECURRENCE-ID")
    return original is not None and "RANGE" in original.params
