"""Connectors and connections as clients see them; secrets go in and never come out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.common import In, Line, Out, UtcInstant
from connectors.contract import Connector, PullsEvents, PushesEvents, RendersFeed, WatchesChanges
from connectors.owners import KeepsCalendars, SignsIn
from hub.models.links import Connection
from hub.vault import Vault
from sync import disguise, remote

CAPABILITIES: dict[str, type] = {
    "pulls_events": PullsEvents,
    "renders_feed": RendersFeed,
    "syncs_events": PushesEvents,
    "watches_changes": WatchesChanges,
    "keeps_calendars": KeepsCalendars,
    "signs_in": SignsIn,
}

CAPABILITIES_TOLD = (
    "pulls_events: its calendar is read; renders_feed: it reads a feed of ours; syncs_events: it is synced"
    " event by event, in one direction or both; watches_changes: it tells of changes at once;"
    " keeps_calendars: an account has calendars to choose from; signs_in: an account is connected by its"
    " owner's consent"
)

SETTINGS_SHOWN = (
    "Secrets are shown as a hint, such as https://www.airbnb.com/…; sent back, it changes nothing. With"
    " another `url` a secret is given again: it is told to the address alone that it was given for"
)

NEW_CONNECTION: dict[str, Any] = {"connector": "ical", "name": "Seaside Rentals", "settings": {}}


class ConnectorOut(Out):
    """A kind of channel that this hub can talk to."""

    slug: str
    title: str
    capabilities: list[str] = Field(description=CAPABILITIES_TOLD)
    settings: dict[str, Any] = Field(description="JSON Schema of the settings; secrets are writeOnly")

    @classmethod
    def of(cls, source: Connector) -> ConnectorOut:
        schema = source.settings_model.model_json_schema()
        for name in source.secret_fields & schema.get("properties", {}).keys():
            schema["properties"][name]["writeOnly"] = True
        capabilities = [name for name, kind in CAPABILITIES.items() if isinstance(source, kind)]
        return cls(slug=source.slug, title=source.title, capabilities=capabilities, settings=schema)


class NewConnection(In):
    """An account at a channel. What its links do not say themselves they take from these settings."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_CONNECTION]})

    connector: Line
    name: Line
    settings: dict[str, JsonValue] = Field(default_factory=dict, description="See GET connectors")


class ConnectionPatch(In):
    """What is not said stays as it is; settings are replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Seaside Rentals, Spain"}]})

    name: Line | None = None
    settings: dict[str, JsonValue] | None = None


class ConnectionOut(Out):
    id: UUID
    connector: str
    name: str
    settings: dict[str, JsonValue] = Field(description=SETTINGS_SHOWN)
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant

    @classmethod
    def of(cls, row: Connection, vault: Vault) -> ConnectionOut:
        return cls(
            id=row.id,
            connector=row.connector,
            name=row.name,
            settings=disguise.shown(remote.known(row.connector), vault.open(row.settings_sealed)),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
