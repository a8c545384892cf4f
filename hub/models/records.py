"""What happened and what is still to be done: change log, outbox, runs, idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Owned, belongs_to, of_organization, one_of

FACT_STATES = ("ready", "done", "quarantined")
RUN_STATES = ("queued", "running", "done", "failed", "cancelled", "quarantined", "retried")
RUN_MODES = ("pull", "push", "both")


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
        Index("ix_outbox_quarantined", "organization_id", postgresql_where=text("state = 'quarantined'")),
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
    """
    One sync of one link that was asked for, changed something, or failed; or one of many links, without a
    link of its own: that one's children are the syncs, and how it stands is how they stand.
    """

    __tablename__ = "sync_runs"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        belongs_to("sync_runs", "parent_id", on_delete="CASCADE"),
        one_of("state", RUN_STATES),
        one_of("mode", RUN_MODES),
        CheckConstraint("(link_id IS NULL) = (criteria IS NOT NULL)", name="parent"),
        CheckConstraint("parent_id IS NULL OR link_id IS NOT NULL", name="child"),
        Index(
            "ix_sync_runs_children",
            "organization_id",
            "parent_id",
            "state",
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(
            "ix_sync_runs_parents",
            "organization_id",
            "id",
            postgresql_where=text("link_id IS NULL"),
        ),
        Index("ix_sync_runs_link", "organization_id", "link_id", "id"),
        Index(
            "ix_sync_runs_open",
            "organization_id",
            "link_id",
            "id",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    link_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]
    trigger: Mapped[str]
    """schedule, request, command, check or notice"""
    state: Mapped[str]
    """Of a parent `running` until it was cancelled: all else is told by its children"""
    criteria: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Of a parent: what was asked for"""
    mode: Mapped[str | None]
    request_hash: Mapped[bytes | None]
    """Of a parent: equal for equal requests"""
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Of a parent: links that match and are not synced: [{"link_id", "code", "message"}]"""
    property_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """Of a parent: whose links they are. Who is limited to some properties meets it if all are theirs"""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    summary: Mapped[list[str]] = mapped_column(default=list)
    """What changed, in words"""
    headline: Mapped[str] = mapped_column(default="")
    """The same in one line"""
    changed: Mapped[bool] = mapped_column(default=False)
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
