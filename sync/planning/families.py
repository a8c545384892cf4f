"""
The events of a calendar that is synced one by one: their names are good, and what is gone is gone. PURE.

A family is an event, or a series with its exceptions. An event that became a series, or a series that was
moved, has occurrences of other names: within a family these are found again as in any calendar.

A beginning that follows the clock is no change here either (`differences.settled`): such a
calendar may be filled by a tool that cuts off what is over, and tonight is not freed by that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from sync.planning import guard, identity
from sync.planning.differences import Difference
from sync.planning.guard import Remainder, Verdict
from sync.planning.identity import Binding
from sync.planning.known import NO_SLIDES, Known, Received
from sync.planning.matching import Pair
from sync.planning.measure import Measure
from sync.planning.weighing import weigh


def bind(
    known: Mapping[UUID, Iterable[Known]],
    received: Mapping[UUID, Iterable[Received]],
    measure: Measure,
    now: datetime,
) -> Binding:
    """Which is which, by the families' ids: by name, and what is left of each family by its time."""
    pairs: list[Pair] = []
    new: list[Received] = []
    missing: list[Known] = []
    heard: dict[UUID, dict[str, Received]] = defaultdict(dict)
    for family, ones in received.items():
        heard[family] = {one.key: one for one in ones}
    for family, held in known.items():
        left = heard[family]
        unnamed = []
        for was in held:
            one = None if was.remainder else left.pop(was.key, None)
            if one is None:
                unnamed.append(was)
            else:
                pairs.append((was, one))
        if unnamed and left:
            found = identity.bind(unnamed, left.values(), measure, now)
            pairs += found.pairs
            missing += found.missing
            heard[family] = {one.key: one for one in found.new}
        else:
            missing += unnamed
    for ones_left in heard.values():
        new += ones_left.values()
    return Binding(
        tuple(sorted(pairs, key=lambda pair: _order(pair[1]))),
        tuple(sorted(new, key=_order)),
        tuple(sorted(missing, key=attrgetter("key"))),
        NO_SLIDES,
    )


def verdict(found: Difference, measure: Measure, now: datetime) -> Verdict:
    """What is not told any more is free at once; what of it is over stays."""
    cut = measure.cut(now)
    gone = guard.release((known for known in found.missing if _ends_at(known, measure) > cut), measure, now)
    past = weigh(found, measure, now, None, {}).past
    remainders = tuple(Remainder(pair.known, measure.when(over), over, None) for pair, over in past)
    return Verdict(gone, (), remainders)


def _ends_at(known: Known, measure: Measure) -> datetime:
    if known.pieces:
        return known.pieces[-1].ends_at
    spanned = measure.span(known.when)
    if spanned is None:
        raise AssertionError("an event without length is never stored")
    return spanned[0].ends_at


def _order(one: Received) -> tuple[datetime, datetime, str]:
    return one.span.starts_at, one.span.ends_at, one.key
