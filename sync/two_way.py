"""
Which links are synced event by event, and of which calendar: one link for each.

A connector that tells its changes event by event is asked for these. A link's setting `access`, where the
connector has one, may say `free_busy` instead: then only when the calendar is busy is asked, as of a feed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from connectors.contract import Connector, ListsChanges, PullsEvents, PushesEvents, RendersFeed
from hub.database import StaleRead, constraint, organization_of, vault_of
from hub.errors import Conflict, HubError, Refused
from hub.models.links import Link
from hub.queries import calendars as query
from sync import disguise, hosts, remote

FREE_BUSY = "free_busy"
ONE_EACH = "uq_links_organization_id_calendar_key"


@dataclass(frozen=True, slots=True)
class Terms:
    """What follows for a link from its settings."""

    host: str = ""
    calendar_key: bytes | None = None
    """None for a link that is not synced event by event"""
    has_feed: bool = False


def by_event(source: Connector, settings: BaseModel) -> bool:
    return isinstance(source, ListsChanges) and getattr(settings, "access", None) != FREE_BUSY


def key_of(session: Session, calendar: str) -> bytes:
    """By which the calendar is found among links; differs from organization to organization."""
    return vault_of(session).blind_index("calendar", calendar, organization_of(session))


def terms(
    session: Session,
    source: Connector,
    direction: str,
    settings: Mapping[str, Any],
    shared: Mapping[str, Any],
    unit_id: UUID | None,
) -> Terms:
    """
    Of a link's own settings and those that it shares with its connection; Refused unless all is right.

    A feed that we only give asks for no settings at all.
    """
    remote.check_known(source, settings)
    if not isinstance(source, ListsChanges):
        return _of_feed(source, direction, settings, shared)
    valid = remote.valid(source, disguise.joined(source, shared, settings))
    if by_event(source, valid):
        if direction != "import" and not isinstance(source, PushesEvents):
            raise _cannot_export(source, "cannot be written to")
        return Terms(calendar_key=key_of(session, source.calendar_key(valid)))
    if direction != "import":
        why = "only when this calendar is busy may be asked, so it cannot be written to"
        raise Refused.because("free_busy", f"{why}: make the link an import", "direction")
    if unit_id is None:
        why = "only when this calendar is busy may be asked, not by how many: it can speak of one unit alone"
        raise Refused.because("free_busy", why, "unit_id")
    if not isinstance(source, PullsEvents):
        raise _cannot_import(source)
    return Terms(hosts.named_in(valid))


def check_free(session: Session, key: bytes | None, own: UUID | None = None) -> None:
    """Conflict where another link has the calendar: two would each take the other's events for foreign."""
    taken = query.link_with(session, key) if key is not None else None
    if taken is not None and taken != own:
        message = f"link {taken} has this calendar already; change or remove that one"
        raise Conflict.because("calendar_linked", message, "settings", link_id=str(taken))


def check_same(session: Session, link: Link, found: Terms) -> None:
    """Refused where other settings would lead to another calendar than the one that things are held of."""
    if link.calendar_key == found.calendar_key or not query.holds(session, link.id):
        return
    message = "this is another calendar, or another way to read it; make another link, and remove this one"
    raise Refused.because("other_calendar", message, "settings")


def add(session: Session, row: Link) -> None:
    """Write a new link. Two who link one calendar at once: the later one hears of it here."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if constraint(error) != ONE_EACH:
            raise
        check_free(session, row.calendar_key)
        raise StaleRead from error


def linked(session: Session, calendars: Collection[str]) -> dict[str, UUID]:
    """Which link has which of these calendars."""
    keys = {key_of(session, calendar): calendar for calendar in calendars}
    return {keys[key]: link_id for key, link_id in query.links_with(session, keys).items()}


def _of_feed(
    source: Connector, direction: str, settings: Mapping[str, Any], shared: Mapping[str, Any]
) -> Terms:
    host = ""
    if direction != "export":
        if not isinstance(source, PullsEvents):
            raise _cannot_import(source)
        host = hosts.named_in(remote.valid(source, disguise.joined(source, shared, settings)))
    if direction != "import" and not isinstance(source, RendersFeed):
        raise _cannot_export(source, "reads no feed of ours")
    return Terms(host, has_feed=direction != "import")


def _cannot_import(source: Connector) -> HubError:
    return Refused.because("cannot_import", f"{source.title} has no calendar to read", "direction")


def _cannot_export(source: Connector, why: str) -> HubError:
    return Refused.because("cannot_export", f"{source.title} {why}", "direction")
