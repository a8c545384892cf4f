"""An event as it is held and as it was received: on these, identity, changes and the guard decide. PURE."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from connectors.contract import AllDay, Nature, RemoteEvent, When
from hub.domain.periods import Period, difference
from sync.planning.measure import Measure


class Slide(StrEnum):
    """A window of a channel's policy that moves on every day, and stands for nobody's stay."""

    LEAD = "lead"
    """From now on: too late to be booked"""
    HORIZON = "horizon"
    """To the end of the calendar: too early to be booked"""


NO_SLIDES: Mapping[str, Slide] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Missing:
    """An event is not told any more, and is held until enough readings agree."""

    since: datetime
    read_at: datetime
    """The last reading that counted"""
    reads: int
    """Readings in a row without it that counted"""
    needs: int
    """How many it takes"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An event as it is stored."""

    id: UUID
    key: str
    when: When
    pieces: tuple[Period, ...]
    """What it really takes, in the link's measure: nothing where it is our own word come back"""
    nature: Nature = Nature.UNKNOWN
    code: str = ""
    slide: Slide | None = None
    digest: bytes = b""
    text_digest: bytes = b""
    leaves: frozenset[UUID] = frozenset()
    """The leaf units that it has; empty while some of its time found none"""
    missing: Missing | None = None
    kept_at: datetime | None = None
    """A person said that it counts, told or not"""
    remainder: bool = False
    """What is left of one that shrank or moved: no event of the channel's any more"""
    changed_at: datetime | None = None
    """When it last became what it is"""
    left_out: bool = False
    """A person said that it takes nothing"""


@dataclass(frozen=True, slots=True)
class Received:
    """A busy event of the channel's, with its time in the link's measure."""

    event: RemoteEvent
    key: str
    span: Period
    takes: bool
    """Whether its span is taken; a visit at noon takes nothing of what is let by the night."""

    @property
    def pieces(self) -> tuple[Period, ...]:
        return (self.span,) if self.takes else ()

    def own(self, ours: Mapping[str, tuple[Period, ...]]) -> tuple[Period, ...]:
        """What of it is not `ours`, by the keys of events."""
        return difference(self.pieces, ours.get(self.key, ()))


def received(events: Iterable[RemoteEvent], measure: Measure) -> tuple[Received, ...]:
    """Those that are busy and have a length; of one key the last."""
    found: dict[str, Received] = {}
    for event in events:
        if event.busy and (spanned := measure.span(event.when)) is not None:
            key = event.key
            found[key] = Received(event, key, *spanned)
    return tuple(found.values())


def digest(event: RemoteEvent, when: When) -> bytes:
    """Of what matters to the inventory, `when` being its time as it is stored."""
    edges = (when.first, when.after) if isinstance(when, AllDay) else (when.starts_at, when.ends_at)
    said = (*map(str, edges), event.nature.value, event.code, event.problem)
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).digest()


def text_digest(event: RemoteEvent) -> bytes:
    """Of all else that is stored of an event; never of its order, sequence number or name."""
    mark = (event.mark.origin, event.mark.via) if event.mark else None
    said = (event.summary, event.description, event.phone_digits, mark)
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).digest()
