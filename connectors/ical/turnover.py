"""
Three events a stay: arrivals and departures that some channels list besides the stay itself. Pure.

Such an event takes no time of its own where the stay that explains it is there; without it, it counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, RemoteEvent, When
from connectors.ical import notes
from connectors.ical.unlisted import Marker
from connectors.ical.words import Edge, beside_edges

ONE_DAY = timedelta(days=1)

NOTES = {
    Edge.ARRIVAL: notes.ARRIVAL,
    Edge.DEPARTURE: notes.DEPARTURE,
}


class Candidate(NamedTuple):
    """An event that counts, at its position in the feed; `edge` is what its summary calls it."""

    position: int
    event: RemoteEvent
    edge: Edge | None
    may_be_a_stay: bool


@dataclass(frozen=True, slots=True)
class Turnovers:
    edges: dict[int, str] = field(default_factory=dict)
    """The positions of arrivals and departures that a stay explains, and why each does not count"""
    stays: set[int] = field(default_factory=set)
    """The positions of those stays: who arrives or departs is a guest"""
    alone: list[Marker] = field(default_factory=list)
    """The arrivals and departures that no stay explains"""


def explained(candidates: Iterable[Candidate], zone: ZoneInfo, singly: bool) -> Turnovers:
    """
    A stay explains one arrival on its first day and one departure on the day it ends; unless `singly`, only
    both together.
    """
    marked: dict[tuple[Edge, date], list[Candidate]] = defaultdict(list)
    stays: list[tuple[date, date, str, int]] = []
    for candidate in candidates:
        first, after = _days(candidate.event.when, zone)
        if candidate.edge is not None and _is_of_a_day(candidate.event.when, zone):
            marked[candidate.edge, first].append(candidate)
        elif candidate.may_be_a_stay and first < after:
            stays.append((first, after, candidate.event.key, candidate.position))
    for markers in marked.values():
        markers.sort(key=lambda candidate: candidate.event.key, reverse=True)  # taken from the end

    found = Turnovers()
    for first, after, _, position in sorted(stays) if marked else ():
        pair = (marked.get((Edge.ARRIVAL, first)), marked.get((Edge.DEPARTURE, after)))
        if singly or all(pair):
            for markers in filter(None, pair):
                marker = markers.pop()
                assert marker.edge is not None
                found.edges[marker.position] = NOTES[marker.edge]
                found.stays.add(position)
    for (edge, day), markers in marked.items():
        found.alone.extend(
            Marker(day, one.position, edge, beside_edges(one.event.summary)) for one in markers
        )
    return found


def _is_of_a_day(when: When, zone: ZoneInfo) -> bool:
    """Whether it lies within one local day, as arrivals and departures do."""
    if isinstance(when, AllDay):
        return when.after - when.first <= ONE_DAY
    last = when.ends_at - timedelta.resolution
    return when.starts_at.astimezone(zone).date() == last.astimezone(zone).date()


def _days(when: When, zone: ZoneInfo) -> tuple[date, date]:
    """The local day on which it begins, and the one on which it ends: the day of departure of a stay."""
    if isinstance(when, AllDay):
        return when.first, when.after
    return when.starts_at.astimezone(zone).date(), when.ends_at.astimezone(zone).date()
