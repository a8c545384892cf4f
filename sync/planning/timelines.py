"""Things that each have a period, and which of them meet another: without looking at them all. PURE."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import accumulate
from operator import itemgetter
from typing import Generic, TypeVar

from hub.domain.periods import Period

T = TypeVar("T")


class Timeline(Generic[T]):
    """Fast where few of its periods overlap each other."""

    __slots__ = ("_ends", "_rows", "_starts")

    def __init__(self, rows: Iterable[tuple[Period, T]]) -> None:
        self._rows = sorted(rows, key=itemgetter(0))
        self._starts = [period.starts_at for period, _ in self._rows]
        self._ends = list(accumulate((period.ends_at for period, _ in self._rows), max))
        """The last end so far: nothing before the first that is late enough can meet anything later"""

    def meeting(self, period: Period, after: datetime | None = None) -> Iterator[T]:
        """By their start; with `after`, those that meet what of the period is later."""
        starts_at = period.starts_at if after is None else max(period.starts_at, after)
        first = bisect_right(self._ends, starts_at)
        last = bisect_left(self._starts, period.ends_at)
        for at in range(first, last):
            held, thing = self._rows[at]
            if held.ends_at > starts_at:
                yield thing
