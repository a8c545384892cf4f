"""How a booking stands in the calendars that are synced event by event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub.models.links import PULLED_STATES
from hub.queries import mirrors
from hub.queries import shown as query
from sync.mirrors import ITEM
from sync.planning import showing
from sync.planning.seen import Telling
from sync.planning.showing import Standing, State


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What stands for an item of a booking in one calendar: its stay, or its turnaround."""

    link_id: UUID
    channel: str
    scope: str
    item_id: UUID
    kind: str
    state: State
    review: bool
    event_id: str | None
    written_at: datetime | None
    until: datetime | None
    """Until when it is put off"""
    outcome: str | None
    """Of the last write"""
    words: str


def of_booking(session: Session, booking_id: UUID, now: datetime) -> tuple[Mirrored, ...]:
    """By link and item; three statements, however many calendars there are."""
    known = {(row.link_id, row.kind, row.item_id): row for row in query.items(session, booking_id)}
    wanted = {
        (row.link_id, row.kind, row.id)
        for row in mirrors.concerned(session, [booking_id], (), now)
        if not row.known
    }
    # Whether turnaround is shown is the link's setting: what has been written of it says so.
    keys = known.keys() | {key for key in wanted if key[1] == ITEM}
    links = query.links(session, {link_id for link_id, _, _ in keys})
    found = [_mirrored(key, known.get(key), links[key[0]], key in wanted, now) for key in keys]
    return tuple(sorted(found, key=lambda one: (one.channel, one.scope, one.link_id, one.item_id, one.kind)))


def tellings(mirrored: Iterable[Mirrored], *, gone: bool) -> dict[UUID, Telling]:
    """
    By link: whether its calendar has what is true of the booking, so that both sides agree on every item of
    it, or that it is gone. What is hidden by hand is not to be there.
    """
    found: dict[UUID, list[Mirrored]] = defaultdict(list)
    for one in mirrored:
        over = one.state is State.NOT_SHOWN and (not gone or one.written_at is None)
        if one.state is not State.HIDDEN and not over:
            found[one.link_id].append(one)
    agreed = State.NOT_SHOWN if gone else State.SYNCED
    tellings = {}
    for link_id, items in found.items():
        late = list(dict.fromkeys(one.words for one in items if one.state is not agreed))
        words = f"does not have it yet: {'; '.join(late)}" if not gone else f"still has it: {'; '.join(late)}"
        tellings[link_id] = Telling(items[0].channel, not late, words if late else "")
    return tellings


def summary(mirrored: Iterable[Mirrored]) -> str:
    """In one line, or nothing where no calendar shows it."""
    to_be = [one for one in mirrored if one.state not in (State.NOT_SHOWN, State.HIDDEN)]
    if not to_be:
        return ""
    late = [f"{one.channel}: {one.words}" for one in to_be if one.state is not State.SYNCED]
    return "; ".join((f"in {len(to_be) - len(late)} of {len(to_be)} calendars", *dict.fromkeys(late)))


def _mirrored(
    key: tuple[UUID, str, UUID], row: Row[Any] | None, link: Row[Any], wanted: bool, now: datetime
) -> Mirrored:
    resting = "" if link.state in PULLED_STATES else f"the link is {link.state}"
    if resting and link.state_reason:
        resting = f"{resting} ({link.state_reason})"
    known = Standing(wanted=wanted, present=False, rests_until=link.rests_until, link_rests=resting)
    if row is not None:
        known = Standing(
            wanted=wanted,
            present=row.remote_state == "present",
            deleted=row.remote_state == "deleted",
            hidden=row.hidden,
            review=row.review,
            touched=row.touched,
            held=row.held,
            op_state=row.op_state or "",
            outcome=row.outcome or "",
            rests_until=link.rests_until,
            link_rests=resting,
        )
    state = showing.judge(known, now)
    link_id, kind, item_id = key
    return Mirrored(
        link_id=link_id,
        channel=link.channel,
        scope=link.scope,
        item_id=item_id,
        kind=kind,
        state=state,
        review=known.review,
        event_id=row.remote_id if row is not None and row.remote_state != "none" else None,
        written_at=row.written_at if row is not None else None,
        until=link.rests_until if state is State.PUT_OFF else None,
        outcome=f"{row.op}: {row.outcome or row.op_state}" if row is not None and row.op else None,
        words=showing.told(known, state),
    )
