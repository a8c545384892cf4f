"""What is wrong with a series is wrong with each occurrence of it: one conflict tells of all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub import clock
from hub.database import StaleRead
from hub.models.external import ConflictRecord
from hub.queries import conflicts as query
from hub.queries import external, overlaps
from hub.queries.conflicts import IN_PART
from sync import sides
from sync.planning import disputing


def once(session: Session, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Of those that are to be opened, of a series the first one only: none where one stands already."""
    in_part = sorted(
        (row for row in rows if row.type == IN_PART), key=lambda row: (row.starts_at, row.event_id)
    )
    if not in_part:
        return list(rows)
    told = set(_families(session, {row.link_id for row in in_part}))
    left = [row for row in rows if row.type != IN_PART]
    for row in in_part:
        if (whose := sides.family(row)) not in told:
            told.add(whose)
            left.append(row)
    return left


def next_ones(session: Session, gone: Sequence[ConflictRecord]) -> dict[UUID, Row[Any]]:
    """
    Of those whose occurrence is over or can be read, by their ids, the next occurrence that is not: the
    conflict goes on with it. StaleRead where a pull was faster.
    """
    left = [conflict for conflict in gone if conflict.type == IN_PART and "series" in conflict.remote]
    if not left:
        return {}
    first: dict[tuple[UUID, str], UUID] = {}
    for row in external.in_part(session, {conflict.link_id for conflict in left}, clock.now()):
        link_id, family = sides.family(row)
        first.setdefault((link_id, disputing.series(family)), row.event_id)
    taken = {row.event_id for row in query.read_in_part(session, {one.link_id for one in left})}
    found = {}
    for conflict in left:
        event_id = first.get((conflict.link_id, conflict.remote["series"]))
        if event_id is not None and event_id not in taken:
            found[conflict.id] = _as_it_is(session, event_id)
            taken.add(event_id)
    return found


def _as_it_is(session: Session, event_id: UUID) -> Row[Any]:
    if external.still_in_part(session, event_id):
        for row in overlaps.of_events(session, [event_id], clock.now()):
            if row.type == IN_PART:
                return row
    raise StaleRead


def _families(session: Session, link_ids: Collection[UUID]) -> Iterable[tuple[Any, str]]:
    standing = [row.event_id for row in query.read_in_part(session, link_ids) if row.event_id]
    return (sides.family(row) for row in overlaps.names(session, standing)) if standing else ()
