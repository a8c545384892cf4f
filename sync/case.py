"""A conflict that somebody resolves: what was said and seen, and whether that still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import StaleRead
from hub.domain.offers import Offer
from hub.domain.periods import Period, Span, occupied
from hub.errors import Conflict, Reason, Refused
from hub.models.external import ConflictRecord
from hub.queries import conflicts as query
from hub.queries import ways_out as sides_query
from sync.planning import ways_out as planning
from sync.planning.stakes import Action, Facts
from sync.planning.vacancies import Reading, Wanted


@dataclass(frozen=True, slots=True)
class Said:
    """A person's word: one way out with its values, and the fingerprint of what they looked at."""

    action: Action
    unit_id: UUID | None = None
    span: Span | None = None
    event_id: UUID | None = None
    """Where both sides are channels: whose event; the later one where it is not said"""
    reason: str | None = None
    seen: str | None = None

    def parameters(self) -> dict[str, str]:
        """For the change log: no words of people."""
        ids = {"unit_id": self.unit_id, "event_id": self.event_id}
        found = {name: str(value) for name, value in ids.items() if value is not None}
        return found | (planning.span_values(self.span) if self.span else {})


@dataclass(slots=True)
class Case:
    """
    Where nothing is locked yet but what the action begins with, and nothing is written.

    Whoever acts on it takes the locks of the units first, and calls `confirm` then, before it commits to
    anything that the world may have overtaken.
    """

    session: Session
    row: ConflictRecord
    said: Said
    facts: Facts
    now: datetime
    property_id: UUID
    _state: str = field(init=False)
    _fingerprint: str = field(init=False)
    _sides: Mapping[UUID, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._state, self._fingerprint = self.row.state, self.row.fingerprint
        self._sides = self._events()

    @property
    def owner_id(self) -> UUID | None:
        """Whom the event meets."""
        return self.row.item_id or self.row.blackout_id or self.row.other_event_id

    def still_meets(self) -> bool:
        """Whether the two sides still clash; what has one side alone does while that is there."""
        if self.row.event_id is None:
            return True
        if self.facts.event is None:
            return False
        if self.owner_id is None:
            return True
        return sides_query.clash(self.session, self.row.event_id, self.owner_id, self.now)

    def confirm(self) -> None:
        """
        Under the locks: the conflict is locked as well, and StaleRead where it, or an event, is another by
        now.
        """
        self.row = query.locked(self.session, self.row.id)
        if (self.row.state, self.row.fingerprint) != (self._state, self._fingerprint):
            raise StaleRead
        if self._events() != self._sides:
            raise StaleRead

    def unit(self) -> Offer:
        """The unit that was named; Refused where none was, or the property has no such one."""
        if self.said.unit_id is None:
            raise Refused.because("required", "say to which unit", "unit_id")
        for offer in self.facts.offers:
            if offer.unit.id == self.said.unit_id:
                return offer
        raise Refused.because("unknown", "this property has no such unit", "unit_id")

    def taken(
        self, offer: Offer, period: Period, without: frozenset[UUID], causes: frozenset[str] | None = None
    ) -> Conflict | None:
        """What takes a unit by now, as a refusal that names it; None where it is free."""
        windows = dict.fromkeys(offer.unit.leaves, (period,))
        rows = sides_query.takings(self.session, windows, self.now)
        wanted = Wanted(offer.unit, period)
        found = Reading([row for row in rows if causes is None or row.cause in causes]).against(
            wanted, without
        )
        if found is None:
            return None
        said = planning.taken_words(found, offer)
        why = f"{offer.unit.name} was taken meanwhile by {said}"
        facts = {"unit_id": str(offer.unit.id), "cause": found.cause.value}
        return Conflict(Reason("taken", why, "unit_id", facts))

    def period(self, offer: Offer, span: Span, *, turnaround: bool) -> Period:
        return occupied(span, offer.zone, offer.turnaround if turnaround else 0)

    def _events(self) -> Mapping[UUID, Any]:
        ids = {one for one in (self.row.event_id, self.row.other_event_id) if one is not None}
        rows = sides_query.events(self.session, ids)
        return {key: (row.changed_at, row.starts_at, row.ends_at, row.taken) for key, row in rows.items()}


def moved_on(why: str) -> Conflict:
    """The way out is not there any more."""
    return Conflict(Reason("moved_on", why))
