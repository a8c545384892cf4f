"""
What the events of a feed mean: who made it, what is a guest's stay and what a closure, what counts. Pure.

Nothing busy becomes free because it is not understood. Free becomes only what the link's settings say, and an
arrival or a departure beside its stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Nature, RemoteEvent, When, Window
from connectors.ical import notes
from connectors.ical.counting import Counting
from connectors.ical.fingerprint import recognise
from connectors.ical.lengths import ends_moved, is_over, whole_days
from connectors.ical.meaning import Lexicon, Meaning, Meanings
from connectors.ical.options import FURTHEST_OFFSET, FeedOptions
from connectors.ical.turnover import Candidate, explained
from connectors.ical.unlisted import Unlisted, unlisted
from connectors.ical.words import Edge
from hub.domain.periods import MIDNIGHT, at


class Feed(Protocol):
    """What was read of a feed, before anybody asked what it means."""

    @property
    def events(self) -> tuple[RemoteEvent, ...]: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    @property
    def title(self) -> str: ...
    @property
    def producer(self) -> str:
        """PRODID"""
        ...


@dataclass(frozen=True, slots=True)
class Understood:
    events: tuple[RemoteEvent, ...]
    """In the order in which they were read"""
    problems: tuple[str, ...]
    title: str
    source: str
    """Slug of the channel that made the calendar"""
    returns_ours: bool
    """Whether the calendar may show again what its channel read in ours"""
    whole_days: bool
    """Whether an hour that is taken there takes the whole day"""


def reading_window(window: Window) -> Window:
    """What has to be read so that nothing is missing once events are longer than they were written."""
    earlier = min(timedelta(days=FURTHEST_OFFSET + 1), window.first - date.min)
    return Window(window.first - earlier, window.after, window.singles_after)


def understand(
    feed: Feed,
    host: str,
    options: FeedOptions,
    zone: ZoneInfo,
    window: Window,
    lexicon: Lexicon | None = None,
) -> Understood:
    """
    `host` served the feed, `zone` is the property's. Events that are over before the window begins are left
    out: read the feed for `reading_window(window)`. What is in the `lexicon` is not worked out again.
    """
    profile = recognise(feed.producer, (event.uid for event in feed.events), host, feed.title)
    meanings = Meanings(profile, Lexicon() if lexicon is None else lexicon)
    counting = Counting(options)
    found = [meanings.of(event) for event in feed.events]
    counted = [
        (event.busy, event.note) if counting.asks_nothing else counting.of(event, meant.reading.text)
        for event, meant in zip(feed.events, found, strict=True)
    ]
    edges = Unlisted()
    if any(meant.reading.edge for meant in found):
        edges = _turned_over(feed.events, found, counted, zone, singly=profile.three_events_a_stay)

    by_the_day = profile.whole_days if options.whole_days is None else options.whole_days
    reshapes = by_the_day or options.checkout_offset != 0
    begin = at(window.first, MIDNIGHT, zone)
    events: list[RemoteEvent] = []
    cut = 0
    for position, (event, meant, (busy, note)) in enumerate(zip(feed.events, found, counted, strict=True)):
        when, problem = edges.spans.get(position, event.when), event.problem
        if reshapes:
            when = _length(when, busy, options.checkout_offset, by_the_day, zone)
        if busy and _is_cut(event.when, options.checkout_offset):
            problem = problem or "its checkout offset would leave it no night: one is kept"
            cut += 1
        if not is_over(when, window.first, begin):
            events.append(_as_understood(event, when, busy, problem, note, meant, position in edges.parts))
    return Understood(
        events=tuple(events),
        problems=feed.problems + _about_cut(cut),
        title=feed.title,
        source=profile.slug,
        returns_ours=profile.echoes if options.returns_ours is None else options.returns_ours,
        whole_days=by_the_day,
    )


def _turned_over(
    events: Sequence[RemoteEvent],
    found: list[Meaning],
    counted: list[tuple[bool, str]],
    zone: ZoneInfo,
    *,
    singly: bool,
) -> Unlisted:
    """Arrivals and departures count no more, and who has them is a guest; what they tell of other stays."""
    turnovers = explained(_candidates(events, found, counted), zone, singly=singly)
    edges = unlisted(turnovers.alone) if singly else Unlisted()
    for position, note in turnovers.edges.items():
        counted[position] = False, note
    for position in edges.departures:
        counted[position] = False, notes.DEPARTURE
    for position in (*turnovers.stays, *edges.spans):
        found[position] = found[position]._replace(nature=Nature.STAY)
    return edges


def _candidates(
    events: Sequence[RemoteEvent], found: Sequence[Meaning], counted: Sequence[tuple[bool, str]]
) -> list[Candidate]:
    """What may be a stay, or the edge of one. What could not be read as a whole is neither."""
    return [
        Candidate(position, event, _edge(meant), may_be_a_stay=meant.nature is not Nature.BLOCK)
        for position, (event, meant, (busy, _)) in enumerate(zip(events, found, counted, strict=True))
        if busy and event.problem is None
    ]


def _edge(meant: Meaning) -> Edge | None:
    """A closure marks no arrival and no departure, whatever it is called: `Checkout blocked` is busy."""
    return None if meant.reading.block or meant.nature is Nature.BLOCK else meant.reading.edge


def _length(when: When, busy: bool, offset: int, by_the_day: bool, zone: ZoneInfo) -> When:
    if isinstance(when, AllDay):
        return ends_moved(when, offset) if offset else when
    return whole_days(when, zone) if by_the_day and busy else when


def _is_cut(when: When, offset: int) -> bool:
    return offset < 0 and isinstance(when, AllDay) and (when.after - when.first).days + offset < 1


def _about_cut(number: int) -> tuple[str, ...]:
    if not number:
        return ()
    return (f"the checkout offset would leave no night to {number} of the events: they keep one",)


def _as_understood(
    event: RemoteEvent,
    when: When,
    busy: bool,
    problem: str | None,
    note: str,
    meant: Meaning,
    part: bool,
) -> RemoteEvent:
    """As dataclasses.replace does, in a third of the time: there may be tens of thousands."""
    return RemoteEvent(
        uid=event.uid,
        recurrence_id=event.recurrence_id,
        when=when,
        busy=busy,
        summary=event.summary,
        description=event.description,
        sequence=event.sequence,
        problem=problem,
        note=note,
        nature=meant.nature,
        code=meant.code,
        phone_digits=meant.phone_digits,
        mark=event.mark,
        part=part,
    )
