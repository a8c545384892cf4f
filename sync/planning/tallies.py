"""Time counted as often as it is taken: what is needed of it and what there is. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.domain.periods import Period


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period, and how many units of it."""

    period: Period
    times: int


def excess(needed: Iterable[Period], given: Iterable[Period], *, once: bool) -> tuple[Stretch, ...]:
    """
    Where more is needed than given, in order. With `once` all of them speak of one unit: a time that is given
    at all is given to whoever needs it. Else each takes one unit of those that there are.
    """
    need, have = _steps(needed), _steps(given)
    found: list[Stretch] = []
    wanted = there = times = 0
    since: datetime | None = None
    for instant in sorted(need.keys() | have.keys()):
        wanted += need.get(instant, 0)
        there += have.get(instant, 0)
        lacking = int(wanted > 0 and there == 0) if once else max(0, wanted - there)
        if lacking == times:
            continue
        if times and since is not None:
            found.append(Stretch(Period(since, instant), times))
        since, times = instant, lacking
    return tuple(found)


def total(stretches: Iterable[Stretch]) -> timedelta:
    """All of it, two units for an hour being two hours."""
    return sum(
        ((one.period.ends_at - one.period.starts_at) * one.times for one in stretches), start=timedelta()
    )


def shared_out(wanted: Sequence[tuple[Period, int]]) -> list[tuple[Period, int]]:
    """Periods with whose they are, cut so that no time is given twice: to whom it begins first."""
    given: list[tuple[Period, int]] = []
    until: datetime | None = None
    for period, whose in sorted(wanted):
        starts_at = period.starts_at if until is None else max(period.starts_at, until)
        if starts_at < period.ends_at:
            given.append((Period(starts_at, period.ends_at), whose))
            until = period.ends_at
    return given


def _steps(periods: Iterable[Period]) -> dict[datetime, int]:
    steps: dict[datetime, int] = defaultdict(int)
    for period in periods:
        steps[period.starts_at] += 1
        steps[period.ends_at] -= 1
    return steps
