"""
What is told of a stay that is not listed: only where it begins, or where it ends. PURE.

The stay that is known goes on as it was. Somebody in the house who is told to depart later stays longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import When
from hub.domain.periods import Period
from sync.planning.known import Known, Received
from sync.planning.matching import Pair
from sync.planning.measure import Measure


def bound(
    left: Mapping[str, Known], heard: Mapping[str, Received], measure: Measure, cut: datetime
) -> list[Pair]:
    """The stays, not told themselves, in which such edges lie, or which are under way: the next to end."""
    spans = {
        was.key: span for was in left.values() if (span := measure.takes(was.when)) and span.ends_at >= cut
    }
    pairs: list[Pair] = []
    edges = sorted((one for one in heard.values() if one.event.part), key=lambda one: one.span.starts_at)
    for within in (True, False):
        for one in [edge for edge in edges if edge.key not in {pair[1].key for pair in pairs}]:
            found = [
                (abs(span.ends_at - one.span.ends_at), key)
                for key, span in spans.items()
                if (span.contains(one.span.starts_at) if within else _goes_on(span, one.span, cut))
            ]
            if found:
                _, key = min(found)
                pairs.append((left[key], one))
                del spans[key]
    return pairs


def time(known: Known, one: Received, measure: Measure) -> When:
    """Of the stay from now on: never less than was known."""
    was = measure.takes(known.when)
    if was is None or one.span.starts_at < was.ends_at:
        return known.when
    return measure.when(Period(was.starts_at, one.span.ends_at))


def _goes_on(span: Period, told: Period, cut: datetime) -> bool:
    return span.starts_at < cut <= span.ends_at <= told.starts_at
