"""
Whether time that a channel no longer tells is free, or waits until more readings agree. PURE.

Closing is immediate, opening is not: empty and interrupted answers look like cancellations. Time counts, not
events: what others take by now is freed by nobody, and goes at once, whatever it is called.

* waiting   until two readings in a row are without it
* tripped   the calendar holds nothing any more; or more than half of what was held would be free, and three
            events or more are concerned. Then three readings; one more if a night within a week would be
            free, two more if one within two days

A reading counts a quarter of an hour after the one that counted before: what follows at once may be the same
fault.

What is told again is as if it had never gone. A failed reading is no reading. What is over is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.contract import When
from hub.domain.periods import Period
from sync.planning import words
from sync.planning.differences import Difference, Pair
from sync.planning.known import Known, Missing
from sync.planning.measure import Measure
from sync.planning.tallies import Stretch, excess, shared_out, total
from sync.planning.timelines import Timeline
from sync.planning.weighing import Scales, weigh

READINGS = 2
READINGS_WHEN_TRIPPED = 3
APART = timedelta(minutes=15)
"""A faulty answer is often repeated for a while"""
MANY = 3
NEAR = ((2, 2), (7, 1))
"""Within so many days, so many readings more: the nearer, the less time there is to notice an error"""
SPANS_TOLD = 20

NOT_OURS: Mapping[str, tuple[Period, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Gone:
    """It is held no longer; what of it is over stays."""

    known: Known
    past: When | None
    """Its time from now on; None where nothing is left of it"""
    agreed: bool
    """Enough readings agreed; else others take its time"""


@dataclass(frozen=True, slots=True)
class Waiting:
    known: Known
    missing: Missing


@dataclass(frozen=True, slots=True)
class Remainder:
    """Time that an event left: it stays on the units of `of`, and the channel has no name for it."""

    of: Known
    when: When
    period: Period
    missing: Missing | None
    """None where all of it is over: it stays as it was"""


@dataclass(frozen=True, slots=True)
class Guard:
    """What waits on a link, for people to read."""

    tripped: bool
    since: datetime
    why: str
    freed: tuple[tuple[str, str], ...]
    """The first spans that would be free: dates of nights, or instants of the place"""
    readings: int
    """How many more must agree"""
    again_at: datetime
    """When to read again at the latest; what a tripped guard holds counts no reading before"""

    def to_json(self) -> dict[str, Any]:
        return {
            "tripped": self.tripped,
            "since": self.since.isoformat(),
            "why": self.why,
            "freed": [list(span) for span in self.freed],
            "readings": self.readings,
            "again_at": self.again_at.isoformat(),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Guard:
        return cls(
            said["tripped"],
            datetime.fromisoformat(said["since"]),
            said["why"],
            tuple((first, after) for first, after in said["freed"]),
            said["readings"],
            datetime.fromisoformat(said["again_at"]),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of time that is not told any more. What is not among `waiting` is not missing."""

    gone: tuple[Gone, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    remainders: tuple[Remainder, ...] = ()
    guard: Guard | None = None
    """None where nothing waits"""
    alarm: bool = False
    """This reading tripped it"""


def judge(
    found: Difference,
    measure: Measure,
    now: datetime,
    *,
    read_at: datetime | None = None,
    ours: Mapping[str, tuple[Period, ...]] = NOT_OURS,
) -> Verdict:
    """
    What a reading at `now` frees. The same reading again, at the same time, changes nothing.

    `read_at` is when the calendar was last read before. `ours` is the time of received events, by their keys,
    that is our own word come back, in the link's measure: nobody holds it, and no channel opens it.
    """
    scales = weigh(found, measure, now, read_at, ours)
    empty = [_gone(known, scales, agreed=False) for known in scales.empty]
    remainders = [Remainder(pair.known, measure.when(over), over, None) for pair, over in scales.past]
    question = _question(scales)
    gone = [_gone(known, scales, agreed=False) for known in question.covered]
    if not question.free:
        return Verdict((*empty, *gone), (), tuple(remainders))

    trip = _trip(scales, question)
    needs = READINGS
    if trip is not None:
        ahead = (measure.day(question.free[0].period.starts_at) - measure.day(now)).days
        needs = READINGS_WHEN_TRIPPED + next((more for within, more in NEAR if ahead <= within), 0)
    waiting: list[Waiting] = []
    for known, _ in question.absent:
        again = known.missing if read_at == now else None
        missing = again or counted(known.missing, needs, now)
        if missing.reads >= missing.needs:
            gone.append(_gone(known, scales, agreed=True))
        else:
            waiting.append(Waiting(known, missing))
    first = Missing(now, now, 1, needs)
    left = _left(scales, question, waiting)
    remainders += [Remainder(pair.known, measure.when(period), period, first) for pair, period in left]

    guard = _guard(scales, question, trip, waiting, left, first)
    before = (known.missing for known in (*found.missing, *(pair.known for pair in found.back)))
    tripped = guard is not None and guard.tripped
    alarm = tripped and not any(one and one.needs > READINGS for one in before)
    # What took nothing, as our own word come back, may be there again as well; what a person left out counts.
    gone += [one for one in empty if not tripped or one.known.left_out]
    return Verdict(tuple(gone), tuple(waiting), tuple(remainders), guard, alarm)


def release(known: Iterable[Known], measure: Measure, now: datetime) -> tuple[Gone, ...]:
    """A person said that these are gone, however many readings agree."""
    cut = measure.cut(now)
    return tuple(Gone(one, measure.past(one.when, cut) if one.pieces else None, True) for one in known)


def counted(missing: Missing | None, needs: int, now: datetime) -> Missing:
    """
    One more reading without an event. Once the guard is tripped the readings before it say nothing: they may
    have been the beginning of the same fault.
    """
    if missing is None:
        return Missing(now, now, 1, needs)
    needs = max(missing.needs, needs)
    if missing.needs <= READINGS < needs:
        return Missing(missing.since, now, 1, needs)
    read_at = min(missing.read_at, now)
    if now - read_at < APART:
        return replace(missing, read_at=read_at, needs=needs)
    return Missing(missing.since, now, missing.reads + 1, needs)


@dataclass(frozen=True, slots=True)
class _Question:
    """Of what is not told any more, what is taken by others, and whose would be free."""

    free: tuple[Stretch, ...]
    covered: Sequence[Known]
    absent: Sequence[tuple[Known, tuple[Period, ...]]]
    shorter: Sequence[tuple[Pair, Period]]

    @property
    def concerned(self) -> list[Known]:
        moved = {pair.known.id: pair.known for pair, _ in self.shorter}
        return [*(known for known, _ in self.absent), *moved.values()]


def _question(scales: Scales) -> _Question:
    free = excess(_in_question(scales.missing, scales.lost), scales.given, once=scales.measure.once)
    line = Timeline((stretch.period, stretch) for stretch in free)
    covered, absent = [], []
    for known, periods in scales.missing:
        if any(_meets(line, period) for period in periods):
            absent.append((known, periods))
        else:
            covered.append(known)
    return _Question(free, covered, absent, [one for one in scales.lost if _meets(line, one[1])])


def _trip(scales: Scales, question: _Question) -> words.Trip | None:
    concerned = question.concerned
    if not scales.something:
        return words.Trip.EMPTY
    beside = [known for known in concerned if known.slide is None]
    if beside and not scales.more_than_windows:
        return words.Trip.ONLY_WINDOWS
    once = scales.measure.once
    held = excess((period for _, period in scales.held), (), once=once)
    if len(concerned) >= MANY and 2 * total(question.free) > total(held):
        return words.Trip.HALF
    if len(beside) < MANY or all(known.slide is None for known, _ in scales.held):
        return None
    # A window of a year would outweigh every stay there is.
    absent = [one for one in question.absent if one[0].slide is None]
    shorter = [one for one in question.shorter if one[0].known.slide is None]
    free = excess(_in_question(absent, shorter), scales.given, once=once)
    held = excess((period for known, period in scales.held if known.slide is None), (), once=once)
    return words.Trip.HALF if 2 * total(free) > total(held) else None


def _left(scales: Scales, question: _Question, waiting: Sequence[Waiting]) -> list[tuple[Pair, Period]]:
    """What must be held of events that are shorter; of one unit no time twice."""
    if not scales.measure.once or not question.shorter:
        return list(question.shorter)
    wanted = [period for _, period in question.shorter]
    held = [period for one in waiting for period in scales.ahead(one.known.pieces)]
    line = Timeline((one.period, one) for one in excess(wanted, [*scales.given, *held], once=True))
    left = []
    for period, whose in shared_out([(period, index) for index, period in enumerate(wanted)]):
        pair, _ = question.shorter[whose]
        left += [(pair, part) for one in line.meeting(period) if (part := period.intersection(one.period))]
    return left


def _guard(
    scales: Scales,
    question: _Question,
    trip: words.Trip | None,
    waiting: Sequence[Waiting],
    left: Sequence[tuple[Pair, Period]],
    first: Missing,
) -> Guard | None:
    counts = [one.missing for one in waiting] + ([first] if left else [])
    if not counts:
        return None
    measure = scales.measure
    absent = [(one.known, scales.ahead(one.known.pieces)) for one in waiting]
    free = excess(_in_question(absent, left), scales.given, once=measure.once) or question.free
    tripped = any(one.needs > READINGS for one in counts)
    readings = max(one.needs - one.reads for one in counts)
    waits = {
        known.id: known for known in (*(one.known for one in waiting), *(pair.known for pair, _ in left))
    }
    concerned = question.concerned if trip else tuple(waits.values())
    every = {known.id: known for known, _ in scales.held}
    return Guard(
        tripped,
        min(one.since for one in counts),
        words.why(trip, tripped, concerned, tuple(every.values()), free, measure, readings),
        tuple(words.edges(one.period, measure) for one in free[:SPANS_TOLD]),
        readings,
        min(one.read_at + APART if one.needs > READINGS else scales.now + APART for one in counts),
    )


def _in_question(
    absent: Iterable[tuple[Known, tuple[Period, ...]]], shorter: Iterable[tuple[Pair, Period]]
) -> list[Period]:
    return [period for _, periods in absent for period in periods] + [period for _, period in shorter]


def _meets(line: Timeline[Stretch], period: Period) -> bool:
    return any(True for _ in line.meeting(period))


def _gone(known: Known, scales: Scales, *, agreed: bool) -> Gone:
    past = scales.measure.past(known.when, scales.cut) if known.pieces else None
    return Gone(known, past, agreed)
