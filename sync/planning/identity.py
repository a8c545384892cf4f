"""
Which received event is which stored one. PURE.

Names of events are weak: channels reissue UIDs on edits or every day, number them anew, build them from the
dates. What is as it was is found at once, all else by rules (`matching.py`), one with one. What an event left
behind when it moved is never found again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sync.planning import parts
from sync.planning.known import NO_SLIDES, Known, Received, Slide, text_digest
from sync.planning.matching import Pair, by_rules, one_code, one_nature
from sync.planning.measure import Measure


@dataclass(frozen=True, slots=True)
class Binding:
    """Each known event is in `pairs` or `missing`, each received one in `pairs` or `new`."""

    pairs: tuple[Pair, ...]
    new: tuple[Received, ...]
    missing: tuple[Known, ...]
    """Remainders are always among them."""
    slides: Mapping[str, Slide]
    """The received windows, by key"""

    @property
    def displaced(self) -> tuple[Known, ...]:
        """Those whose key is another's now: they must give it up before that one is written."""
        holders = {received.key: known.key for known, received in self.pairs}
        holders |= {received.key: "" for received in self.new}
        every = (*(known for known, _ in self.pairs), *self.missing)
        return tuple(known for known in every if holders.get(known.key, known.key) != known.key)


def bind(
    known: Iterable[Known],
    received: Iterable[Received],
    measure: Measure,
    now: datetime,
    slides: Mapping[str, Slide] = NO_SLIDES,
) -> Binding:
    """In whatever order the two come; the keys of each differ."""
    every = {one.key: one for one in known}
    heard = {one.key: one for one in received}
    left = {key: one for key, one in every.items() if not one.remainder}
    pairs = _unchanged(left, heard)
    for texts in (False, True):
        if left and heard:
            pairs += _by_time(left, heard, texts=texts)
    if left and heard:
        found = by_rules(left.values(), heard.values(), measure, measure.cut(now), slides)
        pairs += _taken_out(left, heard, found)
        pairs += _taken_out(left, heard, parts.bound(left, heard, measure, measure.cut(now)))
    missing = [one for key, one in every.items() if one.remainder or key in left]
    return Binding(
        tuple(sorted(pairs, key=lambda pair: _order(pair[1]))),
        tuple(sorted(heard.values(), key=_order)),
        tuple(sorted(missing, key=attrgetter("key"))),
        slides,
    )


def _unchanged(left: dict[str, Known], heard: dict[str, Received]) -> list[Pair]:
    """Nearly all of them, nearly always; what is bound is taken out of the two."""
    return _taken_out(
        left,
        heard,
        [
            (was, one)
            for key, one in heard.items()
            if (was := left.get(key)) is not None
            and was.when == one.event.when
            and one_code(was.code, one.event.code)
            and one_nature(was.nature, one.event.nature)
        ],
    )


def _by_time(left: dict[str, Known], heard: dict[str, Received], *, texts: bool) -> list[Pair]:
    """Those that are alone at their time, or with their text: all names may be others, and rules are slow."""
    groups: dict[Hashable, tuple[list[Known], list[Received]]] = defaultdict(lambda: ([], []))
    for was in left.values():
        groups[was.when, was.code, was.text_digest if texts else b""][0].append(was)
    for one in heard.values():
        event = one.event
        groups[event.when, event.code, text_digest(event) if texts else b""][1].append(one)
    return _taken_out(
        left,
        heard,
        [
            (were[0], ones[0])
            for were, ones in groups.values()
            if len(were) == len(ones) == 1 and one_nature(were[0].nature, ones[0].event.nature)
        ],
    )


def _taken_out(left: dict[str, Known], heard: dict[str, Received], pairs: list[Pair]) -> list[Pair]:
    for was, one in pairs:
        del left[was.key]
        del heard[one.key]
    return pairs


def _order(one: Received) -> tuple[datetime, datetime, str]:
    return one.span.starts_at, one.span.ends_at, one.key
