"""What is held of a link's calendar: rows to what is decided on, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import AllDay, Nature, RemoteEvent, Timed, When
from hub.database import organization_of, vault_of
from hub.domain.periods import Period
from hub.ids import new_id
from hub.models.external import ExternalBlock, ExternalEvent
from hub.models.links import Link
from hub.queries import external as query
from sync import citing
from sync.planning import marks
from sync.planning.differences import Pair
from sync.planning.echoes import Standing
from sync.planning.known import Known, Missing, Received, Slide, digest, text_digest
from sync.planning.measure import Measure, extent

MOST_NAMES = 50
"""Former names of one event that are kept: some channels give a new one every day"""


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one link by the events' ids, and the events in the planner's words."""

    rows: Mapping[UUID, ExternalEvent]
    blocks: Mapping[UUID, Sequence[ExternalBlock]]
    known: tuple[Known, ...]

    def leaves(self, event_id: UUID) -> frozenset[UUID]:
        """The leaf units that an event has."""
        blocks = self.blocks.get(event_id, ())
        return frozenset(block.unit_id for block in blocks if block.unit_id is not None)

    def settled(self, event_id: UUID) -> frozenset[UUID]:
        """The same; none where it waits for a unit with some of its time."""
        waits = any(block.unit_id is None for block in self.blocks.get(event_id, ()))
        return frozenset() if waits else self.leaves(event_id)

    @property
    def every_leaf(self) -> frozenset[UUID]:
        return frozenset(leaf for event_id in self.blocks for leaf in self.leaves(event_id))


def of_link(session: Session, link: Link, measure: Measure) -> Held:
    return _held(query.events_of(session, link.id), query.blocks_of(session, link.id), measure)


def of_items(
    session: Session, link: Link, item_ids: Collection[UUID], keys: Collection[str], measure: Measure
) -> Held:
    """Of a calendar that is synced event by event: what is held of these items, or has one of these names."""
    events = query.events_of_items(session, link.id, item_ids, keys)
    return _held(events, query.blocks_of_events(session, [event.id for event in events]), measure)


def _held(
    events: Iterable[ExternalEvent], blocks: Mapping[UUID, Sequence[ExternalBlock]], measure: Measure
) -> Held:
    rows = {row.id: row for row in events}
    held = Held(rows, blocks, ())
    return Held(rows, blocks, tuple(_known(row, held.settled(row.id), measure) for row in rows.values()))


def when_of(row: ExternalEvent) -> When:
    """An event's time in the words in which it is stored."""
    if row.first is not None and row.after is not None:
        return AllDay(row.first, row.after)
    return Timed(row.starts_at, row.ends_at)


def is_left_out(row: ExternalEvent) -> bool:
    """A person said that this event of a feed takes nothing."""
    return row.standing == Standing.IGNORED


def ours_of(row: ExternalEvent) -> tuple[Period, ...]:
    """What of an event takes nothing: our own word come back, or all of one that was left out."""
    return periods_from(row.echo)


def muted_of(row: ExternalEvent) -> tuple[Period, ...]:
    """What of an event most likely is our own word come by a detour."""
    return periods_from(row.muted)


def periods_from(stored: Iterable[Sequence[str]]) -> tuple[Period, ...]:
    return tuple(Period(*map(datetime.fromisoformat, edges)) for edges in stored)


def periods_to(periods: Iterable[Period]) -> list[list[str]]:
    return [[period.starts_at.isoformat(), period.ends_at.isoformat()] for period in periods]


def _known(row: ExternalEvent, leaves: frozenset[UUID], measure: Measure) -> Known:
    when = when_of(row)
    missing = None
    if row.missing_since is not None and row.missing_read_at is not None:
        missing = Missing(row.missing_since, row.missing_read_at, row.missing_reads, row.missing_needs)
    return Known(
        id=row.id,
        key=row.key,
        when=when,
        pieces=measure.pieces(when, ours_of(row)),
        nature=Nature(row.nature),
        code=row.code,
        slide=Slide(row.slide) if row.slide else None,
        digest=row.digest,
        text_digest=row.text_digest,
        leaves=leaves,
        missing=missing,
        kept_at=row.kept_at,
        remainder=row.remainder,
        changed_at=row.changed_at,
        left_out=is_left_out(row),
    )


def new(
    session: Session, link: Link, one: Received, slide: Slide | None, measure: Measure, now: datetime
) -> dict[str, Any]:
    """An event that was not known, by the names of its columns; how it stands is for others to add, and
    whose item it is."""
    digests = digest(one.event, one.event.when), text_digest(one.event)
    return {
        **_named(session, link, one.key, now),
        **_time(one.event.when, measure),
        **_words(session, one.event, *digests),
        "slide": slide,
    }


def add_remainder(
    session: Session, link: Link, of: ExternalEvent, when: When, measure: Measure, now: datetime
) -> ExternalEvent:
    """Store time that an event left behind, with the event's texts: the channel has no name for it."""
    row = ExternalEvent(**_named(session, link, "", now), digest=b"", standing="external", echo=[], muted=[])
    row.key = f"remainder:{row.id}"
    _put(row, _time(when, measure))
    row.nature, row.code, row.slide = of.nature, of.code, of.slide
    row.sealed, row.mark, row.problem = of.sealed, of.mark, of.problem
    row.remainder, row.first_seen_at, row.item_id = True, of.first_seen_at, of.item_id
    session.add(row)
    return row


def change(session: Session, row: ExternalEvent, pair: Pair, measure: Measure, now: datetime) -> None:
    """Store what was received of a known event; only what differs is written."""
    if row.key == pair.event.key and _says_other_words(row, pair):
        _called(row, now)
    rename(row, pair.event.key, now)
    if pair.when != pair.known.when:
        _put(row, _time(pair.when, measure))
        row.changed_at = now
    if (row.digest, row.text_digest) != (pair.digest, pair.text_digest):
        _put(row, _words(session, pair.event, pair.digest, pair.text_digest))
    row.slide = pair.slide
    told(row)


def rename(row: ExternalEvent, key: str, now: datetime) -> None:
    """The name that it had is remembered, unless it was only a stopgap."""
    if row.key == key:
        return
    if row.key != _stopgap(row):
        _called(row, now)
    row.key = key


def _called(row: ExternalEvent, now: datetime) -> None:
    row.called = [*row.called, {"key": row.key, "until": now.isoformat()}][-MOST_NAMES:]


def _says_other_words(row: ExternalEvent, pair: Pair) -> bool:
    """About the same time."""
    return row.text_digest != pair.text_digest or (row.digest != pair.digest and pair.when == pair.known.when)


def cite(session: Session, row: ExternalEvent) -> None:
    """What it takes, or whether it waits, is another now. What a person does leaves the run alone."""
    row.run_id = citing.run_of(session) or row.run_id


def displace(row: ExternalEvent, now: datetime) -> None:
    """Give up the name: another event has it now."""
    rename(row, _stopgap(row), now)


def _stopgap(row: ExternalEvent) -> str:
    return f"~{row.id}"


def told(row: ExternalEvent) -> None:
    """The channel tells it, so it neither waits nor is it kept against the channel's word."""
    row.kept_at = None
    wait(row, None)


def wait(row: ExternalEvent, missing: Missing | None) -> None:
    row.missing_since = missing.since if missing else None
    row.missing_read_at = missing.read_at if missing else None
    row.missing_reads = missing.reads if missing else 0
    row.missing_needs = missing.needs if missing else 0


def shorten(row: ExternalEvent, when: When, measure: Measure, now: datetime) -> None:
    """What is left of an event that is gone: its past, which is frozen."""
    _put(row, _time(when, measure))
    row.changed_at = now
    told(row)


def measured(row: ExternalEvent, measure: Measure) -> None:
    """Its instants, where the clocks of the place or the terms of its units are others now."""
    _put(row, _time(when_of(row), measure))


def _put(row: ExternalEvent, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _named(session: Session, link: Link, key: str, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": organization_of(session),
        "id": new_id(),
        "link_id": link.id,
        "key": key,
        "uid_out": f"{new_id()}@{link.uid_domain}",
        "first_seen_at": now,
        "changed_at": now,
        "called": [],
        "run_id": citing.run_of(session),
    }


def _time(when: When, measure: Measure) -> dict[str, Any]:
    whole = extent(when, measure.zone)
    if whole is None:
        raise AssertionError("an event without extent is never stored")
    return {
        "all_day": isinstance(when, AllDay),
        "first": when.first if isinstance(when, AllDay) else None,
        "after": when.after if isinstance(when, AllDay) else None,
        "starts_at": whole.starts_at,
        "ends_at": whole.ends_at,
    }


def _words(session: Session, event: RemoteEvent, digest: bytes, text_digest: bytes) -> dict[str, Any]:
    return {
        "nature": event.nature.value,
        "code": event.code,
        "problem": event.problem,
        "mark": marks.to_json(event.mark),
        "sealed": vault_of(session).seal(
            {"summary": event.summary, "description": event.description, "phone_digits": event.phone_digits}
        ),
        "digest": digest,
        "text_digest": text_digest,
    }
