"""
Which of many events are the same, by one rule after the other. PURE.

Each rule is tried on what those before it left, and pairs at most one with one:

* name and time are what they were
* the channel's own code of the stay
* exactly the same time
* the same window of the channel's policy, which moves on every day
* the name alone
* the same end: stays that are under way begin later every day
* the same beginning: a stay that is made longer gets another name

A guest's stay and a closure are two things unless they have one name, and so are two codes. What is over is
found again only as what it was, or made longer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Generic, TypeVar

from connectors.contract import Nature
from sync.planning.known import Known, Received, Slide, text_digest
from sync.planning.measure import Measure

Pair = tuple[Known, Received]
T = TypeVar("T", Known, Received)


@dataclass(slots=True)
class _Side(Generic[T]):
    """One of either, in the same words; not frozen, for that takes longest of all."""

    it: T
    key: str
    starts_at: datetime
    ends_at: datetime
    nature: Nature
    code: str
    slide: Slide | None
    text: bytes
    over: bool
    waits: bool
    """Known, but not told at the last reading: others come first"""


@dataclass(frozen=True, slots=True)
class _Rule:
    """What must be equal; None takes no part."""

    of: Callable[[_Side[Known] | _Side[Received]], Hashable]
    last_first: bool = False
    any_nature: bool = False
    any_code: bool = False
    any_time: bool = False
    """They may be far apart: of several, none that is over"""


def _code(side: _Side[Known] | _Side[Received], *more: Hashable) -> Hashable:
    return (side.code, *more) if side.code else None


def _window(side: _Side[Known] | _Side[Received], *more: Hashable) -> Hashable:
    return (side.slide, *more) if side.slide and not side.over else None


RULES: tuple[_Rule, ...] = (
    _Rule(lambda one: (one.key, one.starts_at, one.ends_at)),
    # One stay may be several events of one code.
    _Rule(lambda one: _code(one, one.key), any_code=True),
    _Rule(lambda one: _code(one, one.starts_at, one.ends_at), any_code=True),
    _Rule(lambda one: _code(one, one.ends_at), any_code=True),
    _Rule(lambda one: _code(one, one.starts_at), any_code=True),
    _Rule(lambda one: _code(one), any_code=True, any_time=True),
    _Rule(lambda one: (one.starts_at, one.ends_at, one.text)),
    _Rule(lambda one: (one.starts_at, one.ends_at)),
    _Rule(lambda one: _window(one, one.ends_at)),
    _Rule(lambda one: _window(one, one.starts_at)),
    _Rule(lambda one: _window(one)),
    _Rule(lambda one: one.key, any_nature=True, any_code=True),
    _Rule(lambda one: one.ends_at, last_first=True),
    _Rule(lambda one: one.starts_at),
)


def by_rules(
    left: Iterable[Known],
    heard: Iterable[Received],
    measure: Measure,
    cut: datetime,
    slides: Mapping[str, Slide],
) -> list[Pair]:
    """What is over ends by the cut; `slides` are the received windows by key."""
    known = [_known(one, measure, cut) for one in left]
    received = [_received(one, slides) for one in heard]
    known.sort(key=lambda side: (side.over, side.waits, side.starts_at, side.ends_at, side.key))
    received.sort(key=lambda side: (side.starts_at, side.ends_at, side.key))
    pairs: list[Pair] = []
    for rule in RULES:
        found = _by_rule(rule, known, received)
        if found:
            bound_known = {was.key for was, _ in found}
            bound_received = {one.key for _, one in found}
            known = [side for side in known if side.key not in bound_known]
            received = [side for side in received if side.key not in bound_received]
            pairs += found
    return pairs


def one_code(known: str, received: str) -> bool:
    """Two codes are two stays."""
    return known == received or not (known and received)


def one_nature(known: Nature, received: Nature) -> bool:
    return known is received or Nature.UNKNOWN in (known, received)


def _by_rule(rule: _Rule, known: Sequence[_Side[Known]], received: Sequence[_Side[Received]]) -> list[Pair]:
    groups: dict[Hashable, list[_Side[Known]]] = defaultdict(list)
    for side in known:
        if (alike := rule.of(side)) is not None:
            groups[alike].append(side)
    others: dict[Hashable, list[_Side[Received]]] = defaultdict(list)
    for one in received:
        if (alike := rule.of(one)) is not None and alike in groups:
            others[alike].append(one)
    pairs: list[Pair] = []
    for alike, ones in others.items():
        pairs += _in_group(rule, groups[alike], ones)
    return pairs


_CLASSES = [
    (known, received)
    for alike in (True, False)
    for known in [(nature, coded) for nature in Nature for coded in (True, False)]
    for received in [(nature, coded) for nature in Nature for coded in (True, False)]
    if (known[0] is received[0]) is alike
]
"""Of nature and code, the alike first: classes are compared, not events, or large groups cost their square"""


def _in_group(rule: _Rule, known: list[_Side[Known]], received: list[_Side[Received]]) -> list[Pair]:
    """One with one, in the order of their times."""
    if len(known) == len(received) == 1:
        return [(known[0].it, received[0].it)] if _may_be(rule, known[0], received[0]) else []
    if rule.any_time:
        known = [side for side in known if not side.over]
    were, are = _classed(rule, known), _classed(rule, received)
    pairs: list[Pair] = []
    for (nature, coded), (nature_now, coded_now) in _CLASSES:
        ones, others = were.get((nature, coded)), are.get((nature_now, coded_now))
        if not ones or not others:
            continue
        # Two of one code found each other before: what is left of two codes is two stays.
        alike = rule.any_code or not (coded and coded_now)
        if alike and (rule.any_nature or one_nature(nature, nature_now)):
            found = [(one.it, other.it) for one, other in zip(ones, others, strict=False)]
            del ones[: len(found)], others[: len(found)]
            pairs += found
    return pairs


def _classed(rule: _Rule, sides: list[_Side[T]]) -> dict[tuple[Nature, bool], list[_Side[T]]]:
    if rule.last_first:
        sides = sorted(sides, key=attrgetter("starts_at"), reverse=True)
        sides.sort(key=attrgetter("over", "waits"))
    classes: dict[tuple[Nature, bool], list[_Side[T]]] = defaultdict(list)
    for side in sides:
        classes[side.nature, bool(side.code)].append(side)
    return classes


def _may_be(rule: _Rule, known: _Side[Known], received: _Side[Received]) -> bool:
    if known.over and received.starts_at > known.ends_at:
        return False
    alike = rule.any_code or one_code(known.code, received.code)
    return alike and (rule.any_nature or one_nature(known.nature, received.nature))


def _known(one: Known, measure: Measure, cut: datetime) -> _Side[Known]:
    spanned = measure.span(one.when)
    if spanned is None:
        raise AssertionError("an event without length is never stored")
    span, _ = spanned
    return _Side(
        one,
        one.key,
        span.starts_at,
        span.ends_at,
        one.nature,
        one.code,
        one.slide,
        one.text_digest,
        span.ends_at <= cut,
        one.missing is not None or one.kept_at is not None,
    )


def _received(one: Received, slides: Mapping[str, Slide]) -> _Side[Received]:
    event, span = one.event, one.span
    text = text_digest(event)
    slide = slides.get(one.key)
    return _Side(
        one, one.key, span.starts_at, span.ends_at, event.nature, event.code, slide, text, False, False
    )
