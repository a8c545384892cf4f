"""Sending writes to a calendar, and settling what became of them. Nothing is sent inside a transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Missed
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected
from hub import clock
from hub.models.links import Link
from hub.models.sync import SyncItem, SyncOp
from hub.queries import sync as query
from sync import counting, disputes, observing, orders, signing
from sync.calendars import LinkedCalendar
from sync.deciding import Deciding
from sync.listing import Transact
from sync.orders import Order
from sync.planning.showing import REFUSED

TRIES = 4
"""How often one item is planned and sent in a pass, where it keeps changing there meanwhile"""
OF_THE_LINK = frozenset({"calendar_gone", "settings"})
"""Refusals that are not of one event"""
COUNTED = {"create": "created", "update": "updated", "delete": "deleted"}


def recover(
    transact: Transact,
    calendar: LinkedCalendar,
    stumble: Callable[[Exception], None],
    counts: Counter[str],
) -> int:
    """
    Find out what became of the writes whose outcome nobody knows: how many there were.

    The event is asked for by its id; what it bears tells whether ours arrived. One that cannot be asked for
    is told to `stumble`, and stays open.
    """
    waiting: list[tuple[UUID, UUID, str]] = []

    def find(session: Session, link: Link) -> int:
        for op in query.inflight(session, link.id):
            item = query.item(session, op.item_id)
            if item is not None:
                waiting.append((op.id, item.id, item.remote_id))
        return len(waiting)

    transact(find)
    for op_id, item_id, event_id in waiting:
        try:
            seen = calendar.look(event_id)
        except ConnectorError as error:
            stumble(error)
            continue
        did: Counter[str] = Counter()
        outcome = "its outcome was unknown; the event was looked at"
        transact(_looked(calendar, op_id, item_id, seen, outcome, arrived=did))
        counts.update(did)
    return len(waiting)


def settle(transact: Transact, calendar: LinkedCalendar, item_id: UUID, counts: Counter[str]) -> None:
    """Plan one item and send what is to be written there, until both sides have agreed on it."""
    for number in range(TRIES):
        order = _decide(transact, calendar, item_id, counts)
        if order is None:
            return
        answer = _send(transact, calendar, order)
        if not isinstance(answer, Missed):
            if transact(_done(order, answer)):
                counts[COUNTED[order.kind]] += 1
            return
        seen = calendar.look(order.event_id)
        taken, did = answer is Missed.EXISTS, Counter[str]()
        looked = _looked(
            calendar,
            order.op_id,
            item_id,
            seen,
            f"not done: {answer}",
            taken=taken,
            certain=number == TRIES - 1,
            arrived=did if taken else None,
        )
        transact(looked)
        counts.update(did)


def _decide(
    transact: Transact, calendar: LinkedCalendar, item_id: UUID, counts: Counter[str]
) -> Order | None:
    found: list[Order] = []
    did: Counter[str] = Counter()

    def work(session: Session, link: Link) -> int:
        found.clear()
        did.clear()
        item = query.item(session, item_id)
        if item is None:
            return 0
        deciding = Deciding(session, link, calendar, item)
        if (order := deciding.decide()) is not None:
            found.append(order)
        did.update(deciding.counts)
        counting.did(session, did)
        session.flush()
        return len(found)

    transact(work)
    counts.update(did)
    return found[0] if found else None


def _send(transact: Transact, calendar: LinkedCalendar, order: Order) -> CalendarEvent | Missed | None:
    """What the channel said of it. Where it refused, that is noted before the error goes on."""
    try:
        if order.kind == "create":
            assert order.draft is not None
            return calendar.create(order.event_id, order.draft)
        if order.kind == "update":
            assert order.draft is not None
            return calendar.replace(order.event_id, order.draft, order.if_match)
        missed = calendar.remove(order.event_id, order.if_match)
        return None if missed is Missed.GONE else missed
    except (RateLimited, NeedsReconnect) as error:
        words = error.message
        transact(_not_done(order, lambda op, now: orders.put_off(op, words, now)))
        raise
    except Rejected as error:
        words, refused = error.message, error.code not in OF_THE_LINK
        close = _not_done(
            order, lambda op, now: orders.close(op, "settled", f"{REFUSED}{words}", now), refused=refused
        )
        transact(close)
        raise


def _done(order: Order, answer: CalendarEvent | None) -> Callable[[Session, Link], int]:
    def work(session: Session, link: Link) -> int:
        item, op, now = query.item(session, order.item_id), query.op(session, order.op_id), clock.now()
        if item is None or op is None or op.state != "inflight":
            return 0
        orders.close(op, "done", "done", now)
        if answer is None:
            _removed(session, item, now)
        else:
            _written(session, link, item, op, answer)
        counting.did(session, {COUNTED[order.kind]: 1})
        session.flush()
        return 1

    return work


def _written(session: Session, link: Link, item: SyncItem, op: SyncOp, answer: CalendarEvent) -> None:
    """What the channel made of our words is what it agreed on."""
    observing.put(session, item, answer, signing.content_key(session))
    item.base_local = op.groups
    item.base_remote = item.remote
    item.last_revision = op.id
    item.seen_generation = link.generation


def _removed(session: Session, item: SyncItem, now: datetime) -> None:
    item.remote_state, item.base_local, item.base_remote = "deleted", None, None
    item.tombstoned_at = now
    if item.review:
        item.review = False
        disputes.settle(session, item, "its cause is gone")


def _looked(
    calendar: LinkedCalendar,
    op_id: UUID,
    item_id: UUID,
    seen: CalendarEvent | None,
    outcome: str,
    *,
    taken: bool = False,
    certain: bool = False,
    arrived: Counter[str] | None = None,
) -> Callable[[Session, Link], int]:
    """
    Close an op by what its event is now; the item is planned again. `arrived` counts it, where it was done,
    and nobody has heard of it. `taken`: its id was refused as taken, perhaps because an earlier write of ours
    came late; if no event has it, a forgotten one had, and it takes the next one's. `certain`: whatever its
    clock says.
    """

    def work(session: Session, link: Link) -> int:
        item, op = query.item(session, item_id), query.op(session, op_id)
        if item is None or op is None or op.state != "inflight":
            return 0
        before = item.last_revision
        if seen is not None:
            observing.observe(session, link, calendar, [seen], direct=True, certain=certain)
        elif item.remote_state == "present":
            observing.observe(session, link, calendar, [observing.gone(item.remote_id)], direct=True)
        elif taken:
            item.remote_state = "deleted"
        if arrived is not None:
            arrived.clear()
            ours = item.last_revision == op.id or (taken and item.last_revision != before)
            done = ours if seen is not None else op.kind == "delete"
            arrived.update({COUNTED[op.kind]: 1} if done else {})
            counting.did(session, arrived)
        orders.close(op, "settled", outcome, clock.now())
        item.touched = True
        session.flush()
        return 1

    return work


def _not_done(
    order: Order, note: Callable[[SyncOp, datetime], None], *, refused: bool = False
) -> Callable[[Session, Link], int]:
    """`refused`: the channel does not want this event, which is counted."""

    def work(session: Session, _link: Link) -> int:
        op, item = query.op(session, order.op_id), query.item(session, order.item_id)
        if op is not None and op.state == "inflight":
            note(op, clock.now())
            counting.did(session, {"refused": int(refused)})
            if item is not None:
                item.touched = op.state == "ready"
        session.flush()
        return 1

    return work
