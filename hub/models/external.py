"""What channels told us: events as received, the blocks they take, and conflicts with what we sold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Owned, belongs_to, one_of

CONFLICT_TYPES = (
    *("EXTERNAL_OVERLAP", "UNPLACED"),
    *("REMOTE_MOVE_REJECTED", "BOTH_CHANGED", "DELETE_VS_EDIT", "MIRROR_DELETED"),
    *("UNPARSEABLE", "GUARD_TRIPPED"),
)
"""The first two are of an external event, the next four of a sync item, then of an event that is read in
part, and of a whole link"""
CONFLICT_STATES = ("open", "ignored", "accepted", "closed")
"""Somebody must decide; a person put it aside until a side changes; a person lives with it for as long as it
lasts; it is over"""
NATURES = ("stay", "block", "unknown")
SLIDES = ("lead", "horizon")
STANDINGS = ("external", "echo", "draining", "muted", "ignored")


class ExternalEvent(Owned):
    """A fact per link, as received. `sealed` holds its text, which may name a guest."""

    __tablename__ = "external_events"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        UniqueConstraint("organization_id", "link_id", "key"),
        UniqueConstraint("uid_out"),
        Index(None, "organization_id", "item_id", postgresql_where=text("item_id IS NOT NULL")),
        Index(
            "ix_external_events_same",
            "organization_id",
            "same_item_id",
            postgresql_where=text("same_item_id IS NOT NULL"),
        ),
        Index(
            "ix_external_events_draining",
            "organization_id",
            "link_id",
            "draining_since",
            postgresql_where=text("draining_since IS NOT NULL"),
        ),
        CheckConstraint("starts_at < ends_at", name="period"),
        one_of("nature", NATURES),
        one_of("standing", STANDINGS),
        one_of("slide", SLIDES),
    )

    link_id: Mapped[UUID]
    key: Mapped[str]
    """UID, with the RECURRENCE-ID behind it for one occurrence of a series"""
    item_id: Mapped[UUID | None]
    """The sync item that it is an occurrence of, in a calendar that is synced event by event"""
    all_day: Mapped[bool]
    first: Mapped[date | None]
    after: Mapped[date | None]
    """All-day events keep their dates, half-open"""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    sealed: Mapped[bytes]
    """{"summary", "description", "uid"}"""
    problem: Mapped[str | None]
    nature: Mapped[str] = mapped_column(default="unknown")
    code: Mapped[str] = mapped_column(default="")
    """The channel's own code of a stay"""
    digest: Mapped[bytes]
    """Of what matters to the inventory: a change of it is news"""
    text_digest: Mapped[bytes] = mapped_column(default=b"")
    """Of the texts: an unchanged event costs no write"""
    slide: Mapped[str | None]
    """A window of the channel's policy that moves on every day: "lead" or "horizon\""""
    called: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Its former names, the oldest first: [{"key", "until"}]; also its name, where it said other words"""
    mark: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What hubs wrote on it: {"origin", "via"}"""
    uid_out: Mapped[str]
    """Its name in the feeds that relay it, for life"""
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    remainder: Mapped[bool] = mapped_column(default=False)
    """What is left of an event that shrank or moved, until its channel has said so often enough"""
    missing_since: Mapped[datetime | None]
    """The channel no longer tells it: what it takes waits to be freed"""
    missing_read_at: Mapped[datetime | None]
    missing_reads: Mapped[int] = mapped_column(default=0)
    """Readings in a row without it, and how many it takes"""
    missing_needs: Mapped[int] = mapped_column(default=0)
    kept_at: Mapped[datetime | None]
    """A person said that it counts although its channel no longer tells it"""
    same_item_id: Mapped[UUID | None]
    """A person said that it is the very stay of this booking item: the two do not clash. No foreign key"""
    run_id: Mapped[UUID | None]
    """The run that brought it, or changed it last"""

    standing: Mapped[str] = mapped_column(default="external")
    echo: Mapped[list[list[str]]] = mapped_column(default=list)
    """The stretches of it that are our own word come back, and take nothing: [[start, end]]; of one that a
    person left out, all time there is"""
    muted: Mapped[list[list[str]]] = mapped_column(default=list)
    """The stretches that most likely are our own word come by a detour: they block, and we tell nobody"""
    draining_since: Mapped[datetime | None]


class ExternalBlock(Owned):
    """What one external event takes: a leaf unit for a period; `unit_id` is null while it found none."""

    __tablename__ = "external_blocks"
    __table_args__ = (
        belongs_to("external_events", "event_id", on_delete="CASCADE"),
        belongs_to("links", "link_id", on_delete="CASCADE"),
        belongs_to("units", "unit_id"),
        CheckConstraint("starts_at < ends_at AND ends_at <= free_at", name="period"),
        Index(
            "ix_external_blocks_unit_id_free_at",
            "unit_id",
            "free_at",
            postgresql_include=["organization_id", "starts_at"],
        ),
        Index(None, "organization_id", "link_id"),
        Index(None, "organization_id", "event_id"),
    )

    link_id: Mapped[UUID]
    event_id: Mapped[UUID]
    unit_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    free_at: Mapped[datetime]
    """`ends_at` and the unit type's turnaround: from when we sell again"""
    muted: Mapped[bool] = mapped_column(default=False)
    """We tell it to no other channel, and it opens no conflict"""
    run_id: Mapped[UUID | None]
    """The run that made it so"""


class ConflictRecord(Owned):
    """Two truths about one unit: both are kept, the nights stay blocked, somebody must decide."""

    __tablename__ = "conflicts"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        belongs_to("units", "unit_id"),
        belongs_to("bookings", "booking_id"),
        one_of("type", CONFLICT_TYPES),
        one_of("state", CONFLICT_STATES),
        Index(
            "uq_conflicts_standing",
            "organization_id",
            "event_id",
            "type",
            text(
                "coalesce(item_id, blackout_id, other_event_id, '00000000-0000-0000-0000-000000000000'::uuid)"
            ),
            unique=True,
            postgresql_where=text("state <> 'closed' AND event_id IS NOT NULL"),
        ),
        Index(
            "uq_conflicts_standing_item",
            "organization_id",
            "sync_item_id",
            "type",
            unique=True,
            postgresql_where=text("state <> 'closed' AND sync_item_id IS NOT NULL"),
        ),
        Index(
            "uq_conflicts_standing_link",
            "organization_id",
            "link_id",
            unique=True,
            postgresql_where=text("state <> 'closed' AND type = 'GUARD_TRIPPED'"),
        ),
        CheckConstraint(
            "num_nonnulls(event_id, sync_item_id) = CASE type WHEN 'GUARD_TRIPPED' THEN 0 ELSE 1 END",
            name="about",
        ),
        CheckConstraint("num_nonnulls(item_id, blackout_id, other_event_id) <= 1", name="other_side"),
        Index(None, "organization_id", "state"),
        Index(
            "ix_conflicts_other_event",
            "organization_id",
            "other_event_id",
            postgresql_where=text("state <> 'closed' AND other_event_id IS NOT NULL"),
        ),
    )

    type: Mapped[str]
    state: Mapped[str]
    link_id: Mapped[UUID]
    event_id: Mapped[UUID | None]
    """No foreign key: the conflict outlives the event, and says what it was"""
    sync_item_id: Mapped[UUID | None]
    """No foreign key either"""
    unit_id: Mapped[UUID | None]
    booking_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    blackout_id: Mapped[UUID | None]
    """No foreign key"""
    other_event_id: Mapped[UUID | None]
    """Where both sides are channels: the event that was here first. No foreign key"""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Where the two overlap"""
    fingerprint: Mapped[str] = mapped_column(default="")
    """Of both sides: another one means that one of them changed"""
    local: Mapped[dict[str, Any]]
    remote: Mapped[dict[str, Any]]
    """Ids, spans and names of channels; never a guest"""
    sealed: Mapped[bytes | None]
    """{"local", "remote"}: the texts of both sides, where these are in question"""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
