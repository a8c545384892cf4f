"""Pulls of one host's calendars that begin at one moment, as many pullers do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.queries import hosts as query
from sync import connecting, linking
from sync import pull as pulling
from sync.attempts import BUSY, Outcome
from tests.concurrency.together import Meeting, together, until
from tests.fakes.counting_server import CountingServer
from tests.sync.importing import DOMAIN, Importer

# What stand_at_host does, without the locks that make those who begin at once count each other.
_UNLOCKED = text("""
    SELECT count(*) FILTER (WHERE host = :host) AS running, NULL::int AS failures,
           NULL::timestamptz AS not_before, NULL::timestamptz AS asked_until,
           count(*) FILTER (WHERE organization_id = current_setting('hub.organization')::uuid) > :most
               AND CAST(:soon AS timestamptz) > 'epoch' AS crowding
    FROM links WHERE lease_until > clock_timestamp()
""")


def link(importer: Importer, host: str, path: str = "/a.ics", port: int | None = None) -> UUID:
    """A link for a calendar at that host, whose name must lead to this machine."""
    url = {"url": f"http://{host}:{port or importer.channel.port}{path}"}

    def work(session: Session) -> UUID:
        connection = connecting.connect(session, "ical", "Seaside", {})
        scope = linking.Scope(unit_id=importer.units[0])
        return linking.link(session, connection.id, scope, "import", url, uid_domain=DOMAIN).id

    return importer.do(work)


def pull(importer: Importer, link_id: UUID, trigger: str = "schedule") -> Outcome:
    return pulling.pull(importer.runtime, importer.organization_id, link_id, trigger=trigger)


def all_at_once(
    importer: Importer,
    slow: CountingServer,
    hosts: list[str],
    meanwhile: Callable[[], object] = lambda: None,
) -> list[str]:
    """
    One calendar of each of these hosts, begun at one moment: how the pulls ended. `meanwhile` is done when
    each has asked or was told to wait, and before any that asked is answered.
    """
    port = int(slow.url("").rpartition(":")[2])
    ids = [link(importer, host, f"/{number}.ics", port) for number, host in enumerate(hosts)]
    turned_away: list[Outcome] = []

    def asks(link_id: UUID) -> Outcome:
        outcome = pull(importer, link_id)
        turned_away.append(outcome)
        return outcome

    def answer() -> Outcome:
        until(
            lambda: slow.total() + len(turned_away) >= len(ids),
            within=30,
            what="each asks, or is told to wait",
        )
        try:
            meanwhile()
        finally:
            slow.go_on.set()
        return BUSY

    calls: list[Callable[[], Outcome]] = [*(partial(asks, link_id) for link_id in ids), answer]
    ended = together(calls)
    assert not [one for one in ended if isinstance(one, Exception)], ended
    return [one.state for one in ended[:-1] if isinstance(one, Outcome)]


def without_the_lock(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """All begin before any has committed that it did."""
    meeting, stand = Meeting(parties), query.stand

    def together_with_others(session: Session, name: str, most: int, soon: datetime) -> object:
        found = stand(session, name, most, soon)
        meeting.wait()
        return found

    monkeypatch.setattr(query, "_STAND", _UNLOCKED)
    monkeypatch.setattr(query, "stand", together_with_others)
