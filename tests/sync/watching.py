"""A place whose calendars are watched, at the sandbox's service on loopback."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.sandbox.bells import Bell
from hub.models.links import Link
from hub.models.sync import WatchChannel
from hub.queries import links as links_query
from hub.queries import watches as query
from sync import connecting, linking, watches
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories
from tests.connectors.sandbox.playing import KEY, SandboxHarness

DOMAIN = "hub.example.com"


@dataclass(frozen=True)
class Watcher:
    runtime: Runtime
    channel: SandboxHarness
    organization_id: UUID
    rooms: tuple[UUID, ...]

    @classmethod
    def build(cls, runtime: Runtime, channel: SandboxHarness) -> Watcher:
        """Notices are posted to an inbox of the test's."""
        here = channel.address.removesuffix("/notices")
        settings = runtime.settings.model_copy(update={"base_url": here})
        member = factories.an_organization(runtime.database)
        with runtime.database.unit_of_work(member.organization_id) as session:
            rooms = tuple(room.id for room in factories.rooms(session))
        return cls(replace(runtime, settings=settings), channel, member.organization_id, rooms)

    def work(self, does: Any) -> Any:
        return self.runtime.database.transact(self.organization_id, does)

    def link(self, direction: str = "two_way") -> UUID:
        def work(session: Session) -> UUID:
            said = {"url": self.channel.proxy.url, "key": KEY}
            connection = connecting.connect(session, "sandbox", "Front desk", said)
            own = {"calendar": self.channel.agenda.name}
            scope = Scope(unit_id=self.rooms[0])
            made = linking.link(session, connection.id, scope, direction, own, uid_domain=DOMAIN)
            return made.id

        found: UUID = self.work(work)
        return found

    def tend(self, link_id: UUID) -> None:
        watches.tend(self.runtime, self.organization_id, link_id)

    def due(self) -> list[UUID]:
        """What the timetable hands out of this organization's; it is handed out then."""
        found = watches.claim_due(self.runtime, 1000)
        return [one.link_id for one in found if one.organization_id == self.organization_id]

    def state(self, link_id: UUID) -> Link:
        found: Link = self.work(lambda session: links_query.one(session, link_id))
        return found

    def open(self, link_id: UUID) -> list[WatchChannel]:
        return list(self.work(lambda session: query.of_link(session, link_id)))

    def bells(self) -> list[Bell]:
        """What hangs at the calendar service."""
        return [bell for bell in self.channel.service._bells.all() if bell.agenda == self.channel.agenda.name]

    def opened(self) -> tuple[UUID, dict[str, str]]:
        """A watched link, and a notice that is true."""
        link = self.link()
        self.tend(link)
        (bell,) = self.bells()
        return link, {"x-bell": bell.name, "x-bell-token": bell.token, "x-bell-says": "changed"}
