"""What this process has read of callers lately, so that not every request asks the database anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from hub.queries.callers import KnownKey, Standing

RECHECK_AFTER = timedelta(minutes=1)
"""A dismissal, a change of role or properties, or a revoked key counts by then, in every process"""
MOST_REMEMBERED = 10_000


class Memberships:
    """The standing of members as last read; read again after a minute."""

    def __init__(self) -> None:
        self._seen: dict[UUID, tuple[UUID, Standing, datetime]] = {}

    def known(self, organization_id: UUID, member_id: UUID, now: datetime) -> Standing | None:
        """The member's standing if it was read within the last minute."""
        seen = self._seen.get(member_id)
        if seen is None or seen[0] != organization_id or now - seen[2] >= RECHECK_AFTER:
            return None
        return seen[1]

    def remember(self, organization_id: UUID, member_id: UUID, standing: Standing, now: datetime) -> None:
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[member_id] = (organization_id, standing, now)

    def forget(self, member_id: UUID) -> None:
        """Read it again at the next request: this member was just changed."""
        self._seen.pop(member_id, None)


class Keys:
    """Keys by their hashes as last read; unknown ones are not remembered, or a flood of them would be."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[KnownKey, datetime]] = {}

    def known(self, key_hash: bytes, now: datetime) -> KnownKey | None:
        key, at = self._seen.get(key_hash, (None, now))
        return key if key is not None and now - at < RECHECK_AFTER else None

    def remember(self, key_hash: bytes, key: KnownKey, now: datetime) -> None:
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[key_hash] = (key, now)

    def forget(self, key_id: UUID) -> None:
        """Read it again at the next request: this key was just changed or revoked."""
        for key_hash in [one for one, (key, _) in list(self._seen.items()) if key.id == key_id]:
            self._seen.pop(key_hash, None)
