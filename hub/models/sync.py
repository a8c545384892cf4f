"""Two-way sync: what we and a calendar agreed on, what is being written there, who tells us of changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Owned, belongs_to, one_of

ORIGINS = ("hub", "remote")
LOCAL_KINDS = ("booking_item", "blackout", "turnaround", "stray")
"""Of what is ours. A stray bears our marker and is no current event of anything: it is to be removed"""
REMOTE_STATES = ("none", "present", "deleted")
OP_KINDS = ("create", "update", "delete")
OP_STATES = ("ready", "inflight", "done", "settled")
OPEN_OPS = ("ready", "inflight")

_OPEN = "state IN ('ready', 'inflight')"


class SyncItem(Owned):
    """
    One thing that a link keeps equal on both sides, with what both last agreed on (the base) and what the
    channel had when it was last seen (the shadow). Hashes are keyed, by group: {"time", "text", "busy"}.
    """

    __tablename__ = "sync_items"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        one_of("origin", ORIGINS),
        one_of("local_kind", LOCAL_KINDS),
        one_of("remote_state", REMOTE_STATES),
        CheckConstraint("(origin = 'hub') = (local_kind IS NOT NULL)", name="kind"),
        CheckConstraint("remote_state <> 'present' OR remote IS NOT NULL", name="shadow"),
        UniqueConstraint("organization_id", "link_id", "remote_id"),
        UniqueConstraint("organization_id", "link_id", "local_kind", "local_id"),
        Index(None, "organization_id", "local_id", postgresql_where=text("local_id IS NOT NULL")),
        Index("ix_sync_items_touched", "organization_id", "link_id", postgresql_where=text("touched")),
        Index(
            "ix_sync_items_series",
            "organization_id",
            "link_id",
            "series",
            postgresql_where=text("series IS NOT NULL"),
        ),
        Index(
            "ix_sync_items_words_until",
            "organization_id",
            "words_until",
            postgresql_where=text("words_until IS NOT NULL"),
        ),
        Index(
            "ix_sync_items_tombstoned_at",
            "organization_id",
            "tombstoned_at",
            postgresql_where=text("tombstoned_at IS NOT NULL"),
        ),
    )

    link_id: Mapped[UUID]
    origin: Mapped[str]
    local_kind: Mapped[str | None]
    """None for what is theirs: external_events.item_id leads from there"""
    local_id: Mapped[UUID | None]
    remote_id: Mapped[str]
    incarnation: Mapped[int] = mapped_column(default=0)
    """Ids of deleted events are taken for ever: what is put back has the next one's"""

    base_local: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    base_remote: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Both sides by their own words, since servers normalise; null where nothing is agreed on"""

    remote_state: Mapped[str] = mapped_column(default="none")
    remote: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    remote_sealed: Mapped[bytes | None]
    """The shadow itself, as JSON"""
    words_until: Mapped[datetime | None]
    """From when on what the shadow says in words may be over; null where it says, or keeps, none"""
    remote_etag: Mapped[str] = mapped_column(default="")
    remote_updated: Mapped[datetime | None]
    """By the channel's clock"""
    seen_generation: Mapped[int] = mapped_column(default=0)
    series: Mapped[str | None]
    """The remote id of the series that it is, or is an exception of"""
    last_revision: Mapped[UUID | None]
    """The newest op of ours that was recognised in the shadow"""

    touched: Mapped[bool] = mapped_column(default=False)
    """One of the sides moved since it was last planned"""
    text_sealed: Mapped[bytes | None]
    """{"summary", "description"} as a person wrote them on the channel, instead of what we would say"""
    text_of: Mapped[str] = mapped_column(default="")
    """Of what we would have said then: once we would say something else, that is said"""
    hidden: Mapped[bool] = mapped_column(default=False)
    """Ours: not to be shown there. Theirs: not to be counted. Said by a person"""
    restores: Mapped[int] = mapped_column(default=0)
    review: Mapped[bool] = mapped_column(default=False)
    gone_at: Mapped[datetime | None]
    """When it was first seen to be deleted, while the guard holds what that would free"""
    gone_agreed: Mapped[bool] = mapped_column(default=False)
    """A later look, or a person, bore that out"""
    tombstoned_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class SyncOp(Owned):
    """
    One write to a channel. Kept until long after its event is gone, for its id is the revision that the event
    bears, and recognising our own write needs it. Its words are not: they are planned anew when it is sent.
    """

    __tablename__ = "sync_ops"
    __table_args__ = (
        belongs_to("sync_items", "item_id", on_delete="CASCADE"),
        belongs_to("links", "link_id", on_delete="CASCADE"),
        one_of("kind", OP_KINDS),
        one_of("state", OP_STATES),
        Index("uq_sync_ops_open", "organization_id", "item_id", unique=True, postgresql_where=text(_OPEN)),
        Index("ix_sync_ops_link", "organization_id", "link_id", postgresql_where=text(_OPEN)),
        Index(None, "organization_id", "item_id"),
    )

    link_id: Mapped[UUID]
    item_id: Mapped[UUID]
    incarnation: Mapped[int]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="ready")
    """ready, inflight (its outcome is unknown), done (the channel answered), settled (closed otherwise)"""
    groups: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What it writes, by group"""
    if_match: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")
    """In words, once it is closed, or why it waits"""
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    run_id: Mapped[UUID | None]
    """The run that sent it last"""


class WatchChannel(Owned):
    """A channel by which a calendar tells us that something changed. `id` is its name there too."""

    __tablename__ = "watch_channels"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        UniqueConstraint("id"),
        Index(None, "organization_id", "link_id"),
        Index("ix_watch_channels_expires_at", "expires_at"),
    )

    link_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    resource: Mapped[str]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    notices: Mapped[int] = mapped_column(default=0)
    last_notice_at: Mapped[datetime | None]
