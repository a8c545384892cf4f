"""The channels of the demo, with stays made up from the day on which it begins. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox import harbour
from connectors.sandbox.channel import Channel
from connectors.sandbox.channels import CHANNELS
from connectors.sandbox.stays import Kind, Stay
from connectors.sandbox.writing import digest
from connectors.sandbox.zoo import Zoo
from hub.domain.periods import Nights

ZONE = ZoneInfo("Europe/Lisbon")
AGENDA = "Seaside House"
ANSWERS = 20
"""That each of them remembers: it is asked for as long as the demo lasts"""

# Days from today, nights, and what the channel says of them. Stays meet at checkouts, and some are past.
PLANS: Mapping[str, Sequence[tuple[int, int, str]]] = {
    "airbnb": (
        (-2, 4, "Reserved"),
        (9, 5, "Reserved"),
        (14, 2, "Airbnb (Not available)"),
        (33, 7, "Reserved"),
        (75, 3, "Airbnb (Not available)"),
    ),
    "booking": (
        (4, 3, "CLOSED - Not available"),
        (21, 2, "CLOSED - Not available"),
        (44, 6, "CLOSED - Not available"),
        (90, 4, "CLOSED - Not available"),
    ),
    "vrbo": (
        (-20, 6, "Reserved - Bruno"),
        (17, 4, "Réservée - Amélie"),
        (28, 3, "Blocked"),
        (52, 9, "Reserved - Inês"),
        (61, 2, "Provisoire - Chloé"),
        (110, 5, "Indisponible"),
    ),
    "smoobu": (
        (2, 3, "Łukasz"),
        (24, 4, "Zoë"),
        (40, 2, "Blocked"),
    ),
    "hub": (
        (6, 2, "Reserved"),
        (19, 5, "Not available"),
        (70, 3, "Reserved"),
    ),
}


def zoo(today: date) -> Zoo:
    """Nobody acts in it by himself; the same day gives the same stays."""
    found = [_channel(kind, kind, plan, today, str(today)) for kind, plan in PLANS.items()]
    for name, kind in harbour.CALENDARS.items():
        found.append(_channel(name, kind, harbour.plan(name), today, f"{today} {name}"))
    return Zoo(found, ZONE)


def _channel(name: str, kind: str, plan: Sequence[tuple[int, int, str]], today: date, seed: str) -> Channel:
    started = datetime.combine(today, time(), UTC)
    channel = Channel(kind, today, started, ZONE, name=name, acts_a_day=0.0, remembers=ANSWERS)
    for number, (offset, nights, summary) in enumerate(plan):
        first = today + timedelta(days=offset)
        stay = new(kind, summary, first, first + timedelta(days=nights), f"{seed} {number}", started)
        channel.stays[stay.id] = stay
    return channel


def new(kind: str, summary: str, first: date, after: date, seed: str, now: datetime) -> Stay:
    """What a channel of that kind would make of these words; ValueError unless `after` is after `first`."""
    manner = CHANNELS[kind]
    block = summary in manner.blocks and summary not in manner.stays
    return Stay(
        id=digest(kind, seed),
        kind=Kind.BLOCK if block else Kind.STAY,
        span=Nights(first, after),
        changed_at=now,
        guest=summary,
        summary=summary,
    )
