"""Reading what we exported, and with it judging which of a channel's events are our own word come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from connectors.contract import Mark, Nature, Pulled
from hub.domain.offers import Offer
from hub.domain.periods import MIDNIGHT, ONE_DAY, Period, at, days_covered
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.queries import exports as query
from hub.queries import inventory
from sync import exports, holding
from sync.holding import Held
from sync.planning import draining, echoes, marks
from sync.planning.differences import Difference
from sync.planning.echoes import Verdict
from sync.planning.exported import Before, Export, Heard, History, shown
from sync.planning.measure import Measure
from sync.signing import Signer


def judge_reading(
    session: Session,
    link: Link,
    offers: Sequence[Offer],
    pulled: Pulled,
    held: Held,
    found: Difference,
    measure: Measure,
    now: datetime,
) -> tuple[dict[str, Verdict], frozenset[UUID]]:
    """
    How the events of a whole calendar stand, by their keys, and the exports that its channel has dropped.

    Empty where none of our feeds has to do with the link's units: then all events are the channel's own.
    """
    manners = _Manners(pulled.returns_ours, pulled.whole_days)
    scene = _Scene.of(session, link, offers, measure, manners)
    if scene is None:
        return {}, frozenset()
    heard = tuple(_of_reading(held, found, measure))
    history = scene.history(session, held.rows.values(), heard, now)
    return echoes.judge(history, heard, now), draining.drained(history, heard, now)


def judge_stored(
    session: Session,
    link: Link,
    offers: Sequence[Offer],
    rows: Sequence[ExternalEvent],
    measure: Measure,
    now: datetime,
) -> dict[UUID, Verdict]:
    """How the events that are stored stand now, by their ids: our feeds, and the time, went on."""
    heard = {row.id: one for row in rows if (one := of_row(row, measure)) is not None}
    scene = _Scene.of(session, link, offers, measure, _Manners(link.returns_ours, link.whole_days))
    told = tuple(heard.values())
    history = scene.history(session, rows, told, now) if scene else History()
    verdicts = echoes.judge(history, told, now, link.verified_at)
    return {row_id: verdicts[one.key] for row_id, one in heard.items()}


def of_row(row: ExternalEvent, measure: Measure) -> Heard | None:
    """A stored event; None for one that takes nothing, as a visit at noon of what is let by the night."""
    period = measure.takes(holding.when_of(row))
    if period is None:
        return None
    return Heard(
        key=row.key,
        uid=row.key.partition("/")[0],
        period=period,
        nature=Nature(row.nature),
        mark=marks.from_json(row.mark),
        before=_before(row, period),
    )


def _of_reading(held: Held, found: Difference, measure: Measure) -> Iterable[Heard]:
    for pair in found.pairs:
        if pair.takes is not None:
            row, event = held.rows[pair.known.id], pair.event
            yield Heard(
                key=event.key,
                uid=event.uid,
                period=pair.takes,
                nature=event.nature,
                mark=event.mark,
                before=_before(row, measure.takes(holding.when_of(row)) or pair.takes),
            )
    for one in found.new:
        if one.takes:
            event = one.event
            yield Heard(key=one.key, uid=event.uid, period=one.span, nature=event.nature, mark=event.mark)


def _before(row: ExternalEvent, period: Period) -> Before:
    return Before(
        uid_out=row.uid_out,
        first_seen_at=row.first_seen_at,
        period=period,
        ours=() if holding.is_left_out(row) else holding.ours_of(row),
        muted=holding.muted_of(row),
    )


class _Manners(NamedTuple):
    """What the channel does with what it reads in our feed; see Pulled."""

    returns_ours: bool
    whole_days: bool


@dataclass(frozen=True, slots=True)
class _Scene:
    """The link that is judged, and the feeds that speak of its units."""

    link: Link
    measure: Measure
    by_the_day: bool
    by_content: bool
    domains: Mapping[UUID, str]
    """Of the UIDs in these feeds"""
    alike: frozenset[UUID]
    returned: Callable[[Mark], bool]

    @classmethod
    def of(
        cls,
        session: Session,
        link: Link,
        offers: Sequence[Offer],
        measure: Measure,
        manners: _Manners,
    ) -> _Scene | None:
        """None where there is no such feed."""
        leaves = inventory.leaves(offers)
        feeding = query.feeding(session, link.property_id, leaves) if leaves else ()
        if not feeding:
            return None
        signer = Signer.of(session)
        refs = frozenset(signer.ref(one.link_id) for one in feeding)
        return cls(
            link,
            measure,
            manners.whole_days and not measure.nightly,
            manners.returns_ours,
            {one.link_id: one.uid_domain for one in feeding},
            frozenset(one.link_id for one in feeding if one.leaves == leaves),
            lambda mark: signer.returned(mark, refs),
        )

    def history(
        self, session: Session, rows: Iterable[ExternalEvent], heard: Sequence[Heard], now: datetime
    ) -> History:
        """`rows` is all that is stored of the link."""
        recently = now - draining.OVERDUE
        # Of an hour that is over the rest of the day may be shown still.
        after = at(self.measure.day(now), MIDNIGHT, self.measure.zone) if self.by_the_day else now
        found = {row.id: row for row in query.of_time(session, self.link.id, self.alike, recently, after)}
        domains = frozenset(self.domains.values())
        uids = {one.uid for one in heard if one.uid.rpartition("@")[2] in domains}
        marked = (one.mark for one in heard if one.mark is not None)
        origins = {mark.origin for mark in marked if self.returned(mark)}
        if uids or origins:
            named = query.of_names(session, self.domains.keys(), origins, uids, now)
            found |= {row.id: row for row in named}
        told = [
            (row, one)
            for row in rows
            if row.missing_since is None and row.kept_at is None and not row.remainder
            if (one := of_row(row, self.measure)) is not None
        ]
        closed = (one.before for row, one in told if one.nature is not Nature.STAY and row.slide is None)
        return History(
            exports=tuple(self._export(row) for row in found.values()),
            returned=self.returned,
            by_content=self.by_content,
            read_at=self.link.verified_at,
            shown=shown((one for _, one in told), self.returned),
            closed=tuple(before for before in closed if before is not None) if self.measure.once else (),
        )

    def _export(self, row: Row[Any]) -> Export:
        period = Period(row.starts_at, row.ends_at)
        return Export(
            id=row.id,
            uid=row.uid,
            origin=row.origin,
            period=_whole_days(period, self.measure) if self.by_the_day else period,
            since_at=row.since_at,
            until_at=row.until_at,
            seen_at=row.seen_at,
            fetched_at=row.fetched_at,
            lost_at=row.lost_at,
            drained=row.drained_at is not None,
            here=row.link_id == self.link.id,
            alike=row.link_id in self.alike,
            told_here=exports.teller(row.kind) == self.link.id,
        )


def _whole_days(period: Period, measure: Measure) -> Period:
    last = measure.day(period.ends_at - period.ends_at.resolution)
    return days_covered(measure.day(period.starts_at), last + ONE_DAY, measure.zone)
