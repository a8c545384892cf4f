"""Items of links that are synced event by event, and the writes that are on their way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, exists, func, select, text, update
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.models.sync import OPEN_OPS, SyncItem, SyncOp

S = TypeVar("S", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a link waits to be done, beside what its channel may tell."""

    inflight: bool
    touched: bool
    gone: bool
    """Deletions that the guard holds"""
    full_pending: bool
    """What a full listing did not name has not all been looked for"""


_WAITING = text("""
    SELECT EXISTS (SELECT FROM sync_ops o WHERE o.organization_id = l.organization_id AND o.link_id = l.id
                   AND o.state IN ('ready', 'inflight')) AS inflight,
           EXISTS (SELECT FROM sync_items i WHERE i.organization_id = l.organization_id AND i.link_id = l.id
                   AND i.touched) AS touched,
           l.guard IS NOT NULL AS gone, l.full_pending
    FROM links l WHERE l.id = CAST(:link AS uuid)
""")


def waiting(session: Session, link_id: UUID) -> Waiting:
    return Waiting(**session.execute(_WAITING, {"link": link_id}).one()._asdict())


def by_remote(session: Session, link_id: UUID, remote_ids: Collection[str]) -> Mapping[str, SyncItem]:
    """Items by the ids that their events have there."""
    statement = select(SyncItem).where(SyncItem.link_id == link_id, SyncItem.remote_id.in_(remote_ids))
    return {item.remote_id: item for item in session.scalars(_afresh(statement))}


def ours(session: Session, link_id: UUID, remote_ids: Collection[str]) -> frozenset[str]:
    """Those of these ids that events of ours have there, whatever has become of their markers."""
    statement = select(SyncItem.remote_id).where(
        SyncItem.link_id == link_id, SyncItem.origin == "hub", SyncItem.remote_id.in_(remote_ids)
    )
    return frozenset(session.scalars(statement))


def item(session: Session, item_id: UUID) -> SyncItem | None:
    return session.get(SyncItem, (organization_of(session), item_id), populate_existing=True)


def of_local(session: Session, local_ids: Collection[UUID]) -> Sequence[SyncItem]:
    """Items of all links that stand for these."""
    statement = select(SyncItem).where(SyncItem.local_id.in_(local_ids)).order_by(SyncItem.id)
    return session.scalars(_afresh(statement)).all()


def touched(session: Session, link_id: UUID, origin: str, limit: int, after: UUID) -> Sequence[UUID]:
    """Ids of items to be planned, in their order; `after` is the last one seen."""
    statement = (
        select(SyncItem.id)
        .where(SyncItem.link_id == link_id, SyncItem.touched, SyncItem.origin == origin, SyncItem.id > after)
        .order_by(SyncItem.id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def families(session: Session, link_id: UUID, item_ids: Collection[UUID]) -> Sequence[SyncItem]:
    """These items of theirs, and whatever belongs to the same series."""
    mine = select(SyncItem.series).where(SyncItem.id.in_(item_ids), SyncItem.series.is_not(None))
    theirs = SyncItem.origin == "remote"
    statement = select(SyncItem).where(SyncItem.link_id == link_id, theirs, SyncItem.id.in_(item_ids))
    found = {one.id: one for one in session.scalars(_afresh(statement))}
    of_series = select(SyncItem).where(SyncItem.link_id == link_id, theirs, SyncItem.series.in_(mine))
    found |= {one.id: one for one in session.scalars(_afresh(of_series))}
    return sorted(found.values(), key=lambda one: one.id)


def unseen(session: Session, link_id: UUID, generation: int, limit: int) -> Sequence[SyncItem]:
    """What lives as far as we know, and was not in the full listing."""
    statement = (
        select(SyncItem)
        .where(
            SyncItem.link_id == link_id,
            SyncItem.remote_state == "present",
            SyncItem.seen_generation < generation,
        )
        .order_by(SyncItem.id)
        .limit(limit)
    )
    return session.scalars(_afresh(statement)).all()


def see(session: Session, link_id: UUID, remote_ids: Collection[str], generation: int) -> None:
    session.execute(
        update(SyncItem)
        .where(SyncItem.link_id == link_id, SyncItem.remote_id.in_(remote_ids))
        .values(seen_generation=generation)
        .execution_options(synchronize_session=False)
    )


def just_gone(session: Session, link_id: UUID) -> Sequence[SyncItem]:
    """Deleted there, agreed on before, and not yet weighed by the guard."""
    statement = select(SyncItem).where(
        SyncItem.link_id == link_id,
        SyncItem.remote_state == "deleted",
        SyncItem.gone_at.is_(None),
        SyncItem.base_remote.is_not(None),
        SyncItem.tombstoned_at.is_(None),
        (SyncItem.series.is_(None)) | (SyncItem.series == SyncItem.remote_id),
    )
    return session.scalars(_afresh(statement.order_by(SyncItem.id))).all()


def held(session: Session, link_id: UUID) -> Sequence[SyncItem]:
    """Deleted there, and held by the guard."""
    statement = select(SyncItem).where(
        SyncItem.link_id == link_id,
        SyncItem.remote_state == "deleted",
        SyncItem.gone_at.is_not(None),
        ~SyncItem.gone_agreed,
    )
    return session.scalars(_afresh(statement.order_by(SyncItem.id))).all()


def counts(session: Session, link_id: UUID, since: datetime) -> tuple[int, int]:
    """
    (live, gone since): events that live as far as we know, and deletions that were weighed since; what was
    put back since had been deleted too.
    """
    put_back = exists().where(
        SyncOp.item_id == SyncItem.id,
        SyncOp.incarnation == SyncItem.incarnation,
        SyncOp.kind == "create",
        SyncOp.created_at > since,
    )
    live = func.count().filter(SyncItem.remote_state == "present")
    gone = func.count().filter((SyncItem.gone_at > since) | ((SyncItem.restores > 0) & put_back))
    row = session.execute(select(live, gone).where(SyncItem.link_id == link_id)).one()
    return row[0], row[1]


def open_op(session: Session, item_id: UUID) -> SyncOp | None:
    statement = select(SyncOp).where(SyncOp.item_id == item_id, SyncOp.state.in_(OPEN_OPS))
    return session.scalars(_afresh(statement)).one_or_none()


def removed(session: Session, item: SyncItem) -> bool:
    """Whether we sent a deletion of the event that the item has."""
    sent = (SyncOp.item_id == item.id, SyncOp.kind == "delete", SyncOp.incarnation == item.incarnation)
    return bool(session.scalar(select(exists().where(*sent))))


def inflight(session: Session, link_id: UUID) -> Sequence[SyncOp]:
    """Writes of which nobody knows whether they were done, the oldest first."""
    statement = select(SyncOp).where(SyncOp.link_id == link_id, SyncOp.state == "inflight")
    return session.scalars(_afresh(statement.order_by(SyncOp.id))).all()


def ops(session: Session, revisions: Collection[UUID]) -> Mapping[UUID, SyncOp]:
    """By their ids, which are the revisions that written events bear."""
    if not revisions:
        return {}
    return {op.id: op for op in session.scalars(select(SyncOp).where(SyncOp.id.in_(revisions)))}


def op(session: Session, op_id: UUID) -> SyncOp | None:
    return session.get(SyncOp, (organization_of(session), op_id), populate_existing=True)


def touch_series(session: Session, link_id: UUID) -> None:
    """What recurs is expanded so far ahead, and the days go on."""
    session.execute(
        update(SyncItem)
        .where(
            SyncItem.link_id == link_id,
            SyncItem.origin == "remote",
            SyncItem.series == SyncItem.remote_id,
            SyncItem.remote_state == "present",
        )
        .values(touched=True)
        .execution_options(synchronize_session=False)
    )


def _afresh(statement: S) -> S:
    """As it is now, whatever the session has seen of it."""
    return statement.execution_options(populate_existing=True)
