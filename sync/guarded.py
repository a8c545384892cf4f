"""What waits on a link to be freed: how long it has been missing, who agrees, and what a person may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.models.links import PULLED_STATES, Link
from hub.queries import external
from hub.queries import guarded as query
from sync.guarding import Action
from sync.planning.freeing import freed_at
from sync.planning.guard import Guard

ONE_LOOK = 1
"""Agrees on what was deleted in a calendar that is synced event by event"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that would be free. Its span as it is stored; never its words, which may name a guest."""

    event_id: UUID | None
    """None for what is ours, and was deleted there"""
    kind: str
    """event, booking_item or blackout"""
    first: date | None
    after: date | None
    starts_at: datetime
    ends_at: datetime
    unit_ids: tuple[UUID, ...]
    missing_since: datetime
    reads: int
    needs: int
    """Readings without it so far, and how many it takes"""
    freed_at: datetime | None
    """When it is free if every reading from now on agrees; None while the link is not read"""


@dataclass(frozen=True, slots=True)
class Way:
    """`action` is None for what is done at the channel."""

    action: Action | None
    words: str


@dataclass(frozen=True, slots=True)
class Held:
    link: Link
    guard: Guard | None
    """None where nothing waits"""
    events: tuple[Waiting, ...]
    ways: tuple[Way, ...]

    @property
    def freed_at(self) -> datetime | None:
        """When the last of them is free."""
        every = [one.freed_at for one in self.events]
        known = [at for at in every if at is not None]
        return max(known) if known and len(known) == len(every) else None


WAYS: Mapping[bool, tuple[Way, ...]] = MappingProxyType(
    {
        False: (
            Way(Action.RELEASE, "it is free at once, and can be sold"),
            Way(Action.KEEP, "it stays taken until the channel tells it again, or somebody releases it"),
        ),
        True: (
            Way(Action.RELEASE, "what was deleted there counts as deleted, from the next pass on"),
            Way(None, "put the events back in the calendar: the link sees that, and goes on"),
        ),
    }
)
"""By whether the calendar is synced event by event"""


def of_link(session: Session, link: Link) -> Held:
    guard = Guard.from_json(link.guard) if link.guard is not None else None
    by_event = link.calendar_key is not None
    events = _deleted(session, link, guard) if by_event else _untold(session, link)
    return Held(link, guard, events, WAYS[by_event] if events else ())


def of_all(session: Session) -> list[Held]:
    """Every link of the organization on which something waits."""
    return [of_link(session, link) for link in query.links(session)]


def _untold(session: Session, link: Link) -> tuple[Waiting, ...]:
    now, found = clock.now(), external.waiting(session, link.id)
    blocks = external.blocks_of_events(session, [row.id for row in found])
    waiting = []
    for row in found:
        assert row.missing_since is not None
        read_at = row.missing_read_at or row.missing_since
        taken = {block.unit_id for block in blocks.get(row.id, ()) if block.unit_id is not None}
        reads, needs = row.missing_reads, row.missing_needs
        at = freed_at(reads, needs, read_at, link.next_pull_at, now) if _read(link) else None
        waiting.append(
            Waiting(
                row.id,
                "event",
                row.first,
                row.after,
                row.starts_at,
                row.ends_at,
                tuple(sorted(taken)),
                row.missing_since,
                reads,
                needs,
                at,
            )
        )
    return tuple(waiting)


def _deleted(session: Session, link: Link, guard: Guard | None) -> tuple[Waiting, ...]:
    again_at = guard.again_at if guard is not None else link.next_pull_at
    at = max(again_at, link.next_pull_at, clock.now()) if _read(link) else None
    return tuple(
        Waiting(
            row.event_id,
            row.kind,
            row.first,
            row.after,
            row.starts_at,
            row.ends_at,
            tuple(row.unit_ids),
            row.gone_at,
            0,
            ONE_LOOK,
            at,
        )
        for row in query.held(session, link.id)
    )


def _read(link: Link) -> bool:
    return link.state in PULLED_STATES
