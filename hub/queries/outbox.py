"""Taking facts from the outbox: by state, never by position; attempts are counted before work begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from hub.models.records import Fact

MOST_ATTEMPTS = 3
PATIENCE = timedelta(seconds=60)
"""How long whoever took a fact has before another takes it"""


def organizations_with_ready(session: Session, now: datetime) -> Sequence[UUID]:
    """Asked without an organization."""
    return session.scalars(text("SELECT organizations_with_ready_facts(:now)"), {"now": now}).all()


def take(session: Session, now: datetime, most: int) -> tuple[Fact, ...]:
    """
    Facts that are ready, oldest first, each counted as attempted and out of others' sight for a while.

    One that was attempted too often is set aside instead: state quarantined, for a person to look at.
    """
    ready = (
        select(Fact)
        .where(Fact.state == "ready", Fact.not_before <= now)
        .order_by(Fact.not_before, Fact.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    facts = tuple(session.scalars(ready))
    for fact in facts:
        fact.attempts += 1
        fact.not_before = now + PATIENCE
        if fact.attempts > MOST_ATTEMPTS:
            fact.state = "quarantined"
    session.flush()
    return tuple(fact for fact in facts if fact.state == "ready")


def done(session: Session, fact_id: UUID, now: datetime) -> None:
    session.execute(update(Fact).where(Fact.id == fact_id).values(state="done", done_at=now, error=None))


def failed(session: Session, fact_id: UUID, error: str) -> None:
    session.execute(update(Fact).where(Fact.id == fact_id).values(error=error))
