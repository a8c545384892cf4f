"""A link's calendar, bound to its settings: what a pass asks and writes. No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Draft, Missed, Page
from connectors.contract import Connector, ListsChanges, PushesEvents
from connectors.errors import Rejected
from connectors.mirroring import MirrorOptions
from connectors.transport import Network
from hub.database import vault_of
from hub.errors import Refused
from hub.queries.pulls import Pullable
from sync import operators, remote

MOST_KNOWN = 5000
"""Links whose settings a process keeps open"""
_KNOWN: dict[tuple[str, bytes, bytes], tuple[BaseModel, MirrorOptions]] = {}


@dataclass(frozen=True, slots=True)
class LinkedCalendar:
    """One remote calendar; every call raises ConnectorError only."""

    channel: ListsChanges
    settings: BaseModel
    options: MirrorOptions
    network: Network
    direction: str
    name: str
    """Of the connection, as people call it"""
    zone: ZoneInfo
    """The property's"""

    @property
    def imports(self) -> bool:
        """Whether events of others count."""
        return self.direction != "export"

    @property
    def exports(self) -> bool:
        return self.direction != "import" and isinstance(self.channel, PushesEvents)

    @property
    def one_way(self) -> bool:
        """Whether what people do to our events there is put back, whatever it is."""
        return self.direction == "export"

    def changes(self, cursor: Mapping[str, str] | None, page: str | None) -> Page:
        return self.channel.changes(self.settings, cursor, page, self.network)

    def look(self, event_id: str) -> CalendarEvent | None:
        return self.channel.look(self.settings, event_id, self.network)

    def event_id(self, item: UUID, incarnation: int) -> str:
        return self._pushes.event_id(item, incarnation)

    def create(self, event_id: str, draft: Draft) -> CalendarEvent | Missed:
        return self._pushes.create(self.settings, event_id, draft, self.network)

    def replace(self, event_id: str, draft: Draft, etag: str) -> CalendarEvent | Missed:
        return self._pushes.replace(self.settings, event_id, draft, etag, self.network)

    def remove(self, event_id: str, etag: str) -> Missed | None:
        return self._pushes.remove(self.settings, event_id, etag, self.network)

    @property
    def _pushes(self) -> PushesEvents:
        assert isinstance(self.channel, PushesEvents)
        return self.channel


def of_pull(session: Session, link: Pullable, network: Network) -> LinkedCalendar:
    """
    Raises Rejected where the link's connector or settings no longer make sense, NeedsReconnect where its
    account is not for this organization.
    """
    try:
        connector = source = remote.known(link.connector)
        if not isinstance(source, ListsChanges):
            words = f"{connector.title} has no calendar that is synced event by event"
            raise Refused.because("cannot_sync", words, "connector")
        settings, options = _settings(session, connector, link)
        operators.check(session, network, connector, settings)
    except Refused as refusal:
        raise Rejected(str(refusal), code="settings") from None
    zone = ZoneInfo(link.time_zone)
    return LinkedCalendar(source, settings, options, network, link.direction, link.name, zone)


def _settings(session: Session, source: Connector, link: Pullable) -> tuple[BaseModel, MirrorOptions]:
    """Kept as long as the same sealed words hold them: most links are synced again and again unchanged."""
    key = (link.connector, link.shared_sealed, link.own_sealed)
    if (found := _KNOWN.get(key)) is not None:
        return found
    vault = vault_of(session)
    settings = remote.valid(source, {**vault.open(link.shared_sealed), **vault.open(link.own_sealed)})
    if len(_KNOWN) >= MOST_KNOWN:
        _KNOWN.clear()
    found = _KNOWN[key] = settings, MirrorOptions.of(settings)
    return found
