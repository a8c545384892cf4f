"""Asking a channel: which connector, which settings, which window; no transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from connectors.contract import Connector, Pulled, PullsEvents, Window
from connectors.errors import Rejected
from connectors.registry import connector
from connectors.transport import Network
from hub import clock
from hub.database import vault_of
from hub.errors import NotFound, Reason, Refused
from hub.models.links import Link
from hub.queries import links as query
from hub.queries.pulls import Pullable
from hub.services import asking

PAST = timedelta(days=31)
SINGLES = timedelta(days=1100)
"""What does not recur counts as far ahead as anybody can stay: two years to arrive, one to leave"""


@dataclass(frozen=True, slots=True)
class Question:
    """All that a pull needs, read before it is asked."""

    source: PullsEvents
    settings: BaseModel
    cursor: Mapping[str, str] | None
    window: Window
    zone: ZoneInfo


def question(session: Session, link: Link, horizon: timedelta, *, afresh: bool = False) -> Question:
    """
    What to ask for a link, recurrences up to the horizon; `afresh` asks as if nothing were known yet.

    Raises Rejected if the link's channel cannot be pulled or its settings no longer make sense.
    """
    connection = query.connection(session, link.connection_id)
    vault = vault_of(session)
    stored = {**vault.open(connection.settings_sealed), **vault.open(link.settings_sealed)}
    zone = ZoneInfo(asking.property_of(session, link.property_id).time_zone)
    try:
        return frame(connection.connector, stored, zone, horizon, None if afresh else link.cursor)
    except Refused as refusal:
        raise Rejected(str(refusal), code="settings") from None


def of_pull(session: Session, link: Pullable, horizon: timedelta) -> Question:
    """
    The same for what a pull has read of its link. While something of it waits, as if nothing were known: a
    cached answer would agree with whatever it said last.
    """
    vault = vault_of(session)
    stored = {**vault.open(link.shared_sealed), **vault.open(link.own_sealed)}
    cursor = None if link.waits else link.cursor
    try:
        return frame(link.connector, stored, ZoneInfo(link.time_zone), horizon, cursor)
    except Refused as refusal:
        raise Rejected(str(refusal), code="settings") from None


def frame(
    slug: str,
    settings: Mapping[str, Any],
    zone: ZoneInfo,
    horizon: timedelta,
    cursor: Mapping[str, str] | None = None,
) -> Question:
    """The question to a channel for the time that matters to a place."""
    source = known(slug)
    if not isinstance(source, PullsEvents):
        raise Refused.because("cannot_pull", f"{source.title} has no calendar to read", "direction")
    wanted = window(clock.now(), zone, horizon)
    return Question(source, valid(source, settings), cursor, wanted, zone)


def window(now: datetime, zone: ZoneInfo, horizon: timedelta) -> Window:
    """The days that matter to a place."""
    today = now.astimezone(zone).date()
    return Window(today - PAST, today + horizon, today + SINGLES)


def ask(asked: Question, network: Network) -> Pulled:
    """Raises ConnectorError, or transport.Closing where this process is about to end."""
    with network.visit():
        return asked.source.pull(asked.settings, asked.cursor, asked.window, asked.zone, network)


def known(slug: str) -> Connector:
    """The connector of that slug; Refused if there is none."""
    try:
        return connector(slug)
    except NotFound:
        raise Refused.because("unknown_connector", f"there is no connector {slug!r}", "connector") from None


def check_known(source: Connector, settings: Mapping[str, Any]) -> None:
    """Refused, naming each setting that the connector does not have."""
    known = set(source.settings_model.model_fields)
    if unknown := sorted(set(settings) - known):
        raise Refused(
            *(
                Reason(
                    "unknown_setting",
                    f"{source.title} has no setting {name!r}; it has {', '.join(sorted(known))}",
                    f"settings.{name}",
                )
                for name in unknown
            )
        )


def valid(source: Connector, settings: Mapping[str, Any]) -> BaseModel:
    """The settings in the connector's own form; Refused names each field that is wrong."""
    try:
        return source.settings_model.model_validate(settings)
    except ValidationError as error:
        raise Refused(
            *(
                Reason(
                    "invalid_setting",
                    fault["msg"].removeprefix("Value error, "),
                    ".".join(["settings", *map(str, fault["loc"])]),
                )
                for fault in error.errors(include_url=False, include_input=False, include_context=False)
            )
        ) from None
