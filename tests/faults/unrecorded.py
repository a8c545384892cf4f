"""The engine without one of its parts: a write is put down when it has been done, not before it is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import Missed
from hub.models.links import Link
from sync import push
from sync.calendars import LinkedCalendar
from sync.listing import Transact

T = TypeVar("T")


def sends_first() -> None:
    """In this process from now on; as long as nobody kills it, nothing differs."""
    push.settle = _settle


def _settle(transact: Transact, calendar: LinkedCalendar, item_id: UUID, counts: Counter[str]) -> None:
    planned = push._decide(_forgotten(transact), calendar, item_id, Counter())
    if planned is None:
        return
    answer = push._send(transact, calendar, planned)
    assert not isinstance(answer, Missed), "nobody else is at work here"
    order = push._decide(transact, calendar, item_id, counts)
    assert order is not None
    transact(push._done(order, answer))


def _forgotten(transact: Transact) -> Transact:
    """Where something is to be sent, nothing of the plan is kept."""

    def run(work: Callable[[Session, Link], T]) -> T:
        def attempt(session: Session, link: Link) -> T:
            nested = session.begin_nested()
            found = work(session, link)
            (nested.rollback if found else nested.commit)()
            return found

        return transact(attempt)

    return run
