"""Shorthand of the tests of understanding: feeds of events, and what is understood of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, RemoteEvent, When, Window
from connectors.ical.options import FeedOptions
from connectors.ical.understand import Understood, understand
from hub.domain.periods import Period, nights_met
from tests.connectors.ical.reading import LISBON, WINDOW, days

CHECK_IN, CHECK_OUT = time(15), time(11)
DEFAULTS = FeedOptions()


@dataclass(frozen=True)
class Said:
    """A feed as it was read."""

    events: tuple[RemoteEvent, ...]
    problems: tuple[str, ...] = ()
    title: str = ""
    producer: str = ""


def saying(
    summary: str, description: str = "", uid: str = "a", when: When | None = None, busy: bool = True
) -> RemoteEvent:
    """An event of four nights, unless it is said when."""
    return RemoteEvent(
        uid, None, when or days("2026-07-01", "2026-07-05"), busy, summary=summary, description=description
    )


def meant(
    *events: RemoteEvent,
    producer: str = "",
    host: str = "",
    options: FeedOptions = DEFAULTS,
    zone: ZoneInfo = LISBON,
    window: Window = WINDOW,
) -> Understood:
    return understand(Said(events, producer=producer), host, options, zone, window)


def only_meant(event: RemoteEvent, producer: str = "", options: FeedOptions = DEFAULTS) -> RemoteEvent:
    (found,) = meant(event, producer=producer, options=options).events
    return found


def nights(
    events: Iterable[RemoteEvent],
    zone: ZoneInfo = LISBON,
    check_in: time = CHECK_IN,
    check_out: time = CHECK_OUT,
) -> set[date]:
    """The nights that the busy ones take of a unit let by the night."""
    taken: set[date] = set()
    for event in events:
        when = event.when
        if not event.busy:
            continue
        if isinstance(when, AllDay):
            taken.update(date.fromordinal(n) for n in range(when.first.toordinal(), when.after.toordinal()))
        elif when.starts_at < when.ends_at:
            taken.update(nights_met(Period(when.starts_at, when.ends_at), zone, check_in, check_out) or ())
    return taken
