"""One organization whose troubles are looked at, and who hears of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, text, update
from sqlalchemy.pool import NullPool

from connectors import webhooks_out
from connectors.transport import Network
from hub.config import Settings
from hub.database import Database
from hub.ids import new_id
from hub.models.external import ConflictRecord, ExternalEvent
from hub.models.links import Link
from hub.models.records import Fact
from sync.alerting import delivering, looking
from sync.runtime import Runtime
from tests import factories, servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.sync.importing import Importer

SECRET = webhooks_out.new_secret()
LOOKS = timedelta(seconds=10)


def settings_for(url: str, **more: Any) -> Settings:
    usual = {
        "base_url": "https://hub.example.com",
        "secret_key": factories.SIGNING_KEY.decode(),
        "encryption_keys": factories.FERNET_KEY,
        "monitoring_webhook_url": url,
        "monitoring_webhook_secret": SECRET,
    }
    return Settings(**usual | more)


def runtime_for(database_url: str, url: str, **more: Any) -> Runtime:
    settings = settings_for(url, **more)
    return Runtime(settings, Database(database_url, factories.a_vault()), Network(["127.0.0.1"]))


@dataclass(frozen=True, slots=True)
class Watched:
    runtime: Runtime
    database: servers.Database
    importer: Importer
    link_id: UUID
    receiver: WebhookReceiver
    clock: FrozenClock

    @classmethod
    def build(
        cls,
        database: servers.Database,
        receiver: WebhookReceiver,
        channel: FeedServer,
        clock: FrozenClock,
    ) -> Watched:
        runtime = runtime_for(database.app_url, receiver.url)
        importer = Importer.build(runtime, channel)
        made = cls(runtime, database, importer, importer.link(), receiver, clock)
        made.link(verified_at=clock.instant)
        return made

    @property
    def organization_id(self) -> UUID:
        return self.importer.organization_id

    def link(self, **values: Any) -> None:
        """From now on it stands like that."""
        self.importer.do(lambda s: s.execute(update(Link).where(Link.id == self.link_id).values(**values)))

    def look(self, times: int = 1, apart: timedelta = LOOKS) -> None:
        """So many looks; nothing is delivered."""
        for _ in range(times):
            self.clock.advance(apart)
            looking.look(self.runtime)

    def look_until_told(self) -> None:
        """Long enough for any cause, and short enough for none to become stale."""
        self.look(6, apart=6 * LOOKS)

    def tell(self) -> int:
        return delivering.deliver(self.runtime)

    def heard(self) -> Counter[tuple[str, str]]:
        """What the receiver was told, by kind and cause; each id counts once, as receivers count."""
        told = {posted.id: posted.told for posted in self.receiver.posted}
        return Counter((one["type"], one["data"]["cause"]) for one in told.values())

    def rows(self, statement: str) -> list[Any]:
        """What the tables really hold, past the walls."""
        engine = create_engine(self.database.owner_url, poolclass=NullPool)
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            found = list(result) if result.returns_rows else []
        engine.dispose()
        return found

    # What may be the matter

    def an_event(self, **values: Any) -> UUID:
        now = self.clock.instant
        event = ExternalEvent(
            organization_id=self.organization_id,
            id=new_id(),
            link_id=self.link_id,
            key=new_id().hex,
            all_day=False,
            starts_at=now,
            ends_at=now + timedelta(days=1),
            sealed=b"",
            digest=b"",
            uid_out=new_id().hex,
            first_seen_at=now,
            changed_at=now,
            **values,
        )
        self.importer.do(lambda session: session.add(event))
        return event.id

    def a_conflict(self, **values: Any) -> UUID:
        conflict = self._conflict(**values)
        self.importer.do(lambda session: session.add(conflict))
        return conflict.id

    def conflicts(self, number: int) -> None:
        """So many at once."""
        self.importer.do(lambda session: session.add_all([self._conflict() for _ in range(number)]))

    def _conflict(self, **values: Any) -> ConflictRecord:
        now = self.clock.instant
        return ConflictRecord(
            organization_id=self.organization_id,
            id=new_id(),
            state="open",
            link_id=self.link_id,
            local={"reference": "7KQ2M9XA"},
            remote={},
            opened_at=now,
            starts_at=now,
            ends_at=now + timedelta(days=2),
            **{"type": "UNPLACED", "event_id": new_id()} | values,
        )

    def a_stuck_fact(self) -> None:
        long_ago = self.clock.instant - timedelta(minutes=6)
        fact = Fact(
            organization_id=self.organization_id,
            kind="inventory.changed",
            payload={},
            state="quarantined",
            not_before=long_ago,
            created_at=long_ago,
        )
        self.importer.do(lambda session: session.add(fact))


Change = Callable[[Watched], object]
