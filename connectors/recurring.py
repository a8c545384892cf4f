"""
Rules of recurrence followed no further than they can matter, and only as long as they may be. Pure.

dateutil looks at period after period until it finds an occurrence: a rule that never has one (30 February)
would be followed to the year 9999, so the count must see periods, not occurrences.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

TOO_OFTEN = "it recurs too often to be followed"

_MARGIN = 3
"""Periods followed beyond the one that must be the last"""

# By dateutil's numbers: yearly, monthly, weekly, daily, hourly, minutely, secondly.
_HOURLY = 4
_DAYS = (365.0, 30.4, 7.0, 1.0, 1 / 24, 1 / 1440, 1 / 86_400)
_COST = (40, 5, 2, 1, 1, 1, 1)
"""Of looking at one period, as measured, a day being one"""


class RecursTooOften(ValueError):
    """A rule cannot be followed up to the end of the window within the bounds."""


class Steps:
    """What following the rules of one series may still cost."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            raise RecursTooOften(TOO_OFTEN)

    def allow(self, number: float) -> None:
        """Raises RecursTooOften at once if that many are not left."""
        if number > self._left:
            raise RecursTooOften(TOO_OFTEN)


class CountedRule:
    """
    A dateutil rule, or set of dates, whose `between` is lazy and counts: the original builds a list without
    end.
    """

    def __init__(self, rule: Any, steps: Steps) -> None:
        self._rule = rule
        self._steps = steps
        self._positions: tuple[int, ...] = tuple(getattr(rule, "_bysetpos", None) or ())
        self._met = self._passed = False
        self.until = getattr(rule, "until", None)

    @property
    def barren(self) -> bool:
        """Whether it was followed up to the end of the window and has no occurrence."""
        return self._passed and not self._met

    def between(self, after: datetime, before: datetime, inc: bool) -> Iterator[datetime]:
        for start in self._followed(before) if hasattr(self._rule, "_freq") else self._rule:
            if start > before or (start == before and not inc):
                return
            self._steps.take(1)
            self._met = True
            if start > after or (start == after and inc):
                yield start

    def _followed(self, before: datetime) -> Iterator[datetime]:
        """All occurrences, ending once the period in which `before` lies has passed as well."""
        rule = self._rule
        cost = _COST[rule._freq] * (1 + len(self._positions))
        ends = min(before.replace(tzinfo=None), (rule._until or before).replace(tzinfo=None))
        days = (ends - rule._dtstart.replace(tzinfo=None)) / timedelta(days=1)
        periods = max(days / (_DAYS[rule._freq] * rule._interval), 0) + _MARGIN
        if rule._count is None and not (rule._freq == _HOURLY and _leaps(rule)):
            self._steps.allow(periods * cost)
        rule._bysetpos = _Pulse(self._positions).beat(self._steps, cost, periods)
        try:
            yield from rule._iter()
        except _Passed:
            self._passed = days > 0


def _leaps(rule: Any) -> bool:
    """Whether days without an occurrence are passed over at once, whatever the hour."""
    days = (rule._bymonth, rule._byweekno, rule._byyearday, rule._byweekday, rule._bynweekday)
    return any(days) or bool(rule._bymonthday or rule._bynmonthday)


class _Passed(Exception):
    """The window's end."""


class _Pulse(tuple[int, ...]):
    """
    A rule's BYSETPOS that counts: dateutil asks whether there is one for each period that it looks at, and
    of nothing else can that be learned.
    """

    _steps: Steps
    _cost: int
    _left: float

    def beat(self, steps: Steps, cost: int, periods: float) -> _Pulse:
        self._steps, self._cost, self._left = steps, cost, periods
        return self

    def __bool__(self) -> bool:
        self._left -= 1
        if self._left < 0:
            raise _Passed
        self._steps.take(self._cost)
        return len(self) > 0
