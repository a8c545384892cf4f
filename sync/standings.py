"""How the events of a calendar stand to what we exported, and what of that is stored with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.domain.periods import Period
from hub.models.external import ExternalEvent
from sync.holding import periods_from, periods_to
from sync.planning.echoes import Standing, Verdict

_EXTERNAL = Verdict(Standing.EXTERNAL)

NEWS = (Standing.EXTERNAL, Standing.MUTED)
"""What stands so takes something; our own word come back does not"""


@dataclass(frozen=True, slots=True)
class Standings:
    """By the keys of the events that were received."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def of(self, key: str) -> Verdict:
        return self.verdicts.get(key, _EXTERNAL)

    @property
    def ours(self) -> dict[str, tuple[Period, ...]]:
        """What of the events is our own word come back, where anything is."""
        return {key: verdict.ours for key, verdict in self.verdicts.items() if verdict.ours}

    @property
    def quiet(self) -> frozenset[str]:
        """The keys of events that are nothing but our own word come back: never news."""
        return frozenset(key for key, one in self.verdicts.items() if one.standing not in NEWS)

    def differs(self, row: ExternalEvent, key: str) -> bool:
        """Whether it stands otherwise than is stored."""
        verdict = self.of(key)
        stored = (row.standing, row.draining_since, periods_from(row.echo), periods_from(row.muted))
        return stored != (verdict.standing, verdict.draining_since, verdict.ours, verdict.muted)

    def put(self, row: ExternalEvent) -> None:
        """Store it with an event that has its key already."""
        for name, value in self.values(row.key).items():
            setattr(row, name, value)

    def values(self, key: str) -> dict[str, Any]:
        """What is stored of it, by the names of the columns."""
        verdict = self.of(key)
        return {
            "standing": verdict.standing.value,
            "draining_since": verdict.draining_since,
            "echo": periods_to(verdict.ours),
            "muted": periods_to(verdict.muted),
        }


def ours_by_id(rows: Iterable[ExternalEvent]) -> dict[UUID, tuple[Period, ...]]:
    """What of stored events is our own word come back, where anything is."""
    return {row.id: periods_from(row.echo) for row in rows if row.echo}
