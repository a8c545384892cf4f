"""Who sees two syncs of one calendar at once: Google by its requests, the database by who takes a lease."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests import servers
from tests.concurrency import audit
from tests.fakes.google_calendar.asked import Asked, Reply
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.errors import Refusal
from tests.fakes.google_calendar.server import Serving
from tests.fakes.under_way import UnderWay

# A trigger, and not what the hub itself believes: it holds for every way in which a fence rises.
_NOTED = """
    CREATE TABLE leases_taken (link_id uuid, fence bigint, ran_out timestamptz, taken_at timestamptz);
    CREATE FUNCTION note_lease() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO leases_taken VALUES (NEW.id, NEW.fence, OLD.lease_until, clock_timestamp());
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_lease AFTER UPDATE OF fence ON links FOR EACH ROW
    WHEN (NEW.fence > OLD.fence) EXECUTE FUNCTION note_lease();
"""
_WHILE_HELD = "SELECT count(*) FROM leases_taken WHERE ran_out > taken_at"
_FROM_THE_LOST = (
    "SELECT count(*) FROM leases_taken WHERE ran_out BETWEEN 'epoch'::timestamptz + '1 s' AND taken_at"
)


class CountedGoogle(GoogleCalendar):
    """It takes `delay` seconds for each answer, and counts by calendar what is under way meanwhile."""

    def __init__(self, delay: float) -> None:
        super().__init__()
        self.delay = delay
        self.asked = UnderWay()
        self._go_on = threading.Event()

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        calendar = Asked.of(method, target, headers, body).calendar
        if not calendar:
            return super().handle(method, target, headers, body)
        self.asked.begins(calendar)
        try:
            self._go_on.wait(self.delay)
            return super().handle(method, target, headers, body)
        finally:
            self.asked.ends(calendar)

    def use_up(self, account: str) -> None:
        """Something else of theirs uses all that the account may ask in this minute."""
        with contextlib.suppress(Refusal):
            while True:
                with self._lock:
                    self.quota.spend(account, self.world.now())

    @contextmanager
    def serving(self) -> Iterator[CountedGoogle]:
        with Serving(self):
            yield self
            self._go_on.set()


def note_leases(database: servers.Database) -> None:
    """From now on the database writes down each lease that is taken, and when the one before it ran out."""
    audit.execute(database.superuser_url, _NOTED)


def taken_while_held(database: servers.Database) -> int:
    """Leases that somebody took while another's was running."""
    return int(audit.ask(database.superuser_url, _WHILE_HELD))


def taken_from_the_lost(database: servers.Database) -> int:
    """Leases that ran out before somebody took them: whoever had the one before never gave it back."""
    return int(audit.ask(database.superuser_url, _FROM_THE_LOST))
