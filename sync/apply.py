"""The one transaction in which what a calendar says becomes events, blocks and conflicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import Pulled
from hub.models.links import Link
from hub.queries import exports
from hub.queries import links as links_query
from hub.services import asking, outbox
from sync import blocks, conflicts, echo, holding
from sync.planning import differences, guard, identity, known, leaving_out, slides, words
from sync.planning.guard import Guard
from sync.planning.headline import Gist
from sync.planning.measure import Measure
from sync.planning.notices import notices
from sync.standings import Standings
from sync.writing import Writing

QUIET = frozenset({"renamed", "reworded"})
"""Counts of what is stored and is no change of the inventory"""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pull changed, in numbers and in words, and what waits on the link from now on."""

    counts: dict[str, int] = field(default_factory=dict)
    summary: tuple[str, ...] = ()
    guard: Guard | None = None
    read: bool = True
    """Whether the calendar was read; one that says that nothing changed agrees with nothing either"""
    gist: Gist = field(default_factory=Gist)
    """What the summary says, in numbers"""

    @property
    def changed(self) -> bool:
        return any(number for name, number in self.counts.items() if name not in QUIET)


def apply(session: Session, link: Link, pulled: Pulled, now: datetime) -> Applied:
    """The link's row is locked. Takes the locks of all units in scope, and only if something changed."""
    if pulled.unchanged:
        return Applied(read=False)
    place = asking.property_of(session, link.property_id)
    offers = links_query.scope(session, link)
    measure = Measure.of(offers, ZoneInfo(place.time_zone))
    held = holding.of_link(session, link, measure)
    heard = known.received(pulled.events, measure)
    windows = slides.kinds(heard, measure, now)
    binding = identity.bind(held.known, heard, measure, now, windows)
    found = differences.between(binding, measure, now)
    judged, dropped = echo.judge_reading(session, link, offers, pulled, held, found, measure, now)
    left_out = leaving_out.among(found.pairs, measure, now, link.verified_at)
    standings = Standings(judged | left_out)
    verdict = guard.judge(found, measure, now, read_at=link.verified_at, ours=standings.ours)
    if verdict.guard is None or not verdict.guard.tripped:
        exports.drain(session, dropped, now)

    writing = Writing(session, link, held, found, verdict, standings, measure, now)
    if writing.nothing:
        return Applied(guard=verdict.guard)
    if writing.takes_other_time:
        blocks.lock(session, link, offers, held.every_leaf)
    for one in binding.displaced:
        holding.displace(held.rows[one.id], now)
    session.flush()
    placed = writing.write(offers)
    opened, closed = conflicts.reconcile(session, writing.in_question, new=writing.fresh.keys())
    if units := writing.units(placed):
        outbox.inventory_changed(session, units, "link.pulled", link.id)

    said = notices(found, verdict, writing.added, measure, now, standings.ours)
    summary = words.summary(said.told, placed, offers, waits=said.waits, more=said.more)
    counts = {**writing.counts(), "conflicts_opened": opened, "conflicts_closed": closed}
    return Applied(counts, summary, verdict.guard, gist=said.gist)
