"""What a reading leaves of the time that is held: what is told, what is lost, what is missing. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.contract import AllDay
from hub.domain.periods import Period, difference
from sync.planning import slides
from sync.planning.differences import Difference, Kind, Pair
from sync.planning.known import Known
from sync.planning.measure import Measure

Periods = tuple[Period, ...]


@dataclass(slots=True)
class Scales:
    """All that is ahead of a link's time, and the past that would otherwise go with an event that moved."""

    measure: Measure
    now: datetime
    cut: datetime
    held: list[tuple[Known, Period]] = field(default_factory=list)
    """Until this reading, except what a person keeps"""
    told: list[Period] = field(default_factory=list)
    gained: list[Period] = field(default_factory=list)
    """Told, and not held until now"""
    kept: list[Period] = field(default_factory=list)
    """Held whatever is told: a person said so, or it only comes to its end"""
    lost: list[tuple[Pair, Period]] = field(default_factory=list)
    """Held until now by an event that is told still, but not there"""
    missing: list[tuple[Known, Periods]] = field(default_factory=list)
    empty: list[Known] = field(default_factory=list)
    """Missing, and without any time that could be freed"""
    past: list[tuple[Pair, Period]] = field(default_factory=list)
    """Over, of an event that was moved away from it"""
    something: bool = False
    """The calendar tells of something ahead"""
    more_than_windows: bool = False

    @property
    def given(self) -> list[Period]:
        """
        What takes the place of time that is not told any more: of one unit all that is told, of several what
        is told more than before, for the rest is in use already.
        """
        return [*self.told, *self.kept] if self.measure.once else self.gained

    def ahead(self, periods: Iterable[Period]) -> Periods:
        return tuple(
            one if one.starts_at >= self.cut else Period(self.cut, one.ends_at)
            for one in periods
            if one.ends_at > self.cut
        )


def weigh(
    found: Difference,
    measure: Measure,
    now: datetime,
    read_at: datetime | None,
    ours: Mapping[str, Periods],
) -> Scales:
    """See `guard.judge` for what is handed in."""
    scales = Scales(measure, now, measure.cut(now))
    for pair in found.pairs:
        _pair(scales, pair, ours.get(pair.event.key, ()) if ours else (), read_at)
    for one in found.new:
        _told(scales, one.pieces, window=one.key in found.slides)
        own = difference(one.pieces, ours[one.key]) if one.key in ours else one.pieces
        own = scales.ahead(own)
        scales.told += own
        scales.gained += own
    for known in found.missing:
        _missing(scales, known)
    return scales


def _pair(scales: Scales, pair: Pair, ours: Periods, read_at: datetime | None) -> None:
    known = pair.known
    takes = (pair.takes,) if pair.takes is not None else ()
    _told(scales, takes, window=pair.slide is not None)
    own = scales.ahead(difference(takes, ours) if ours else takes)
    had = scales.ahead(known.pieces)
    if had != own:
        had = difference(had, ours) if ours else had
        if pair.kind is Kind.SLID and pair.takes is not None:
            free = slides.slid(known, pair.takes, scales.measure, scales.now, read_at)
            had = difference(had, (free,)) if free is not None else had
        scales.lost += [(pair, period) for period in difference(had, own)]
        scales.gained += difference(own, had)
    scales.held += [(known, period) for period in had]
    scales.told += own
    if pair.when != known.when:
        over = [one for one in known.pieces if one.starts_at < scales.cut]
        left = difference(over, (*takes, *scales.ahead(over)))
        scales.past += [(pair, period) for period in left]


def _missing(scales: Scales, known: Known) -> None:
    had = scales.ahead(known.pieces)
    if known.kept_at is not None or _may_be_cut_off(scales, known):
        scales.kept += had
    elif had:
        scales.missing.append((known, had))
        scales.held += [(known, period) for period in had]
    elif not known.pieces:
        spanned = scales.measure.span(known.when)
        if spanned is None or spanned[0].ends_at > scales.cut:
            scales.empty.append(known)


def _may_be_cut_off(scales: Scales, known: Known) -> bool:
    """
    It ends by tomorrow and was told until now: channels drop what is over, and somewhere on earth it is
    tomorrow already. Its last night is not freed by silence.
    """
    if known.missing is not None or known.remainder or not known.pieces:
        return False
    by = scales.measure.begun_by(scales.now, isinstance(known.when, AllDay), tomorrow=True)
    return known.pieces[-1].ends_at <= by


def _told(scales: Scales, takes: Periods, *, window: bool) -> None:
    if any(one.ends_at > scales.cut for one in takes):
        scales.something = True
        scales.more_than_windows = scales.more_than_windows or not window
