"""What is held of one calendar, kept in memory: each reading is decided by the planner and then written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from uuid import UUID

from connectors.contract import AllDay, Nature, RemoteEvent, Timed
from hub.domain.periods import Period
from sync.planning import differences, guard, identity, known, slides
from sync.planning.differences import Difference, Kind
from sync.planning.guard import Gone, Verdict
from sync.planning.known import Known
from sync.planning.measure import Measure
from sync.planning.notices import Notices, notices
from sync.planning.tallies import excess
from tests.hub.domain.inventory import LISBON

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
TODAY = date(2026, 6, 1)
"""Of NOW in Lisbon"""

ROOM = Measure(LISBON, nightly=True, once=True)
DORM = Measure(LISBON, nightly=True, once=False)
CAR = Measure(LISBON, nightly=False, once=True)
MEASURES = (ROOM, DORM, CAR)

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


def days(
    first: int,
    after: int,
    uid: str = "a",
    nature: Nature = Nature.STAY,
    *,
    code: str = "",
    summary: str = "",
) -> RemoteEvent:
    """All-day, `first` and `after` counted from TODAY."""
    when = AllDay(TODAY + timedelta(days=first), TODAY + timedelta(days=after))
    return RemoteEvent(uid, None, when, True, summary, nature=nature, code=code)


def hours(day: int, start: int, end: int, uid: str = "a", nature: Nature = Nature.STAY) -> RemoteEvent:
    """Of one day, by the clocks of the place."""
    on = TODAY + timedelta(days=day)
    edges = (datetime.combine(on, time(hour), LISBON).astimezone(UTC) for hour in (start, end))
    return RemoteEvent(uid, None, Timed(*edges), True, nature=nature)


def known_as(event: RemoteEvent, number: int = 1, measure: Measure = ROOM, **more: object) -> Known:
    """An event as it would be stored."""
    stored = Known(
        id=UUID(int=number),
        key=event.key,
        when=event.when,
        pieces=measure.pieces(event.when),
        nature=event.nature,
        code=event.code,
        digest=known.digest(event, event.when),
        text_digest=known.text_digest(event),
    )
    return replace(stored, **more)  # type: ignore[arg-type]


def pieces(events: Iterable[RemoteEvent], measure: Measure) -> list[Period]:
    return [one for event in events for one in measure.pieces(event.when)]


def lacking(
    wanted: Iterable[Period], there: Iterable[Period], measure: Measure, now: datetime
) -> list[Period]:
    """What is wanted and not there, ahead of now."""
    cut = measure.cut(now)
    short = excess(wanted, there, once=measure.once)
    return [
        Period(max(one.period.starts_at, cut), one.period.ends_at)
        for one in short
        if one.period.ends_at > cut
    ]


@dataclass(frozen=True, slots=True)
class Reading:
    found: Difference
    verdict: Verdict
    notices: Notices

    @property
    def quiet(self) -> bool:
        return self.notices == Notices()


@dataclass(slots=True)
class Holding:
    """`guarded` False is the control: what is not told is free at once, as without any guard."""

    measure: Measure = ROOM
    guarded: bool = True
    rows: dict[UUID, Known] = field(default_factory=dict)
    read_at: datetime | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def reads(
        self,
        events: Collection[RemoteEvent],
        now: datetime,
        *,
        ours: Mapping[str, tuple[Period, ...]] | None = None,
    ) -> Reading:
        """One successful reading of the whole calendar."""
        heard = known.received(events, self.measure)
        windows = slides.kinds(heard, self.measure, now)
        binding = identity.bind(self.rows.values(), heard, self.measure, now, windows)
        found = differences.between(binding, self.measure, now)
        verdict = guard.judge(found, self.measure, now, read_at=self.read_at, ours=ours or {})
        if not self.guarded:
            verdict = self._unguarded(found, now)
        for one in binding.displaced:
            self._write(replace(self.rows[one.id], key=f"~{one.id}"))
        ids = self._write_told(found, verdict, now, ours or {})
        self.read_at = now
        keys = [row.key for row in self.rows.values()]
        assert len(keys) == len(set(keys)), "the database holds each key once"
        return Reading(found, verdict, notices(found, verdict, ids, self.measure, now, ours or {}))

    def held(self) -> list[Period]:
        return [piece for row in self.rows.values() for piece in row.pieces]

    def past(self, cut: datetime) -> list[Period]:
        """What is held before the cut."""
        return [Period(one.starts_at, min(one.ends_at, cut)) for one in self.held() if one.starts_at < cut]

    def lacks(self, events: Iterable[RemoteEvent], now: datetime) -> list[Period]:
        return lacking(pieces(events, self.measure), self.held(), self.measure, now)

    def exceeds(self, events: Iterable[RemoteEvent], now: datetime) -> list[Period]:
        return lacking(self.held(), pieces(events, self.measure), self.measure, now)

    @property
    def waiting(self) -> list[Known]:
        return [row for row in self.rows.values() if row.missing is not None]

    def keep(self, event_id: UUID, now: datetime) -> None:
        self._write(replace(self.rows[event_id], kept_at=now, missing=None))

    def release(self, now: datetime) -> None:
        for gone in guard.release(self.waiting, self.measure, now):
            self._go(gone)

    def _write_told(
        self, found: Difference, verdict: Verdict, now: datetime, ours: Mapping[str, tuple[Period, ...]]
    ) -> dict[str, UUID]:
        waiting = {one.known.id: one.missing for one in verdict.waiting}
        for row in list(self.rows.values()):
            self._write(replace(row, missing=waiting.get(row.id)))
        for pair in found.pairs:
            row = replace(self.rows[pair.known.id], key=pair.event.key, missing=None, kept_at=None)
            if pair.kind not in (Kind.SAME, Kind.RENAMED):
                changed_at = now if pair.kind in (Kind.CHANGED, Kind.SLID) else row.changed_at
                row = replace(
                    row,
                    when=pair.when,
                    nature=pair.event.nature,
                    code=pair.event.code,
                    slide=pair.slide,
                    digest=pair.digest,
                    text_digest=pair.text_digest,
                    changed_at=changed_at,
                )
            self._write(replace(row, pieces=self.measure.pieces(pair.when, ours.get(pair.event.key, ()))))
        ids = {}
        for one in found.new:
            ids[one.key] = self._id()
            row = known_as(one.event, ids[one.key].int, self.measure, slide=found.slides.get(one.key))
            self._write(
                replace(row, pieces=self.measure.pieces(row.when, ours.get(one.key, ())), changed_at=now)
            )
        for gone in verdict.gone:
            self._go(gone)
        for rest in verdict.remainders:
            event_id = self._id()
            self._write(
                Known(
                    id=event_id,
                    key=f"remainder:{event_id}",
                    when=rest.when,
                    pieces=(rest.period,),
                    nature=rest.of.nature,
                    slide=rest.of.slide,
                    missing=rest.missing,
                    remainder=True,
                    changed_at=now,
                )
            )
            assert self.measure.takes(rest.when) == rest.period
        return ids

    def _go(self, gone: Gone) -> None:
        if gone.past is None:
            del self.rows[gone.known.id]
        else:
            row = self.rows[gone.known.id]
            self._write(replace(row, when=gone.past, pieces=self.measure.pieces(gone.past), missing=None))

    def _write(self, row: Known) -> None:
        self.rows[row.id] = row

    def _id(self) -> UUID:
        return UUID(int=next(self._numbers))

    def _unguarded(self, found: Difference, now: datetime) -> Verdict:
        cut = self.measure.cut(now)
        gone = []
        for row in found.missing:
            if any(one.ends_at > cut for one in row.pieces):
                gone.append(Gone(row, self.measure.past(row.when, cut), True))
        return Verdict(tuple(gone))


FOUR = [days(20, 23, "a"), days(30, 33, "b"), days(40, 43, "c"), days(50, 53, "d")]
"""Stays of three nights each"""

LATER = NOW + DAY


def holding_of(*events: RemoteEvent, measure: Measure = ROOM) -> Holding:
    """These were read at NOW."""
    holding = Holding(measure)
    holding.reads(events, NOW)
    return holding


def readings_until_free(
    holding: Holding, told: Collection[RemoteEvent], apart: timedelta = QUARTER, start: datetime = LATER
) -> int:
    """How many readings it takes until nothing waits any more."""
    for number in range(1, 12):
        holding.reads(told, start + (number - 1) * apart)
        if not holding.waiting:
            return number
    raise AssertionError("it waits for ever")
