"""External events and blocks of a link."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    String,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import CollectionAggregate

from hub.models.external import ConflictRecord, ExternalBlock, ExternalEvent
from hub.queries import rows
from hub.queries.conflicts import STANDS


def events_of(session: Session, link_id: UUID) -> tuple[ExternalEvent, ...]:
    """All events of a link by start."""
    statement = select(ExternalEvent).where(ExternalEvent.link_id == link_id)
    return tuple(session.scalars(statement.order_by(ExternalEvent.starts_at, ExternalEvent.id)))


def events_of_items(
    session: Session, link_id: UUID, item_ids: Collection[UUID], keys: Collection[str]
) -> tuple[ExternalEvent, ...]:
    """Events of a link that are occurrences of these sync items, or have one of these keys, by start."""
    named = ExternalEvent.key == any_(bindparam(None, list(keys), ARRAY(String)))
    which = or_(ExternalEvent.item_id == _any(item_ids), named)
    statement = select(ExternalEvent).where(ExternalEvent.link_id == link_id, which)
    return tuple(session.scalars(statement.order_by(ExternalEvent.starts_at, ExternalEvent.id)))


def event_page(
    session: Session, link_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> Sequence[Row[Any]]:
    """(event, ids of the units it takes), by start; `after` is (starts_at, id) of the last one seen."""
    units = (
        select(func.array_agg(ExternalBlock.unit_id.distinct()))
        .where(ExternalBlock.event_id == ExternalEvent.id)
        .correlate(ExternalEvent)
        .scalar_subquery()
    )
    statement = select(ExternalEvent, units.label("unit_ids")).where(ExternalEvent.link_id == link_id)
    if after is not None:
        statement = statement.where(tuple_(ExternalEvent.starts_at, ExternalEvent.id) > after)
    return session.execute(statement.order_by(ExternalEvent.starts_at, ExternalEvent.id).limit(limit)).all()


def runs_of(session: Session, event_ids: Collection[UUID]) -> Mapping[UUID, UUID | None]:
    """By which run each of these events came, or changed last."""
    if not event_ids:
        return {}
    statement = select(ExternalEvent.id, ExternalEvent.run_id).where(ExternalEvent.id == _any(event_ids))
    return {row.id: row.run_id for row in session.execute(statement)}


def event(session: Session, link_id: UUID, event_id: UUID) -> ExternalEvent | None:
    """One event of a link."""
    statement = select(ExternalEvent).where(ExternalEvent.link_id == link_id, ExternalEvent.id == event_id)
    return session.scalar(statement)


def left_out(session: Session, link_id: UUID, now: datetime, limit: int) -> Sequence[ExternalEvent]:
    """
    Events of a feed that a person said are not to count, that are told still and not over; the oldest first.
    """
    statement = (
        select(ExternalEvent)
        .where(
            ExternalEvent.link_id == link_id,
            ExternalEvent.standing == "ignored",
            ExternalEvent.ends_at > now,
        )
        .order_by(ExternalEvent.first_seen_at, ExternalEvent.id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def blocks_of(session: Session, link_id: UUID) -> Mapping[UUID, tuple[ExternalBlock, ...]]:
    """The blocks of a link by their event's id."""
    return _by_event(session.scalars(select(ExternalBlock).where(ExternalBlock.link_id == link_id)))


def blocks_of_events(
    session: Session, event_ids: Collection[UUID]
) -> Mapping[UUID, tuple[ExternalBlock, ...]]:
    """The same of some events."""
    if not event_ids:
        return {}
    return _by_event(session.scalars(select(ExternalBlock).where(ExternalBlock.event_id == _any(event_ids))))


def _by_event(blocks: Iterable[ExternalBlock]) -> dict[UUID, tuple[ExternalBlock, ...]]:
    found: dict[UUID, tuple[ExternalBlock, ...]] = {}
    for block in blocks:
        found[block.event_id] = (*found.get(block.event_id, ()), block)
    return found


def waiting(session: Session, link_id: UUID, *, or_kept: bool = False) -> tuple[ExternalEvent, ...]:
    """Events that the channel no longer tells and that wait to be freed, by start; or those kept as well."""
    gone = ExternalEvent.missing_since.is_not(None)
    wanted = or_(gone, ExternalEvent.kept_at.is_not(None)) if or_kept else gone
    statement = select(ExternalEvent).where(ExternalEvent.link_id == link_id, wanted)
    return tuple(session.scalars(statement.order_by(ExternalEvent.starts_at, ExternalEvent.id)))


def count_readings_anew(session: Session, link_id: UUID, now: datetime) -> None:
    """What waits on a link waits from the beginning: what agreed so far was said at another address."""
    session.execute(
        update(ExternalEvent)
        .where(ExternalEvent.link_id == link_id, ExternalEvent.missing_since.is_not(None))
        .values(missing_reads=0, missing_read_at=now)
    )


def forget_words_of_left_out(session: Session, link_id: UUID) -> None:
    """What a person left out was told at another address: nothing that is told here is sure to be it."""
    session.execute(
        update(ExternalEvent)
        .where(ExternalEvent.link_id == link_id, ExternalEvent.standing == "ignored")
        .values(text_digest=b"")
    )


def remainders_beside(session: Session, event_id: UUID) -> frozenset[UUID]:
    """What is left of events that shrank or moved, on the link of this event."""
    of_link = select(ExternalEvent.link_id).where(ExternalEvent.id == event_id).scalar_subquery()
    statement = select(ExternalEvent.id).where(ExternalEvent.link_id == of_link, ExternalEvent.remainder)
    return frozenset(session.scalars(statement))


def _any(ids: Collection[UUID]) -> CollectionAggregate[Any]:
    """One parameter, however many there are: a statement with one for each is made anew for each number."""
    return any_(bindparam(None, list(ids), ARRAY(Uuid)))


def drop_events(session: Session, event_ids: Collection[UUID]) -> None:
    """The blocks go with their events."""
    if event_ids:
        session.execute(delete(ExternalEvent).where(ExternalEvent.id == _any(event_ids)))


def end_blocks(session: Session, event_ids: Collection[UUID], at: datetime) -> None:
    """What these events take ends there; what they take later goes."""
    if event_ids:
        of_these = ExternalBlock.event_id == _any(event_ids)
        session.execute(delete(ExternalBlock).where(of_these, ExternalBlock.starts_at >= at))
        session.execute(
            update(ExternalBlock).where(of_these, ExternalBlock.ends_at > at).values(ends_at=at, free_at=at)
        )


def replace_blocks(
    session: Session,
    event_ids: Collection[UUID],
    blocks: Sequence[dict[str, Any]],
    new: Collection[UUID] = frozenset(),
) -> None:
    """These rows are from now on all blocks of these events, of which those that are `new` have none yet."""
    if had := [event_id for event_id in event_ids if event_id not in new]:
        session.execute(delete(ExternalBlock).where(ExternalBlock.event_id == _any(had)))
    rows.insert_values(session, {ExternalBlock: blocks})


def events_on(session: Session, unit_ids: Collection[UUID]) -> frozenset[UUID]:
    """Events with a block on these leaf units, or in a conflict about them that stands."""
    blocks = select(ExternalBlock.event_id).where(ExternalBlock.unit_id.in_(unit_ids))
    conflicts = select(ConflictRecord.event_id).where(
        STANDS, ConflictRecord.event_id.is_not(None), ConflictRecord.unit_id.in_(unit_ids)
    )
    return frozenset(session.scalars(blocks.union(conflicts)))


def in_part(session: Session, link_ids: Collection[UUID], now: datetime) -> Sequence[Row[Any]]:
    """What these links' events that were read only in part and take time yet are called, by start."""
    return session.execute(_IN_PART, {"links": list(link_ids), "now": now}).all()


def still_in_part(session: Session, event_id: UUID) -> bool:
    """Whether it is there, and was read only in part; if so it stays like that until the end of this."""
    in_part = (ExternalEvent.id == event_id, ExternalEvent.problem.is_not(None))
    return session.scalar(select(ExternalEvent.id).where(*in_part).with_for_update(read=True)) is not None


def links_with_unplaced(session: Session, unit_ids: Collection[UUID], now: datetime) -> tuple[UUID, ...]:
    """Links of the units' properties of which some event that is not over found no unit."""
    return tuple(session.scalars(_UNPLACED, {"units": list(unit_ids), "now": now}))


def links_to_restand(session: Session, now: datetime) -> tuple[UUID, ...]:
    """Links with events that are, or might be, our own word come back, and are not over."""
    return tuple(session.scalars(_TO_RESTAND, {"now": now}))


_TO_RESTAND = text("""
    SELECT DISTINCT e.link_id FROM external_events e
    JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
    WHERE e.ends_at > :now AND e.nature <> 'stay' AND e.item_id IS NULL
      AND (e.standing <> 'external' OR EXISTS (
        SELECT FROM links other
        WHERE other.organization_id = l.organization_id AND other.property_id = l.property_id
          AND other.feed_token_hash IS NOT NULL))
    ORDER BY e.link_id
""")

_IN_PART = text("""
    SELECT e.id AS event_id, e.link_id, e.key, e.item_id AS family_id FROM external_events e
    WHERE e.link_id = ANY(CAST(:links AS uuid[])) AND e.problem IS NOT NULL AND NOT e.remainder
      AND e.ends_at > :now AND EXISTS (
        SELECT FROM external_blocks b
        WHERE b.organization_id = e.organization_id AND b.event_id = e.id AND b.ends_at > :now
          AND NOT b.muted)
    ORDER BY e.starts_at, e.id
""")

_UNPLACED = text("""
    SELECT DISTINCT b.link_id FROM external_blocks b
    JOIN links l ON l.organization_id = b.organization_id AND l.id = b.link_id
    WHERE b.unit_id IS NULL AND b.ends_at > :now
      AND l.property_id IN (SELECT property_id FROM units WHERE id = ANY(CAST(:units AS uuid[])))
    ORDER BY b.link_id
""")
