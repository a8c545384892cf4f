"""A channel that did not answer is not waited for again at once. PURE: times are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Breaker:
    """
    Of one host, or of all pullers: how often in a row it did not answer who waited, and until when nobody
    waits for it who would wait no longer than they did, which is `patience`: it may have been too short for
    one that is well.
    """

    failures: int = 0
    until: datetime | None = None
    patience: timedelta = timedelta()
    trying: bool = False
    """Until then because somebody waits for it again"""

    def spares(self, now: datetime, patience: timedelta) -> bool:
        return self.until is not None and self.until > now and patience <= self.patience

    def tried(self, now: datetime, deadline: timedelta) -> Breaker:
        """Somebody waits for it again: others do not, before that one knows."""
        if not self.failures or deadline > self.patience:
            return self
        return Breaker(self.failures, now + deadline, self.patience, trying=True)

    def missed(self, now: datetime, patience: timedelta, longest: timedelta = LONGEST_REST) -> Breaker:
        """It did not answer within so long. Those who waited together count once."""
        if self.failures and not self.trying and self.spares(now, patience):
            return self
        failures = self.failures if patience <= self.patience else 0
        rest = min(FIRST_REST * 2 ** min(failures, 16), longest)
        return Breaker(failures + 1, now + rest, patience)


WELL = Breaker()
