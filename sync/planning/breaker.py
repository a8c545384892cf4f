"""A channel that did not answer is not waited for again at once. PURE: times are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Of one host: how often in a row it did not answer who waited, and until when nobody waits for it."""

    failures: int = 0
    until: datetime | None = None

    def spares(self, now: datetime) -> bool:
        return self.until is not None and self.until > now

    def tried(self, now: datetime, deadline: timedelta) -> Breaker:
        """Somebody waits for it again: others do not, before that one knows."""
        return Breaker(self.failures, now + deadline) if self.failures else self

    def missed(self, now: datetime) -> Breaker:
        """It did not answer. Those who waited together count once."""
        if self.failures and self.spares(now):
            return self
        rest = min(FIRST_REST * 2 ** min(self.failures, 16), LONGEST_REST)
        return Breaker(self.failures + 1, now + rest)


WELL = Breaker()
