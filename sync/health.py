"""How links do, by link and by property: how fresh, how far behind, what fails, and what a gap is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub.domain.consumers import PERSONS
from hub.errors import NotFound
from hub.models.properties import Property
from hub.queries import health as query
from sync.planning import exposure as exposing
from sync.planning import healthy
from sync.planning.exposure import Exposure
from sync.planning.healthy import Known, Standing


@dataclass(frozen=True, slots=True)
class Judged:
    """A link, what is known of it, and how it stands."""

    link_id: UUID
    property_id: UUID
    place: str
    connector: str
    channel: str
    scope: str
    direction: str
    known: Known
    standing: Standing
    measured_seconds: float | None
    began_at: datetime | None
    has_feed: bool
    age_seconds: float | None
    lag_seconds: float

    @property
    def order(self) -> tuple[int, float, UUID]:
        """The worst first; of those that stand alike, the one that was read longest ago."""
        age = self.age_seconds if self.age_seconds is not None else float("inf")
        return healthy.SEVERITY[self.standing], -age, self.link_id

    @property
    def runs_next(self) -> datetime | None:
        """When it is read again by itself."""
        waits = self.known.reads and self.known.state in ("active", "guarded")
        return self.known.next_pull_at if waits else None


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """The whole of one link; `exposure` only of one that is read."""

    judged: Judged
    words: str
    fetched_at: datetime | None
    exposure: Exposure | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the calendars of a property's units do."""

    property_id: UUID
    name: str
    links: Mapping[str, int]
    """How many stand how"""
    unlinked: tuple[tuple[UUID, str], ...]
    """Units of which no link speaks"""
    oldest: Judged | None
    """The link that was read longest ago, of those that are to be read"""
    runs_next: datetime | None
    words: str


def of_links(session: Session, now: datetime) -> tuple[Judged, ...]:
    """All links of the organization, the worst first; one statement."""
    return tuple(sorted(_judged(query.links(session), now), key=lambda one: one.order))


def of_link(session: Session, link_id: UUID, now: datetime) -> LinkHealth:
    """NotFound where there is no such link."""
    found = _judged(query.links(session, link_id=link_id), now)
    if not found:
        raise NotFound.because("not_found", "there is no such link")
    return in_full(session, found, now)[0]


def in_full(session: Session, links: Sequence[Judged], now: datetime) -> tuple[LinkHealth, ...]:
    """In the same order; two statements, however many they are."""
    reading = [one.link_id for one in links if one.known.reads]
    rates = query.rates(session, reading, now - exposing.SPAN, exposing.FIRST_READING)
    fetched = query.fetched(session, [one.link_id for one in links if one.has_feed], PERSONS)
    return tuple(_full(one, rates, fetched, now) for one in links)


def of_properties(session: Session, properties: Sequence[Property], now: datetime) -> tuple[Coverage, ...]:
    """In the same order; two statements."""
    ids = [place.id for place in properties]
    links: dict[UUID, list[Judged]] = defaultdict(list)
    for one in _judged(query.links(session, property_ids=ids), now):
        links[one.property_id].append(one)
    unlinked: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    for unit in query.unlinked(session, ids):
        unlinked[unit.property_id].append((unit.id, unit.name))
    return tuple(_coverage(place, links[place.id], unlinked[place.id]) for place in properties)


def _coverage(place: Property, links: Collection[Judged], unlinked: Sequence[tuple[UUID, str]]) -> Coverage:
    counts = healthy.counted(one.standing for one in links)
    to_be_read = [one for one in links if one.known.reads and one.standing is not Standing.PAUSED]
    return Coverage(
        property_id=place.id,
        name=place.name,
        links=counts,
        unlinked=tuple(unlinked),
        oldest=min(to_be_read, key=lambda one: one.order[1:], default=None),
        runs_next=min((one.runs_next for one in links if one.runs_next is not None), default=None),
        words=healthy.coverage(counts, len(unlinked)),
    )


def _full(
    one: Judged,
    rates: Mapping[UUID, tuple[int, int]],
    fetched: Mapping[UUID, datetime],
    now: datetime,
) -> LinkHealth:
    fetched_at = fetched.get(one.link_id)
    exposure = None
    if one.known.reads:
        here, there = rates[one.link_id]
        exposure = exposing.expected(
            measured_seconds=one.measured_seconds,
            interval_seconds=one.known.interval_seconds,
            verified_at=one.known.verified_at,
            linked_at=one.known.created_at,
            sold_here=here,
            came_there=there,
            now=now,
        )
    return LinkHealth(one, healthy.told(one.known, fetched_at, now), fetched_at, exposure)


def _judged(rows: Iterable[Row[Any]], now: datetime) -> list[Judged]:
    return [_one(row, now) for row in rows]


def _one(row: Row[Any], now: datetime) -> Judged:
    known = Known(
        state=row.state,
        reason=row.state_reason,
        reads=row.polled,
        by_event=row.by_event,
        created_at=row.created_at,
        verified_at=row.verified_at,
        failures=row.failures,
        failing_since=row.failing_since,
        interval_seconds=row.interval_seconds,
        next_pull_at=row.next_pull_at,
        rests_until=row.rests_until,
        running=row.running,
        dirty_seq=row.dirty_seq,
        synced_seq=row.synced_seq,
        notices=row.notices,
        noticed=row.noticed,
    )
    age = known.age(now)
    return Judged(
        link_id=row.id,
        property_id=row.property_id,
        place=row.place,
        connector=row.connector,
        channel=row.channel,
        scope=row.scope,
        direction=row.direction,
        known=known,
        standing=healthy.judge(known, now),
        measured_seconds=row.measured_seconds,
        began_at=row.began_at,
        has_feed=row.has_feed,
        age_seconds=age.total_seconds() if age is not None and known.reads else None,
        lag_seconds=known.lag(now).total_seconds(),
    )
