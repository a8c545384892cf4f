"""
What a reading changes of the events that are held, once it is known which is which. PURE.

* same      nothing is written; so it is where no more is told than that it begins or ends
* renamed   it has another name at the channel: stored, told to nobody
* reworded  it says other words about the same time: stored, told to nobody
* slid      a window of the channel's policy that moved on: told in one line with the others
* changed   it takes other time, or a closure became a stay: news

The past is frozen. An event that is over stays as it was, whatever is said of it; of one that is under way
the time that is over stays, so that a beginning that follows today is no change; one that is told as of now
although it began before was only cut where the channel forgets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.contract import AllDay, Nature, RemoteEvent, Timed, When
from hub.domain.periods import Period, difference
from sync.planning import parts
from sync.planning.identity import Binding
from sync.planning.known import Known, Received, Slide, digest, text_digest
from sync.planning.measure import Measure


class Kind(StrEnum):
    """See the module."""

    SAME = "same"
    RENAMED = "renamed"
    REWORDED = "reworded"
    SLID = "slid"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Pair:
    """A stored event, what was received of it, and what is to be stored of it now."""

    known: Known
    event: RemoteEvent
    kind: Kind
    when: When
    """Its time from now on, its past included"""
    takes: Period | None
    """What that is in the link's measure"""
    slide: Slide | None
    digest: bytes
    text_digest: bytes

    @property
    def renamed(self) -> bool:
        return self.known.key != self.event.key

    @property
    def turned(self) -> bool:
        """From a guest's stay to a closure, or the other way."""
        return turned(self.known.nature, self.event.nature)

    def own(self, ours: Mapping[str, tuple[Period, ...]]) -> tuple[Period, ...]:
        """What of it is not `ours`, by the keys of events."""
        return difference((self.takes,), ours.get(self.event.key, ())) if self.takes is not None else ()

    @property
    def back(self) -> bool:
        """It was missing, or kept by a person although it was not told."""
        return self.known.missing is not None or self.known.kept_at is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """All that is held and all that was received; remainders are always missing."""

    pairs: tuple[Pair, ...]
    new: tuple[Received, ...]
    missing: tuple[Known, ...]
    slides: Mapping[str, Slide]

    def of(self, *kinds: Kind) -> Iterator[Pair]:
        return (pair for pair in self.pairs if pair.kind in kinds)

    @property
    def back(self) -> Iterator[Pair]:
        return (pair for pair in self.pairs if pair.back)


def turned(was: Nature, told: Nature) -> bool:
    return {was, told} == {Nature.STAY, Nature.BLOCK}


def between(binding: Binding, measure: Measure, now: datetime) -> Difference:
    """What is new, missing, and how those differ that are both held and received."""
    cut = measure.cut(now)
    pairs = (
        _pair(known, one, binding.slides.get(one.key), measure, now, cut) for known, one in binding.pairs
    )
    return Difference(tuple(pairs), binding.new, binding.missing, binding.slides)


def _pair(
    known: Known, one: Received, slide: Slide | None, measure: Measure, now: datetime, cut: datetime
) -> Pair:
    event = one.event
    if event.part:
        return _of_part(known, one, measure)
    if known.when == event.when:
        when, was, takes = known.when, one.span, one.span if one.takes else None
    else:
        was, took = _span(measure, known.when)
        when = event.when
        if was.ends_at <= cut and one.span.ends_at <= cut:
            when = known.when
        elif took and one.takes:
            when = settled(known.when, was, event.when, one.span, measure, now)
        takes = measure.takes(when)
    new, text = digest(event, when), text_digest(event)
    if was.ends_at <= cut and when == known.when:
        kind = Kind.RENAMED if known.key != one.key else Kind.SAME
        return Pair(known, event, kind, when, takes, known.slide, known.digest, known.text_digest)
    if when != known.when and takes != measure.takes(known.when):
        kind = Kind.SLID if _slides(known, was, one.span, slide) else Kind.CHANGED
    elif turned(known.nature, event.nature):
        kind = Kind.CHANGED
    elif new != known.digest or text != known.text_digest or slide is not known.slide:
        kind = Kind.REWORDED
    else:
        kind = Kind.RENAMED if known.key != one.key else Kind.SAME
    return Pair(known, event, kind, when, takes, slide, new, text)


def _of_part(known: Known, one: Received, measure: Measure) -> Pair:
    """Its name and its words are not the stay's, so those of the stay are kept."""
    when = parts.time(known, one, measure)
    kind, said = (Kind.SAME, known.digest) if when == known.when else (Kind.CHANGED, digest(one.event, when))
    return Pair(known, one.event, kind, when, measure.takes(when), known.slide, said, known.text_digest)


def _slides(known: Known, was: Period, told: Period, slide: Slide | None) -> bool:
    """The window itself moved on; or it is told as one with the closure that it has reached."""
    if slide is None:
        return False
    reached = known.slide is None and told.ends_at == was.ends_at and told.starts_at < was.starts_at
    return slide is known.slide or (slide is Slide.LEAD and reached)


def settled(known: When, was: Period, told: When, told_span: Period, measure: Measure, now: datetime) -> When:
    """
    What an event's time is from now on: as it is told, and with what of it is over.

    `was` and `told_span` are the two in the link's measure, not both of them over. Where it was moved away
    from its past altogether, that part is not in the answer.
    """
    cut = measure.cut(now)
    same_end = told_span.ends_at == was.ends_at
    # With the same end it is the same stay, though by the channel's clock it may be tomorrow already.
    begins_by = measure.begun_by(now, isinstance(told, AllDay), tomorrow=same_end)
    if was.starts_at >= cut:
        return known if same_end and was.starts_at < told_span.starts_at <= begins_by else told
    if was.ends_at <= cut:
        begins_by = was.ends_at
    elif told_span.ends_at <= cut:
        return measure.when(Period(was.starts_at, cut))
    return _joined(known, was, told, told_span, measure) if told_span.starts_at <= begins_by else told


def _joined(known: When, was: Period, told: When, told_span: Period, measure: Measure) -> When:
    """From the beginning that was known to the end that is told; in dates or times as both say it."""
    whole = Period(was.starts_at, told_span.ends_at)
    joined: When | None = None
    if isinstance(known, AllDay) and isinstance(told, AllDay):
        joined = AllDay(known.first, told.after)
    elif isinstance(known, Timed) and isinstance(told, Timed):
        joined = Timed(known.starts_at, told.ends_at)
    return joined if joined is not None and measure.takes(joined) == whole else measure.when(whole)


def _span(measure: Measure, when: When) -> tuple[Period, bool]:
    spanned = measure.span(when)
    if spanned is None:
        raise AssertionError("an event without length is never stored")
    return spanned
