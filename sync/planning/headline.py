"""What a sync changed, in one line: "+2 stays, ~1 moved from 3-7 to 4-8 July, -1 freed 2 nights". PURE."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta, tzinfo
from types import MappingProxyType

from connectors.contract import AllDay, Nature, When
from hub.domain.periods import Period
from sync.planning.measure import Measure

QUIET = frozenset({"renamed", "reworded", "problems", "refused"})
"""Counts of what is stored, or could not be done, and is no change on either side"""
NOTHING = "nothing changed"
LONGEST = 400
"""Characters; the error of a failure is cut"""

_THERE: Mapping[str, str] = MappingProxyType({"created": "wrote", "updated": "changed", "deleted": "removed"})
_ALSO: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "accepted": ("took over 1 change made there", "took over {n} changes made there"),
        "reverted": ("put back 1 change made there", "put back {n} changes made there"),
        "restored": ("put back 1 event deleted there", "put back {n} events deleted there"),
        "recreated": ("wrote 1 event deleted there again", "wrote {n} events deleted there again"),
        "counted": ("1 event that was left out counts again", "{n} events that were left out count again"),
        "released": ("gave up 1 hold or blackout", "gave up {n} holds or blackouts"),
        "refused": ("1 event refused there", "{n} events refused there"),
        "conflicts_opened": ("1 conflict opened", "{n} conflicts opened"),
        "conflicts_closed": ("1 conflict closed", "{n} conflicts closed"),
        "problems": ("1 thing could not be read", "{n} things could not be read"),
    }
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Gist:
    """What became of others' events, in numbers; those of several portions add up."""

    came: int = 0
    came_stays: int = 0
    """Of them, guests' stays"""
    moved: int = 0
    turned: int = 0
    """A stay became a closure, or the other way, at the same time"""
    went: int = 0
    nights: int = 0
    hours: timedelta = timedelta()
    """Freed by what went: nights where the units are let by the night, else hours"""
    missing: int = 0
    """Not told any more since this reading, and held"""
    back: int = 0
    windows: int = 0
    """Windows of the channel's policy that moved on"""
    moves: tuple[tuple[When, When], ...] = ()
    """From when to when, by the clocks of the place: the first of those that moved"""


def total(gists: Iterable[Gist]) -> Gist:
    every = tuple(gists)
    numbers = (one for one in fields(Gist) if one.name not in ("hours", "moves"))
    return Gist(
        **{one.name: sum(getattr(gist, one.name) for gist in every) for one in numbers},
        hours=sum((gist.hours for gist in every), timedelta()),
        moves=tuple(move for gist in every for move in gist.moves)[:1],
    )


def came(natures: Collection[Nature]) -> Gist:
    return Gist(came=len(natures), came_stays=sum(nature is Nature.STAY for nature in natures))


def changed(before: When | None, after: When, zone: tzinfo) -> Gist:
    """What took nothing before came now, whatever it is called."""
    if before is None:
        return Gist(came=1)
    if before == after:
        return Gist(turned=1)
    return Gist(moved=1, moves=((_local(before, zone), _local(after, zone)),))


def went(pieces: tuple[Period, ...], measure: Measure, now: datetime) -> Gist:
    """What it took of the time that lies ahead is free now."""
    cut = measure.cut(now)
    ahead = [Period(max(one.starts_at, cut), one.ends_at) for one in pieces if one.ends_at > cut]
    if measure.nightly:
        days = ((measure.day(one.ends_at) - measure.day(one.starts_at)).days for one in ahead)
        return Gist(went=1, nights=sum(days))
    return Gist(went=1, hours=sum((one.ends_at - one.starts_at for one in ahead), timedelta()))


def has_changed(counts: Mapping[str, int]) -> bool:
    """Whether anything is not what it was, here or there."""
    return any(number for name, number in counts.items() if name not in QUIET)


def line(gist: Gist, counts: Mapping[str, int], today: date, error: str | None = None) -> str:
    """`counts` are a run's; `today` is the year that is not said. Never empty, and never of two lines."""
    said = ", ".join((*_theirs(gist, today), *_written(counts), *_also(counts)))
    if error is None:
        return said or NOTHING
    failed = f"failed: {' '.join(error.split())}"
    return (f"{said}; {failed}" if said else failed)[:LONGEST]


def going_on(before: Mapping[str, int], said: str) -> str:
    """What is said of a sync that went on where others had been lost, who had done so much."""
    theirs = {"+": "added", "~": "changed", "-": "removed"}
    found = [f"{sign}{_counted(before[name], 'event')}" for sign, name in theirs.items() if before.get(name)]
    earlier = ", ".join((*found, *_written(before), *_also(before)))
    if not earlier or said == NOTHING:
        return earlier or said
    return f"{earlier}{'; ' if said.startswith('failed') else ', '}{said}"[:LONGEST]


def _theirs(gist: Gist, today: date) -> Iterator[str]:
    if gist.came:
        yield f"+{_counted(gist.came, 'stay' if gist.came_stays == gist.came else 'event')}"
    if gist.moved == 1 and gist.moves:
        yield f"~1 moved {_move(*gist.moves[0], today)}"
    elif gist.moved:
        yield f"~{gist.moved} moved"
    if gist.turned:
        yield f"~{gist.turned} of another kind"
    if gist.went:
        freed = [_counted(gist.nights, "night")] if gist.nights else []
        freed += [_counted(-(-gist.hours // timedelta(hours=1)), "hour")] if gist.hours else []
        yield f"-{gist.went}" + (f" freed {' and '.join(freed)}" if freed else " that held nothing ahead")
    if gist.missing:
        yield f"{gist.missing} {'waits' if gist.missing == 1 else 'wait'} to be freed"
    if gist.back:
        yield f"{gist.back} there again"
    if gist.windows:
        yield "its booking window moved on"


def _written(counts: Mapping[str, int]) -> Iterator[str]:
    found = [(counts.get(name, 0), verb) for name, verb in _THERE.items() if counts.get(name, 0)]
    for place, (number, verb) in enumerate(found):
        what = _counted(number, "event") if place == 0 else str(number)
        yield f"{verb} {what}{' there' if place == len(found) - 1 else ''}"


def _also(counts: Mapping[str, int]) -> Iterator[str]:
    for name, (one, many) in _ALSO.items():
        if number := counts.get(name, 0):
            yield one if number == 1 else many.format(n=number)


def _move(before: When, after: When, today: date) -> str:
    """What both have in common is said once, at the end."""
    if not isinstance(before, AllDay) or not isinstance(after, AllDay):
        return f"from {stretch(before, today)} to {stretch(after, today)}"
    months = {(day.year, day.month) for one in (before, after) for day in (one.first, one.after)}
    if len(months) == 1:
        return f"from {before.first.day}-{before.after.day} to {stretch(after, today)}"
    return f"from {stretch(before, today)} to {stretch(after, today)}"


def stretch(when: When, today: date) -> str:
    """Days, or times by the clocks in which they are given; the year where it is not today's."""
    if not isinstance(when, AllDay):
        first, last = when.starts_at, when.ends_at
        until = f"{last:%H:%M}" if first.date() == last.date() else f"{_day(last, today)} {last:%H:%M}"
        return f"{_day(first, today)} {first:%H:%M}-{until}"
    if (when.first.year, when.first.month) == (when.after.year, when.after.month):
        return f"{when.first.day}-{_day(when.after, today)}"
    return f"{_day(when.first, today)}-{_day(when.after, today)}"


def _local(when: When, zone: tzinfo) -> When:
    if isinstance(when, AllDay):
        return when
    return replace(when, starts_at=when.starts_at.astimezone(zone), ends_at=when.ends_at.astimezone(zone))


def _day(day: date, today: date) -> str:
    year = f" {day.year}" if day.year != today.year else ""
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
