"""
The windows of channels' booking policies, which move on every day and stand for nobody's stay. PURE.

* lead     closed because it is too late to book: a short block that begins today, or tomorrow, for channels
           count days by a clock that is not the property's
* horizon  closed because it is too early to book: blocks within the last closed stretch of the calendar

Stays may lie within the stretch at the end and cut its block in pieces, so the stretch counts, not the block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from connectors.contract import Nature, When
from hub.domain.periods import ONE_DAY, Period
from sync.planning.known import Known, Received, Slide
from sync.planning.measure import Measure

SHORT = timedelta(days=14)
"""How long a lead time is at the most"""

FAR = timedelta(days=330)
"""A closed stretch that reaches so far reaches to where the channel's calendar ends"""

LONG = timedelta(days=60)
"""So is a block of this length at the end of a calendar that reaches less far"""

HALF_A_DAY = timedelta(hours=12)


def kinds(received: Iterable[Received], measure: Measure, now: datetime) -> dict[str, Slide]:
    """Which events are windows, by key: closures that are certainly no stay."""
    held = [one for one in received if one.takes]
    if not any(one.event.nature is Nature.BLOCK for one in held):
        return {}
    found: dict[str, Slide] = {}
    last = _at_the_end(held)
    far = max(one.span.ends_at for one in last) >= now + FAR
    for one in last:
        ahead = one.span.starts_at >= now + SHORT
        if one.event.nature is Nature.BLOCK and ahead and (far or _length(one) >= LONG):
            found[one.key] = Slide.HORIZON
    cut, tomorrow = measure.cut(now), measure.day(now) + ONE_DAY
    for one in held:
        if one.event.nature is not Nature.BLOCK or one.span.ends_at <= cut or _length(one) > SHORT:
            continue
        if measure.day(one.span.starts_at) <= tomorrow:
            found[one.key] = Slide.LEAD
    return found


def slid(
    known: Known, to: Period, measure: Measure, now: datetime, read_at: datetime | None
) -> Period | None:
    """
    The time that a window leaves free at once because it begins later by now, as `to` does: as far as days
    passed since the last reading, and one more, for the channel's midnight is not the property's. Not that
    one more where the window moved only just: readings a minute apart are no days.
    """
    if not known.pieces or read_at is None:
        return None
    days = max(0, (measure.day(now) - measure.day(read_at)).days)
    if known.changed_at is None or now - known.changed_at >= HALF_A_DAY:
        days += 1
    begins = max(known.pieces[0].starts_at, measure.cut(now))
    ends = min(to.starts_at, measure.later(begins, days))
    return Period(begins, ends) if begins < ends else None


def moves_on(known: Known, to: When, measure: Measure, now: datetime, read_at: datetime | None) -> bool:
    """
    Whether a window, told at another time, takes nothing but what follows from the days that passed: one of
    lead time begins today still, and ends later by as many, counted from the last reading and from when it
    last moved; one at the end begins no earlier. The channel's midnight may be another, so a day is given.
    """
    was, told = measure.span(known.when), measure.span(to)
    if was is None or told is None:
        return False
    if known.slide is Slide.HORIZON:
        return told[0].starts_at >= was[0].starts_at
    today = measure.day(now)
    if read_at is None or known.changed_at is None or measure.day(told[0].starts_at) < today - ONE_DAY:
        return False
    since_read = (today - measure.day(read_at)).days + 1
    days = max(0, min(since_read, (now - known.changed_at + HALF_A_DAY) // ONE_DAY))
    return told[0].ends_at <= measure.later(was[0].ends_at, days)


def _at_the_end(held: Sequence[Received]) -> list[Received]:
    """The events of the last stretch without a gap."""
    stretch: list[Received] = []
    ends_at: datetime | None = None
    for one in sorted(held, key=_start):
        if ends_at is None or one.span.starts_at > ends_at:
            stretch, ends_at = [], one.span.ends_at
        stretch.append(one)
        ends_at = max(ends_at, one.span.ends_at)
    return stretch


def _length(one: Received) -> timedelta:
    return one.span.ends_at - one.span.starts_at


def _start(one: Received) -> datetime:
    return one.span.starts_at
