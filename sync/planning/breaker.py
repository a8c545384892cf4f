"""A channel that did not answer is not waited for again at once. PURE: times are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Breaker:
    """
    Of one host: how often in a row it did not answer who waited, and until when nobody waits for it who would
    wait no longer than they did, which is `patience`: it may have been too short for a host that is well.
    """

    failures: int = 0
    until: datetime | None = None
    patience: timedelta = timedelta()

    def spares(self, now: datetime, patience: timedelta) -> bool:
        return self.until is not None and self.until > now and patience <= self.patience

    def tried(self, now: datetime, deadline: timedelta) -> Breaker:
        """Somebody waits for it again: others do not, before that one knows."""
        if not self.failures:
            return self
        until = now + deadline if self.until is None or deadline >= self.patience else self.until
        return Breaker(self.failures, until, max(self.patience, deadline))

    def missed(self, now: datetime, patience: timedelta) -> Breaker:
        """It did not answer within so long. Those who waited together count once."""
        if self.failures and self.spares(now, patience):
            return self
        rest = min(FIRST_REST * 2 ** min(self.failures, 16), LONGEST_REST)
        return Breaker(self.failures + 1, now + rest, max(self.patience, patience))


WELL = Breaker()
