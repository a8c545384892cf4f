"""
From the bytes of a feed to remote events in our words. Pure.

The cost follows what changed: what was read of a component before is remembered by its bytes, less what is
said anew with every fetch. A new one is read without a parser if it is written plainly (plain.py), else by
icalendar (judged.py). RFC 5545, read as channels write it: see README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from connectors.contract import RemoteEvent, Window
from connectors.ical import judged, limits, series, wanted
from connectors.ical.content import Content, NotACalendar, TooComplex, read_content
from connectors.ical.lines import unfolded
from connectors.ical.memo import Memo
from connectors.ical.moments import floating_zone
from connectors.ical.plain import plain
from connectors.ical.split import split
from connectors.ical.wanted import Wanted
from connectors.ical.zones import LOCK, Zones

Known: TypeAlias = Memo[Any]
"""
By the digest of its lines: an event that does not recur, whatever the window; the UID of one that takes part
in a series, or nothing for one without a date; what a series means in one window (series.Read).
"""

_NO_DATE = ""
_LOOK_UP = 64
"""Events between two looks at what the reading has cost so far"""
_SIZE = 300
"""Bytes of an event besides its texts, about"""


@dataclass(frozen=True, slots=True)
class Parsed:
    """`events` are sorted by time; those that are free (`busy` False) are among them."""

    events: tuple[RemoteEvent, ...]
    problems: tuple[str, ...]
    title: str
    producer: str = ""
    """PRODID: the program that wrote the calendar"""


def read(
    body: bytes,
    window: Window,
    zone: ZoneInfo,
    memo: Known | None = None,
    spend: Callable[[], None] = lambda: None,
) -> Parsed:
    """
    Everything the feed says about the window; `zone` is the property's, for times that name none.

    `spend` is called now and then, and may raise to end the reading; what is in `memo` by then stays true.
    Raises NotACalendar for whatever is not one complete calendar, TooComplex for one that costs too much.
    """
    text = unfolded(body)
    del body
    content = split(text) or read_content(text)
    del text
    if len(content.events) > limits.MOST_EVENTS:
        raise TooComplex(f"it has more than {limits.MOST_EVENTS} events", "too_many_events")
    with LOCK:
        reading = _Reading(content, window, zone, memo if memo is not None else Memo(0), spend)
        events = wanted.in_order(reading.events(), zone)
    problems = [
        f"event {number} of the feed has no date that can be read" for number in sorted(reading.undated)
    ]
    problems += reading.problems
    problems += (f"{event.key}: {event.problem}" for event in events if event.problem)
    return Parsed(tuple(events), _few(problems), content.title, content.producer)


class _Reading:
    def __init__(
        self, content: Content, window: Window, zone: ZoneInfo, memo: Known, spend: Callable[[], None]
    ) -> None:
        self.problems: list[str] = []
        self.undated: list[int] = []
        """Events without a date that can be read, counted from one"""
        self._content = content
        self._window = window
        self._zone = zone
        self._floating = floating_zone(content.time_zone, zone)
        self._memo = memo
        self._spend = spend
        self._zones = Zones(content.time_zones)
        self._context = blake2b(self._floating.key.encode(), key=self._zones.digest, digest_size=32).digest()

    def events(self) -> list[RemoteEvent]:
        """Of all the feed, in no order."""
        self._look_at_zones()
        read = list(self._each())
        alone, related = self._by_uid(read)
        if self._content.bare and not alone and not related:
            raise NotACalendar("it does not begin with BEGIN:VCALENDAR")

        within = Wanted(self._window, self._zone, recurring=False)
        events = [event for event in alone if within(event.when)]
        for uid, positions in related.items():
            members = [one for position in positions if not isinstance(one := read[position], str)]
            if len(members) == len(positions):
                events += (event for event in series.sharing(members) if within(event.when))
            else:
                events += self._series(uid, positions)
            if len(events) > limits.MOST_EVENTS:
                raise TooComplex(f"it has more than {limits.MOST_EVENTS} occurrences", "too_many_events")
        return events

    def _by_uid(self, read: list[RemoteEvent | str]) -> tuple[list[RemoteEvent], dict[str, list[int]]]:
        """Events that alone have their UID; of every other UID, the positions of its events."""
        alone: dict[str, int] = {}
        related: dict[str, list[int]] = {}
        for position, found in enumerate(read):
            uid = found if isinstance(found, str) else found.uid
            if found == _NO_DATE:
                self.undated.append(position + 1)
            elif uid in related:
                related[uid].append(position)
            elif uid in alone:
                related[uid] = [alone.pop(uid), position]
            elif isinstance(found, str):
                related[uid] = [position]
            else:
                alone[uid] = position
        return [one for position in alone.values() if not isinstance(one := read[position], str)], related

    def _look_at_zones(self) -> None:
        if not self._zones:
            return
        unreadable: int | None = self._memo.get(self._zones.digest)
        if unreadable is None:
            self._zones.make_known()
            unreadable = self._zones.unreadable
            self._memo.put(self._zones.digest, unreadable, 0)
        self.problems += ["a time zone (VTIMEZONE) cannot be read"] * unreadable

    def _each(self) -> Iterator[RemoteEvent | str]:
        """Of each event of the feed what it is, the UID of one that takes part in a series, or _NO_DATE."""
        memo, context, unfinished = self._memo, self._context, self._content.unfinished
        for position, block in enumerate(self._content.events):
            if not position % _LOOK_UP:
                self._spend()
            if position in unfinished:
                yield self._judged(block, unfinished=True)
                continue
            key = blake2b(block, key=context, digest_size=16).digest()
            found: RemoteEvent | str | None = memo.get(key)
            if found is None:
                found = plain(block, self._floating) or self._judged(block)
                memo.put(key, found, _size(found) if isinstance(found, RemoteEvent) else len(found))
            yield found

    def _judged(self, block: bytes, *, unfinished: bool = False) -> RemoteEvent | str:
        self._zones.make_known()
        return judged.single(block, self._floating, unfinished=unfinished) or _NO_DATE

    def _series(self, uid: str, positions: list[int]) -> tuple[RemoteEvent, ...]:
        self._spend()
        blocks = [self._content.events[position] for position in positions]
        digest = blake2b(repr((self._window, self._zone.key)).encode(), key=self._context)
        for position, block in zip(positions, blocks, strict=True):
            digest.update(b"%d %d " % (len(block), position in self._content.unfinished) + block)
        found: series.Read | None = self._memo.get(digest.digest())
        if found is None:
            found = self._expanded(uid, positions, blocks)
            self._memo.put(digest.digest(), found, sum(map(_size, found.events)))
        self.undated += (positions[number] + 1 for number in found.undated)
        self.problems += found.problems
        return found.events

    def _expanded(self, uid: str, positions: list[int], blocks: list[bytes]) -> series.Read:
        self._zones.make_known()
        if len(blocks) > limits.MOST_EXCEPTIONS:
            return self._each_alone(blocks)
        read = [
            judged.component(block, self._floating, unfinished=position in self._content.unfinished)
            for position, block in zip(positions, blocks, strict=True)
        ]
        members = [component for component in read if component is not None]
        undated = tuple(number for number, component in enumerate(read) if component is None)
        if not members:
            return series.Read((), undated=undated)
        return replace(series.series(uid, members, self._window, self._zone), undated=undated)

    def _each_alone(self, blocks: list[bytes]) -> series.Read:
        """A series that is too large to be followed: each of its events on its own dates."""
        within = Wanted(self._window, self._zone, recurring=False)
        lines = (judged.without_series(block) for block in blocks)
        read = [plain(block, self._floating) or judged.single(block, self._floating) for block in lines]
        events = series.sharing([event for event in read if isinstance(event, RemoteEvent)])
        problem = "it has too many exceptions to be followed"
        return series.Read(
            tuple(replace(event, problem=event.problem or problem) for event in events if within(event.when)),
            undated=tuple(number for number, event in enumerate(read) if event is None),
        )


def _size(event: RemoteEvent) -> int:
    return _SIZE + len(event.uid) + len(event.summary) + len(event.description)


def _few(problems: list[str]) -> tuple[str, ...]:
    if len(problems) <= limits.MOST_PROBLEMS:
        return tuple(problems)
    return (*problems[: limits.MOST_PROBLEMS], f"and {len(problems) - limits.MOST_PROBLEMS} more")
