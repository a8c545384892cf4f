"""Links that are due, as many as a test wants, of organizations whose calendars nobody asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import links
from sync import connecting, linking
from sync.runtime import Runtime
from tests import factories

LASTING = timedelta(seconds=60)


@dataclass
class Tenant:
    """An organization whose links are rows: nobody asks anything."""

    runtime: Runtime
    organization_id: UUID
    first: UUID

    @classmethod
    def build(cls, runtime: Runtime) -> Tenant:
        member = factories.an_organization(runtime.database)

        def work(session: Session) -> UUID:
            unit = factories.rooms(session, 1)[0]
            connection = connecting.connect(session, "ical", "Seaside", {})
            scope = linking.Scope(unit_id=unit.id)
            url = {"url": "https://calendar.example/a.ics"}
            row = linking.link(session, connection.id, scope, "import", url, uid_domain="hub.example")
            links.note(session, row.id, next_pull_at=clock.now() + timedelta(days=365))
            return row.id

        return cls(runtime, member.organization_id, runtime.database.transact(member.organization_id, work))

    def links(self, host: str, number: int, *, state: str = "active", late: int = 60) -> list[UUID]:
        """So many that have been due for so many seconds, the first the longest."""
        ids = [new_id() for _ in range(number)]
        with self.runtime.database.unit_of_work(self.organization_id) as session:
            like = links.one(session, self.first)
            kept = [column.name for column in Link.__table__.c if column.computed is None]
            values = {name: getattr(like, name) for name in kept}
            for place, link_id in enumerate(ids):
                own = {"id": link_id, "host": host, "state": state}
                at = clock.now() - timedelta(seconds=late - place / 1000)
                session.add(Link(**(values | own | {"next_pull_at": at})))
        return ids

    def lease(self, link_id: UUID) -> None:
        with self.runtime.database.unit_of_work(self.organization_id) as session:
            assert links.acquire(session, link_id, LASTING)
