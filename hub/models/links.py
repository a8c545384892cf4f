"""Connections to channels, links to their calendars, and what our own feeds last said."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Owned, belongs_to, of_organization, one_of
from hub.models.properties import CATEGORIES, Edited

DIRECTIONS = ("import", "export", "two_way")
LINK_STATES = ("active", "guarded", "needs_auth", "lost", "paused")
PULLED_STATES = ("active", "guarded")
"""In these the timetable pulls a link; a guarded one holds back what its channel no longer tells"""


class Connection(Edited):
    """An account of the organization's at one channel."""

    __tablename__ = "connections"
    __table_args__ = (of_organization(),)

    connector: Mapped[str]
    """The connector's slug"""
    name: Mapped[str]
    settings_sealed: Mapped[bytes]


class Link(Edited):
    """One remote calendar in one connection, for one scope, in one or both directions."""

    __tablename__ = "links"
    __table_args__ = (
        belongs_to("connections", "connection_id"),
        belongs_to("properties", "property_id"),
        belongs_to("units", "unit_id"),
        belongs_to("unit_types", "unit_type_id"),
        one_of("direction", DIRECTIONS),
        one_of("state", LINK_STATES),
        one_of("category", CATEGORIES),
        CheckConstraint("num_nonnulls(unit_id, unit_type_id, category) <= 1", name="one_scope"),
        CheckConstraint("interval_seconds BETWEEN 60 AND 604800", name="interval_seconds"),
        UniqueConstraint("feed_token_hash"),
        UniqueConstraint("organization_id", "calendar_key"),
        Index(
            "ix_links_due",
            "next_pull_at",
            postgresql_where=text("state IN ('active', 'guarded') AND polled"),
        ),
        Index(None, "organization_id", "property_id"),
        Index("ix_links_watch_at", "watch_at", postgresql_where=text("calendar_key IS NOT NULL")),
        Index("ix_links_running", "host", "lease_until", postgresql_where=text("lease_until > 'epoch'")),
        Index("ix_links_began", "began_at"),
    )

    connection_id: Mapped[UUID]
    property_id: Mapped[UUID]
    unit_id: Mapped[UUID | None]
    unit_type_id: Mapped[UUID | None]
    category: Mapped[str | None]
    """At most one of the three narrows the scope; none is the whole property."""
    direction: Mapped[str]
    settings_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(default="active")
    state_reason: Mapped[str | None]
    """In plain words, with what to do about it"""

    source: Mapped[str] = mapped_column(default="")
    """Slug of the channel that makes the calendar, as its content tells"""
    returns_ours: Mapped[bool] = mapped_column(default=True)
    """Whether that channel shows in its calendar what it imported from our feed"""
    whole_days: Mapped[bool] = mapped_column(default=False)
    """Whether it closes a whole day for every hour that it read there"""
    host: Mapped[str] = mapped_column(default="")
    """The name in the calendar's address: what shares it is asked in turn"""
    guard: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the channel no longer tells and why it is not free yet; null where nothing waits"""

    interval_seconds: Mapped[int] = mapped_column(default=900)
    next_pull_at: Mapped[datetime]
    cursor: Mapped[dict[str, Any] | None]
    verified_at: Mapped[datetime | None]
    """When the channel's calendar was last known to be what we hold of it"""
    failures: Mapped[int] = mapped_column(default=0)
    """Pulls in a row that failed, for whatever reason"""
    failing_since: Mapped[datetime | None]
    """When the first of them failed"""
    began_at: Mapped[datetime | None]
    """When its channel was last begun to be asked"""
    measured_seconds: Mapped[float | None]
    """How long it was unknown between two good answers, as a moving mean"""
    refused: Mapped[str] = mapped_column(default="")
    """The state that the last of them leads to if it goes on so: needs_auth, lost, or none"""
    refusals: Mapped[int] = mapped_column(default=0)
    """How many of them in a row were of that kind"""
    attempts: Mapped[int] = mapped_column(default=0)
    """Pulls begun and not ended: three mean that pulling kills its worker"""
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime] = mapped_column(server_default=text("'epoch'"))
    """By the database's clock, as nothing else is; never null, or it could not be acquired"""

    calendar_key: Mapped[bytes | None]
    """Blind index of the calendar that is synced event by event: no second link may have the same"""
    polled: Mapped[bool | None] = mapped_column(
        Computed("direction <> 'export' OR calendar_key IS NOT NULL", persisted=True)
    )
    """Whether there is anything to ask its channel"""
    full_pending: Mapped[bool] = mapped_column(default=False)
    """A full listing ended, and what it did not name has not all been looked for yet"""
    generation: Mapped[int] = mapped_column(default=0)
    """How many full listings have begun"""
    dirty_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    synced_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    """What changed here, and how much of that has been written there"""
    notices: Mapped[int] = mapped_column(BigInteger, default=0)
    noticed: Mapped[int] = mapped_column(BigInteger, default=0)
    """How often the channel told of changes, and how much of that has been listed"""
    rests_until: Mapped[datetime | None]
    """A quota ran out: nothing is written there before"""
    scan_at: Mapped[datetime | None]
    """When to compare everything in scope next, whatever was told; null is at once"""
    emptying: Mapped[bool] = mapped_column(default=False)
    """Nothing of ours is to be shown there any more, and the link is to be removed"""
    watch_at: Mapped[datetime] = mapped_column(server_default=text("'epoch'"))
    """When to look after its watch next"""
    watch_failures: Mapped[int] = mapped_column(default=0)
    """How often in a row none could be opened or closed"""

    feed_token_hash: Mapped[bytes | None]
    feed_token_sealed: Mapped[bytes | None]
    uid_domain: Mapped[str]
    """The host in the UIDs that this link's feed makes for spans without a row"""


class FeedEntry(Owned):
    """One thing that our feed to one link says, or said: its version is what changed for that reader."""

    __tablename__ = "feed_entries"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        UniqueConstraint("organization_id", "link_id", "uid"),
    )

    link_id: Mapped[UUID]
    uid: Mapped[str]
    content: Mapped[dict[str, Any]]
    """Canonical: "kind", {"first","after"} of nights or {"starts_at","ends_at"}, "summary" and "origin\""""
    sequence: Mapped[int]
    modified_at: Mapped[datetime]
    exported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class FeedExport(Owned):
    """The history of a feed: what it named for one stretch of time, from one revision to another."""

    __tablename__ = "feed_exports"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        CheckConstraint("starts_at < ends_at", name="period"),
        Index(
            "uq_feed_exports_live",
            "organization_id",
            "link_id",
            "uid",
            unique=True,
            postgresql_where=text("until_at IS NULL"),
        ),
        Index(None, "organization_id", "link_id", "until_at"),
        Index(None, "organization_id", "uid"),
    )

    link_id: Mapped[UUID]
    uid: Mapped[str]
    origin: Mapped[str]
    """Its UID where it came from: the same for what is ours"""
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Nights from noon to noon"""
    since_revision: Mapped[int]
    since_at: Mapped[datetime]
    until_revision: Mapped[int | None]
    """The first revision without it"""
    until_at: Mapped[datetime | None]
    seen: Mapped[bool] = mapped_column(default=False)
    """Whether anybody fetched it before it was withdrawn; decided then"""
    drained_at: Mapped[datetime | None]
    """When the channel was last seen to show none of it any more"""


class FeedSnapshot(Owned):
    """The bytes that a feed serves; written again only when its content changed. `id` is the link's."""

    __tablename__ = "feed_snapshots"
    __table_args__ = (belongs_to("links", "id", on_delete="CASCADE"),)

    revision: Mapped[int]
    content_hash: Mapped[bytes]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str]
    modified_at: Mapped[datetime]


class FeedFetches(Owned):
    """The ledger: how often, and when, one consumer fetched one revision of one feed on one day."""

    __tablename__ = "feed_fetches"
    __table_args__ = (
        belongs_to("links", "link_id", on_delete="CASCADE"),
        UniqueConstraint(
            "organization_id",
            "link_id",
            "consumer",
            "network",
            "day",
            "revision",
            name="uq_feed_fetches_row",
        ),
    )

    link_id: Mapped[UUID]
    consumer: Mapped[str]
    """What it is by its User-Agent"""
    network: Mapped[str] = mapped_column(default="")
    """The range of addresses that it came from; empty where it is not known"""
    day: Mapped[str]
    """UTC date, YYYY-MM-DD"""
    full: Mapped[int] = mapped_column(default=0)
    not_modified: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
