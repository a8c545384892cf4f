"""A unit with the terms on which it is sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import SellableUnit
from hub.domain.periods import LetBy


@dataclass(frozen=True, slots=True)
class Offer:
    """`turnaround` is in nights or hours, as the unit is let; `capacity` in guests."""

    unit: SellableUnit
    property_id: UUID
    type_name: str
    category: str
    turnaround: int
    capacity: int
    zone: ZoneInfo
    check_in: time
    check_out: time

    @property
    def let_by(self) -> LetBy:
        return self.unit.let_by

    @property
    def composite(self) -> bool:
        return self.unit.leaves != {self.unit.id}
