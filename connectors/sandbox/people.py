"""What guests and hosts do at a channel: book, extend, shorten, move, cancel, block, unblock. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeAlias

from connectors.sandbox import calendars
from connectors.sandbox.calendars import Scene
from connectors.sandbox.personal import Series
from connectors.sandbox.stays import DAY, HOUR, Kind, Slot, Stay, edges, slots
from connectors.sandbox.writing import digest
from hub.domain.periods import Hours, Nights, Span, at

GUESTS = (
    *("Ann", "Bruno", "Amélie Dubois", "Inês", "Zoë; née O'Neil, Jr.", "Łukasz", "Chloé"),
    *("Jürgen {the} Große", "Дарья", "美咲", "José \\ María", "a very long name indeed " * 4),
)
FARTHEST = 150
"""Days ahead that people look"""
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody did: a stay before and after it; `series` is a new recurring event."""

    at: datetime
    what: str
    before: Stay | None
    after: Stay | None
    series: Series | None = None
    more: tuple[Stay, ...] = ()
    """The other occurrences of a new series"""


Change: TypeAlias = "tuple[Stay | None, Stay | None] | None"
"""A stay before and after; None where nothing comes of it"""

Doing: TypeAlias = Callable[[Random, Scene], Change]


def act(rng: Random, scene: Scene) -> Act | None:
    """Something at this moment; None where nothing comes of it."""
    usual = {**_DOINGS, **(_RECURRING if scene.manner.personal else {})}
    what = rng.choices([*usual, "recur"], [*(weight for weight, _ in usual.values()), 1])[0]
    if what == "recur":
        return _recur(rng, scene) if scene.manner.personal else None
    found = usual[what][1](rng, scene)
    if found is None or found[0] == found[1]:
        return None
    before, after = found
    return Act(scene.now, what, before, after and replace(after, changed_at=scene.now))


def free_for(scene: Scene, span: Span, without: Stay | None = None) -> bool:
    """Whether the channel would sell it: not taken there, nor closed, nor read as taken elsewhere."""
    others = [stay for stay in scene.stays if stay is not without]
    wanted = scene.takes(span)
    if wanted & scene.taken(others):
        return False
    closed = calendars.closed_by_policy(scene.manner, others, scene.today).values()
    if any(wanted & nights for nights in closed):
        return False
    return not any(wanted & slots(one.span) for one in scene.imported)


def _book(rng: Random, scene: Scene) -> Change:
    return _new(rng, scene, Kind.STAY)


def _block(rng: Random, scene: Scene) -> Change:
    return _new(rng, scene, Kind.BLOCK)


def _new(rng: Random, scene: Scene, kind: Kind) -> Change:
    span = _some_free(rng, scene)
    if span is None:
        return None
    return None, Stay(
        id=digest(scene.name, rng.random()),
        kind=kind,
        span=span,
        changed_at=scene.now,
        guest=rng.choice(GUESTS) if kind is Kind.STAY else "",
        timed=scene.manner.personal and rng.random() < 0.5,
    )


def _extend(rng: Random, scene: Scene) -> Change:
    return _changed(rng, scene, lambda stay: _longer(rng, scene, stay.span))


def _shorten(rng: Random, scene: Scene) -> Change:
    return _changed(rng, scene, lambda stay: _shorter(rng, scene, stay.span))


def _move(rng: Random, scene: Scene) -> Change:
    def elsewhere(stay: Stay) -> Span | None:
        if _begun(scene, stay.span):
            return None
        by = rng.choice((-9, -3, -2, -1, 1, 2, 4, 12, 30))
        moved = _shifted(stay.span, by * DAY, by * DAY)
        return moved if moved and not _begun(scene, moved) else None

    return _changed(rng, scene, elsewhere)


def _cancel(rng: Random, scene: Scene) -> Change:
    stay = _one(rng, scene, lambda stay: stay.kind is Kind.STAY and not _begun(scene, stay.span))
    return (stay, None) if stay else None


def _unblock(rng: Random, scene: Scene) -> Change:
    stay = _one(rng, scene, lambda stay: stay.kind is Kind.BLOCK)
    return (stay, None) if stay else None


def _skip(rng: Random, scene: Scene) -> Change:
    stay = _occurrence(rng, scene)
    return (stay, None) if stay else None


def _shift(rng: Random, scene: Scene) -> Change:
    stay = _occurrence(rng, scene)
    span = _shifted(stay.span, rng.choice((-1, 1)) * DAY, DAY) if stay else None
    if stay is None or not isinstance(span, Nights):
        return None
    span = Nights(span.arrival, span.arrival + DAY)
    return (stay, replace(stay, span=span)) if free_for(scene, span, stay) else None


_DOINGS: Mapping[str, tuple[float, Doing]] = {
    "book": (10, _book),
    "extend": (2, _extend),
    "shorten": (2, _shorten),
    "move": (3, _move),
    "cancel": (4, _cancel),
    "block": (2, _block),
    "unblock": (2, _unblock),
}
_RECURRING: Mapping[str, tuple[float, Doing]] = {"skip": (2, _skip), "shift": (2, _shift)}


def _recur(rng: Random, scene: Scene) -> Act | None:
    """A night a week is closed from some day on."""
    first = scene.today + rng.randint(1, 40) * DAY
    one = Series(digest(scene.name, rng.random()), first, rng.randint(3, 8), scene.now)
    nights = [Nights(day, day + DAY) for day in one.originals]
    if not all(free_for(scene, night) for night in nights):
        return None
    made = [
        Stay(
            id=digest(one.id, night.arrival),
            kind=Kind.BLOCK,
            span=night,
            changed_at=scene.now,
            timed=True,
            series=one.id,
            original=night.arrival,
        )
        for night in nights
    ]
    return Act(scene.now, "recur", None, made[0], one, tuple(made[1:]))


def _changed(rng: Random, scene: Scene, to: Callable[[Stay], Span | None]) -> Change:
    stay = _one(rng, scene, lambda _: True)
    span = to(stay) if stay else None
    if stay is None or span is None or not free_for(scene, span, stay):
        return None
    return stay, replace(stay, span=span)


def _one(rng: Random, scene: Scene, fits: Callable[[Stay], bool]) -> Stay | None:
    """Any that is not over and is no occurrence of a series."""
    found = [stay for stay in scene.stays if not stay.series and not _over(scene, stay.span) and fits(stay)]
    return rng.choice(found) if found else None


def _occurrence(rng: Random, scene: Scene) -> Stay | None:
    found = [stay for stay in scene.stays if stay.series and not _begun(scene, stay.span)]
    return rng.choice(found) if found else None


def _some_free(rng: Random, scene: Scene) -> Span | None:
    for _ in range(_TRIES):
        near = rng.random() < 0.3
        day = scene.today + rng.randint(0 if near else 3, 6 if near else FARTHEST) * DAY
        span = _hours(rng, scene, day) if scene.manner.hourly else Nights(day, day + rng.randint(1, 8) * DAY)
        if not _begun(scene, span) and free_for(scene, span):
            return span
    return None


def _hours(rng: Random, scene: Scene, day: date) -> Hours:
    """Never at the hours that clocks skip or repeat: a channel that writes floating times could not tell."""
    starts_at = at(day, time(rng.randint(8, 18)), scene.zone)
    return Hours(starts_at, starts_at + rng.choice((2 * HOUR, 3 * HOUR, 4 * HOUR, DAY, 3 * DAY)))


def _longer(rng: Random, scene: Scene, span: Span) -> Span | None:
    by = rng.randint(1, 3) * (DAY if isinstance(span, Nights) else HOUR)
    if rng.random() < 0.3 and not _begun(scene, span):
        longer = _shifted(span, -by, timedelta())
        return longer if longer and not _begun(scene, longer) else None
    return _shifted(span, timedelta(), by)


def _shorter(rng: Random, scene: Scene, span: Span) -> Span | None:
    by = DAY if isinstance(span, Nights) else HOUR
    if rng.random() < 0.3 and not _begun(scene, span):
        return _shifted(span, by, timedelta())
    shorter = _shifted(span, timedelta(), -by)
    return shorter if shorter and not _over(scene, shorter) else None


def _shifted(span: Span, first: timedelta, last: timedelta) -> Span | None:
    """None where nothing would be left of it."""
    if isinstance(span, Nights):
        arrival, departure = span.arrival + first, span.departure + last
        return Nights(arrival, departure) if arrival < departure else None
    starts_at, ends_at = span.starts_at + first, span.ends_at + last
    return Hours(starts_at, ends_at) if starts_at < ends_at else None


def _begun(scene: Scene, span: Span) -> bool:
    return _reached(scene, edges(span)[0])


def _over(scene: Scene, span: Span) -> bool:
    return _reached(scene, edges(span)[1])


def _reached(scene: Scene, edge: Slot) -> bool:
    return edge <= scene.now if isinstance(edge, datetime) else edge <= scene.today
