"""Links, their previews, events and consumers as clients send and see them."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.common import Count, Day, In, Line, Out, UtcInstant
from api.schemas.connections import SETTINGS_SHOWN
from hub import clock
from hub.config import Settings
from hub.models.external import ExternalEvent
from hub.models.links import PULLED_STATES, Connection, Link
from hub.queries.calendars import Standing
from hub.vault import Vault
from sync import disguise, feeds, remote
from sync.guarding import Action
from sync.linking import Scope
from sync.planning import link_words

NEW_LINK: dict[str, Any] = {
    "connection_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
    "direction": "two_way",
    "settings": {"url": "https://calendar.example.com/2b0c7f.ics"},
    "interval_seconds": 900,
}
PREVIEW_ASKED: dict[str, Any] = {
    "connector": "ical",
    "settings": {"url": "https://calendar.example.com/2b0c7f.ics"},
    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
}

Interval = Annotated[Count, Field(ge=60, le=604_800, description="Seconds between two pulls")]


class Direction(StrEnum):
    IMPORT = "import"
    EXPORT = "export"
    TWO_WAY = "two_way"


class State(StrEnum):
    ACTIVE = "active"
    GUARDED = "guarded"
    NEEDS_AUTH = "needs_auth"
    LOST = "lost"
    PAUSED = "paused"


class ScopeIn(In):
    """What the calendar speaks of: a unit, all units of a type, a category of a property, or all of it."""

    property_id: UUID | None = Field(None, description="May be left out beside a unit or a type")
    unit_id: UUID | None = None
    unit_type_id: UUID | None = None
    category: Line | None = Field(None, description="Of the property's units; with property_id")

    def scope(self) -> Scope:
        return Scope(self.property_id, self.unit_id, self.unit_type_id, self.category)


class NewLink(ScopeIn):
    """One remote calendar in a connection. Before an import is saved, its calendar is asked once."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_LINK]})

    connection_id: UUID
    direction: Direction
    settings: dict[str, JsonValue] = Field(default_factory=dict, description="Beside the connection's")
    interval_seconds: Interval | None = None


class LinkPatch(In):
    """What is not said stays as it is; settings are replaced as a whole, and asked before they are saved."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"interval_seconds": 1800}]})

    settings: dict[str, JsonValue] | None = None
    interval_seconds: Interval | None = None


class LinkOut(Out):
    id: UUID
    connection_id: UUID
    connector: str
    channel: str = Field(description="The connection's name")
    property_id: UUID
    unit_id: UUID | None
    unit_type_id: UUID | None
    category: str | None
    direction: Direction
    settings: dict[str, JsonValue] = Field(description=SETTINGS_SHOWN)
    interval_seconds: int
    state: State
    state_reason: str | None = Field(description="In plain words, with what to do about it")
    words: str = Field(description="How it stands, in one sentence")
    to_do: str | None = Field(description="What somebody is to do about it; null where nobody has to")
    verified_at: UtcInstant | None = Field(
        description="When the channel's calendar was last known to be what we hold of it"
    )
    next_pull_at: UtcInstant | None = Field(description="Null while it is not pulled")
    failures: int = Field(description="Pulls in a row that failed")
    source: str = Field(description="The channel that makes the calendar, as its content tells")
    by_event: bool = Field(description="Synced event by event; else its calendar is read, and ours a feed")
    synced: bool | None = Field(
        description="Whether what changed here has been compared with its calendar; null unless by event"
    )
    waiting: int = Field(description="Writes to its calendar that are on their way")
    reviews: int = Field(description="Events of ours that somebody should look at: see the conflicts")
    rests_until: UtcInstant | None = Field(description="A quota ran out: nothing is written there before")
    watched_until: UtcInstant | None = Field(
        description="Until when the channel tells us of changes at once, renewed in time; null: only polled"
    )
    emptying: bool = Field(description="Our events are being removed there; then the link can be")
    guard: dict[str, JsonValue] | None = Field(
        description="What the channel no longer tells and is not freed yet, and what it waits for"
    )
    feed_url: str | None = Field(
        description="Our feed for this channel; whoever has the address can read it, so managers see it alone"
    )
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant

    @classmethod
    def of(
        cls,
        row: Link,
        connection: Connection,
        vault: Vault,
        settings: Settings,
        standing: Standing,
        *,
        with_feed: bool,
    ) -> LinkOut:
        pulled = row.polled and row.state in PULLED_STATES
        by_event = row.calendar_key is not None
        told = link_words.told(row, clock.now())
        return cls.model_validate(
            {
                **{name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)},
                "connector": connection.connector,
                "channel": connection.name,
                "settings": disguise.shown(
                    remote.known(connection.connector), vault.open(row.settings_sealed)
                ),
                "words": told.words,
                "to_do": told.to_do,
                "by_event": by_event,
                "synced": row.dirty_seq == row.synced_seq if by_event else None,
                **asdict(standing),
                "next_pull_at": row.next_pull_at if pulled else None,
                "feed_url": feeds.feed_url(settings, vault, row) if with_feed else None,
            }
        )


class PreviewIn(ScopeIn):
    """A calendar that is not linked yet, and what it would be linked to."""

    model_config = ConfigDict(json_schema_extra={"examples": [PREVIEW_ASKED]})

    connector: Line | None = Field(None, description="Left out beside a connection")
    connection_id: UUID | None = Field(None, description="Whose account it is, where it needs one")
    settings: dict[str, JsonValue] = Field(default_factory=dict, description="Beside the connection's")


class GuardIn(In):
    """A person's word on what the channel no longer tells: free it now, or keep it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "release"}]})

    action: Action
    event_ids: list[UUID] | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="These alone, kept ones included; all if not said",
    )


class IgnoreIn(In):
    """A person's word on an event of others: whether it counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ignored": True}]})

    ignored: bool = Field(True, description="false lets it count again")


class IgnoredOut(Out):
    """An event of others, or a series of them, that takes nothing because somebody said so."""

    id: UUID = Field(description="By which it is told to count again")
    summary: str
    first: str = Field(description="A date for one of whole days, else an instant; of a series the first")
    recurs: bool
    present: bool = Field(description="Whether it is still in the calendar")
    ignored: bool


class IgnoredList(Out):
    items: list[IgnoredOut]


class EventOut(Out):
    """An external event as received. Its text is the channel's, and may name a guest."""

    id: UUID
    all_day: bool
    first: Day | None
    after: Day | None
    starts_at: UtcInstant
    ends_at: UtcInstant
    summary: str
    description: str
    problem: str | None
    unit_ids: list[UUID] = Field(description="The units that it takes")
    unplaced: bool = Field(description="No unit was free for all of it: see the conflicts")
    nature: str = Field(description="stay, block or unknown, as far as the channel lets us tell")
    code: str = Field(description="The channel's own code of a stay")
    phone_digits: str = Field(description="The last digits of the guest's telephone, where it tells them")
    standing: str = Field(
        description="external; echo: our own word come back; draining: the same, though we say it no more;"
        " muted: held, and told to nobody else; ignored: it takes nothing, since a person said so"
    )
    item_id: UUID | None = Field(
        description="The event, or the series that this is an occurrence of, in a calendar synced by event"
    )
    missing_since: UtcInstant | None = Field(description="No longer told by the channel: it waits")
    kept_at: UtcInstant | None = Field(description="A person kept it though it is no longer told")
    draining_since: UtcInstant | None
    called: list[dict[str, JsonValue]] = Field(description="Its former names at the channel")
    first_seen_at: UtcInstant
    changed_at: UtcInstant
    run_id: UUID | None = Field(description="The sync that brought it, or changed last what it takes")

    @classmethod
    def of(cls, row: ExternalEvent, unit_ids: list[UUID | None] | None, vault: Vault) -> EventOut:
        text = vault.open(row.sealed) if row.sealed else {"summary": "", "description": ""}
        told_apart = {"summary", "description", "phone_digits", "unit_ids", "unplaced"}
        return cls.model_validate(
            {
                **{name: getattr(row, name) for name in cls.model_fields.keys() - told_apart},
                "summary": text["summary"],
                "description": text["description"],
                "phone_digits": text.get("phone_digits", ""),
                "unit_ids": [unit_id for unit_id in unit_ids or () if unit_id is not None],
                "unplaced": None in (unit_ids or ()),
            }
        )
