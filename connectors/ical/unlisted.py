"""
Stays of which only the arrival or the departure is listed, where a channel is known to list all three. Pure.

Both of one guest make the stay between them. Of one that is alone nothing is known but the first or the last
night: a stay that is known already goes on as it was. The day of a departure counts with its night: whoever
wrote it may have closed that day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from connectors.contract import AllDay
from connectors.ical.words import Edge

ONE_DAY = timedelta(days=1)
LONGEST = timedelta(days=60)
"""An arrival and a departure that are further apart are not taken for one stay's"""


class Marker(NamedTuple):
    """An arrival or a departure at its position in the feed."""

    day: date
    position: int
    edge: Edge
    guest: str


@dataclass(slots=True)
class Unlisted:
    """By positions in the feed."""

    spans: dict[int, AllDay] = field(default_factory=dict)
    """What these tell of a stay"""
    parts: set[int] = field(default_factory=set)
    """Those that tell one night of a stay that may be longer"""
    departures: set[int] = field(default_factory=set)
    """Those that are in the span of their arrival"""


def unlisted(markers: Iterable[Marker]) -> Unlisted:
    found = Unlisted()
    arrived: dict[str, Marker] = {}
    for marker in sorted(markers, key=_in_turn):
        if marker.edge is Edge.ARRIVAL:
            arrived[marker.guest] = marker
            found.spans[marker.position] = AllDay(marker.day, marker.day + ONE_DAY)
            found.parts.add(marker.position)
            continue
        arrival = arrived.pop(marker.guest, None)
        if arrival is not None and arrival.day < marker.day <= arrival.day + LONGEST:
            found.spans[arrival.position] = AllDay(arrival.day, marker.day)
            found.parts.remove(arrival.position)
            found.departures.add(marker.position)
        else:
            found.spans[marker.position] = AllDay(marker.day - ONE_DAY, marker.day + ONE_DAY)
            found.parts.add(marker.position)
    return found


def _in_turn(marker: Marker) -> tuple[date, bool, int]:
    """On a day of turnover one guest departs before the next arrives."""
    return marker.day, marker.edge is Edge.ARRIVAL, marker.position
