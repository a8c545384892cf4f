"""What happened and what is still to be done: change log, outbox, runs, idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Owned, belongs_to, of_organization, one_of

FACT_STATES = ("ready", "done", "quarantined")
RUN_STATES = ("queued", "running", "done", "failed", "cancelled", "quarantined")


def _found_by(name: str, column: str) -> Index:
    return Index(
        f"ix_changes_{name}", "organization_id", column, "at", postgresql_where=text(f"{column} IS NOT NULL")
    )


class Change(Owned):
    """One change, written with it. Only ever inserted, which the database sees to; names nobody."""

    __tablename__ = "changes"
    __table_args__ = (
        of_organization(),
        Index("ix_changes_entity", "organization_id", "entity", "entity_id", "at"),
        Index("ix_changes_newest", "organization_id", "at", "id"),
        Index("ix_changes_run", "organization_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        _found_by("actor", "actor_id"),
        _found_by("for", "for_id"),
        _found_by("request", "request_id"),
    )

    at: Mapped[datetime]
    entity: Mapped[str]
    entity_id: Mapped[UUID]
    property_id: Mapped[UUID | None]
    action: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    address: Mapped[str | None]
    """From where: the network address of who asked, as far as it is known"""
    for_id: Mapped[UUID | None]
    """For whom, if not for themselves: the guest or the account"""


class Fact(Owned):
    """The outbox: what the rest of the house must hear of, written with the change it tells."""

    __tablename__ = "outbox"
    __table_args__ = (
        of_organization(),
        one_of("state", FACT_STATES),
        Index("ix_outbox_ready", "not_before", "organization_id", postgresql_where=text("state = 'ready'")),
    )

    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="ready")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]


class SyncRun(Owned):
    """One sync of one link that was asked for, changed something, or failed."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        one_of("state", RUN_STATES),
        Index("ix_sync_runs_link", "organization_id", "link_id", "id"),
        Index(
            "ix_sync_runs_open",
            "organization_id",
            "link_id",
            "id",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    link_id: Mapped[UUID]
    trigger: Mapped[str]
    """schedule, request or command"""
    state: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    summary: Mapped[list[str]] = mapped_column(default=list)
    """What changed, in words"""
    error: Mapped[str | None]


class IdempotencyKey(Owned):
    """A create that was answered: the same key and request get the same answer. Written with the effect."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (of_organization(), UniqueConstraint("organization_id", "caller_id", "key"))

    caller_id: Mapped[UUID]
    key: Mapped[str]
    request_hash: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
