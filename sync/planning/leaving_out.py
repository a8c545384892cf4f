"""
Events of a feed that a person left out: they take nothing for as long as they are what they were. PURE.

Names of events are weak, and so is a person's word on one of them: another name may be another guest, and so
may other time, another code or other words. Then it counts again, for to be closed is the safe side. Nor is a
word remembered on what the channel does not tell once. A window that moves on every day is nobody's stay, and
stays left out for as long as it does no more than that: channels tell a stay beside it as one with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hub.domain.periods import Period
from sync.planning import slides
from sync.planning.differences import Pair
from sync.planning.echoes import Standing, Verdict
from sync.planning.measure import Measure

ALWAYS = Period(datetime(1900, 1, 1, tzinfo=UTC), datetime(9900, 1, 1, tzinfo=UTC))
"""None of its time, wherever it moves and whatever the clocks of the place become"""

LEFT_OUT = Verdict(Standing.IGNORED, ours=(ALWAYS,))


def still(pair: Pair, measure: Measure, now: datetime, read_at: datetime | None) -> bool:
    """Whether an event that was left out is what it was; `read_at` is when it was last read before."""
    known, said = pair.known, pair.text_digest
    if pair.event.part or said != known.text_digest:
        return False
    if pair.digest == known.digest and not pair.renamed:
        return True
    return (
        known.slide is not None
        and pair.slide is known.slide
        and slides.moves_on(known, pair.event.when, measure, now, read_at)
    )


def among(
    pairs: Iterable[Pair], measure: Measure, now: datetime, read_at: datetime | None
) -> dict[str, Verdict]:
    """How those stand that are left out still, by the keys under which they are told."""
    return {
        pair.event.key: LEFT_OUT
        for pair in pairs
        if pair.known.left_out and still(pair, measure, now, read_at)
    }
