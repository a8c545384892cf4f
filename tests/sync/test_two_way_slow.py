"""A Google that takes longer to answer than a lease lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync import attempts, leasing
from sync import pull as pulling
from sync.attempts import Outcome
from sync.runtime import Runtime
from tests.concurrency.together import until
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

LEASE = timedelta(seconds=2)
TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=20), TODAY + timedelta(days=23))
SHOWN = [(STAY.arrival.isoformat(), STAY.departure.isoformat())]


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    """At rest, with one booking that is to be written, by workers whose leases are short."""
    google = GoogleCalendar()
    with wired(google):
        made = BothSides.build(reaching, google)
        made.rest()
        made.book(STAY)
        short = reaching.settings.model_copy(update={"lease_seconds": LEASE.seconds})
        yield replace(made, runtime=replace(made.runtime, settings=short))
    assert google.violations == []


class Slow:
    """Google's answer to the next insertion comes when the lease, as it was given, has long run out."""

    def __init__(self, both: BothSides, monkeypatch: pytest.MonkeyPatch) -> None:
        self.both = both
        self.second: Outcome | None = None
        """What another worker is told meanwhile"""
        self._began = self._now()
        self._handle = both.google.handle
        self._met = False
        monkeypatch.setattr(both.google, "handle", self.handle)

    def handle(self, method: str, target: str, *rest: Any) -> Any:
        if method == "POST" and "/events?" in target and not self._met:
            self._met = True
            until(lambda: self._now() - self._began > LEASE * 1.3, within=20, what="the lease's time is over")
            self.second = pulling.pull(self.both.runtime, self.both.organization_id, self.both.link_id)
        return self._handle(method, target, *rest)

    def _now(self) -> Any:
        """By the clock of the database, which leases follow."""
        return self.both.do(lambda session: session.scalar(text("SELECT clock_timestamp()")))


def test_a_slow_google_does_not_lose_the_lease(both: BothSides, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(both, monkeypatch)

    assert both.sync().state == "changed"

    assert slow.second == attempts.BUSY
    assert [one[:2] for one in both.shown()] == SHOWN


def test_a_lease_that_nobody_renews_is_lost_and_even_then_nothing_is_doubled(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    monkeypatch.setattr(leasing, "_renew", lambda *_: None)
    slow = Slow(both, monkeypatch)

    assert both.sync().state == "busy"

    assert slow.second is not None
    assert slow.second.state == "changed"
    both.rest()
    assert [one[:2] for one in both.shown()] == SHOWN
    assert len(both.google.effects()) == 1
