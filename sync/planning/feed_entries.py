"""What a feed says, and what of it is new to its reader: the versions behind DTSTAMP and SEQUENCE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from connectors.contract import Mark
from hub.domain.periods import Hours, Nights, Span
from sync.planning.marks import Sign, signed


class Kind(StrEnum):
    """Why a span is busy."""

    BOOKING = "booking"
    BLACKOUT = "blackout"
    RELAYED = "relayed"
    """Told by another channel."""
    RELAYED_STAY = "relayed_stay"
    """Told by another channel, and a guest's: who reads us must not take it for an echo of anything."""
    RELAYED_BLOCK = "relayed_block"
    """Told by another channel, and no guest's."""
    SOLD_OUT = "sold_out"
    """None of the units of a scope can be sold. It has no row: its UID is made at its first export."""


SUMMARIES: Mapping[Kind, str] = {
    Kind.BOOKING: "Reserved",
    Kind.BLACKOUT: "Not available",
    Kind.RELAYED: "Not available",
    Kind.RELAYED_STAY: "Reserved",
    Kind.RELAYED_BLOCK: "Not available",
    Kind.SOLD_OUT: "Not available",
}
"""All that a channel learns: busy, and whether by a guest. Never who, nor why."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the reader sees of an entry besides its version. The mark has our own hop already."""

    kind: Kind
    span: Span
    summary: str
    mark: Mark | None = None
    """None only in what was said before there were marks"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the feed should say now; and the link that told it, of which the reader learns nothing."""

    uid: str
    content: Content
    told_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the feed says, or said until it was withdrawn; never forgotten, so that SEQUENCE only grows."""

    uid: str
    content: Content
    sequence: int
    modified_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`written`: every entry that is new, or no longer as stored. `live`: what the feed says from now on."""

    written: tuple[Said, ...]
    live: tuple[Said, ...]


def plan(said: Iterable[Said], wanted: Iterable[Wanted], now: datetime) -> Plan:
    """
    From what was said to what is wanted. An entry that did not change keeps its version; one that changed,
    or comes back after it was withdrawn, takes the next. `said` may leave out only withdrawn entries that
    are not wanted; the UIDs of `wanted` differ.
    """
    stored = {entry.uid: entry for entry in said}
    live: list[Said] = []
    written: list[Said] = []
    for want in wanted:
        entry = stored.pop(want.uid, None)
        if entry is None:
            entry = Said(want.uid, want.content, 0, now)
            written.append(entry)
        elif entry.withdrawn_at is not None or entry.content != want.content:
            entry = Said(want.uid, want.content, entry.sequence + 1, max(now, entry.modified_at))
            written.append(entry)
        live.append(entry)
    written += [replace(entry, withdrawn_at=now) for entry in stored.values() if entry.withdrawn_at is None]
    return Plan(tuple(written), tuple(live))


def named(
    spans: Iterable[Span], said: Iterable[Said], new_uids: Iterator[str], sign: Sign
) -> tuple[Wanted, ...]:
    """
    UIDs for sold-out spans, in order: each keeps that of the earliest live sold-out entry that it overlaps
    and no earlier span has kept; a span that overlaps none takes a new one. Each begins here.
    """
    known = sorted(
        (entry for entry in said if entry.withdrawn_at is None and entry.content.kind is Kind.SOLD_OUT),
        key=lambda entry: (edges(entry.content.span), entry.uid),
    )
    wanted: list[Wanted] = []
    for span in sorted(spans, key=edges):
        heir = next((entry for entry in known if _overlap(entry.content.span, span)), None)
        if heir is not None:
            known.remove(heir)
        uid = heir.uid if heir is not None else next(new_uids)
        mark = signed(None, uid, sign)
        wanted.append(Wanted(uid, Content(Kind.SOLD_OUT, span, SUMMARIES[Kind.SOLD_OUT], mark)))
    return tuple(wanted)


def edges(span: Span) -> tuple[str, str]:
    """Where a span begins and ends, as text that sorts by time among spans of one kind."""
    if isinstance(span, Nights):
        return span.arrival.isoformat(), span.departure.isoformat()
    return span.starts_at.isoformat(), span.ends_at.isoformat()


def to_json(content: Content) -> dict[str, Any]:
    """The one way to write a content: equal contents give equal values."""
    first, last = edges(content.span)
    names = ("first", "after") if isinstance(content.span, Nights) else ("starts_at", "ends_at")
    return {
        "kind": content.kind.value,
        names[0]: first,
        names[1]: last,
        "summary": content.summary,
        "origin": content.mark.origin if content.mark else None,
        "via": list(content.mark.via) if content.mark else [],
    }


def from_json(value: Mapping[str, Any]) -> Content:
    """What `to_json` wrote, or wrote before there was a way to tell."""
    span: Span
    if first := value.get("first"):
        span = Nights(date.fromisoformat(first), date.fromisoformat(value["after"]))
    else:
        starts_at, ends_at = value["starts_at"], value["ends_at"]
        span = Hours(datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at))
    mark = Mark(value["origin"], tuple(value.get("via", ()))) if value["origin"] else None
    return Content(Kind(value["kind"]), span, value["summary"], mark)


def in_order(wanted: Iterable[Wanted]) -> Sequence[Wanted]:
    """By start, then UID: the order in which a feed lists them."""
    return sorted(wanted, key=lambda want: (edges(want.content.span), want.uid))


def _overlap(one: Span, other: Span) -> bool:
    if type(one) is not type(other):
        return False
    (one_starts, one_ends), (other_starts, other_ends) = edges(one), edges(other)
    return one_starts < other_ends and other_starts < one_ends
