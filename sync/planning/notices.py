"""
What a reading has to tell people: what came, moved, went or waits. PURE.

Nothing of other names, of other words, nor of windows that move on every day; these share one line. Where
the guard is tripped one sentence says it all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import Nature
from sync.planning import words
from sync.planning.differences import Difference, Kind, Pair
from sync.planning.guard import Verdict
from sync.planning.words import Told


@dataclass(frozen=True, slots=True)
class Notices:
    """For `words.summary`: `told` with units, then the spans that wait, then whole lines."""

    told: tuple[Told, ...] = ()
    waits: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def notices(
    found: Difference,
    verdict: Verdict,
    new: Mapping[str, UUID],
    zone: ZoneInfo,
    quiet: Collection[str] = (),
) -> Notices:
    """
    `new` has the ids under which new events were stored, by key: what it lacks is not told. Nor is what
    becomes of events with `quiet` keys, which are our own word come back.
    """
    told = [
        Told(new[one.key], None, words.stretch(one.event.when, zone))
        for one in found.new
        if one.key in new and one.key not in found.slides
    ]
    told += [
        _changed(pair, zone)
        for pair in found.of(Kind.CHANGED)
        if pair.event.key not in quiet and (pair.takes is not None or pair.known.pieces)
    ]
    told += [
        Told(gone.known.id, words.stretch(gone.known.when, zone), None)
        for gone in verdict.gone
        if gone.known.slide is None and gone.known.pieces and (gone.agreed or not gone.known.remainder)
    ]
    moved = [(pair.slide, pair.when) for pair in found.of(Kind.SLID) if pair.slide is not None]
    moved += [(found.slides[one.key], one.event.when) for one in found.new if one.key in found.slides]
    returned = sum(1 for pair in found.back if pair.known.slide is None)
    more = (*words.windows(moved, zone), *words.back(returned))
    if verdict.alarm and verdict.guard is not None:
        return Notices(tuple(told), (), (*more, verdict.guard.why))
    return Notices(tuple(told), _waits(verdict, zone), more)


def _changed(pair: Pair, zone: ZoneInfo) -> Told:
    before, after = words.stretch(pair.known.when, zone), words.stretch(pair.when, zone)
    remark = ""
    if {pair.known.nature, pair.event.nature} == {Nature.STAY, Nature.BLOCK}:
        remark = "a guest's stay now" if pair.event.nature is Nature.STAY else "no guest's stay any more"
    return Told(pair.known.id, before, after, remark)


def _waits(verdict: Verdict, zone: ZoneInfo) -> tuple[str, ...]:
    """What waits since this reading."""
    missing = [one.known.when for one in verdict.waiting if one.known.missing is None and not one.known.slide]
    missing += [one.when for one in verdict.remainders if one.missing is not None and not one.of.slide]
    return tuple(words.stretch(when, zone) for when in missing)
