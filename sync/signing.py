"""The hops of our feeds on what they say, and whether a hop that comes back is one of these."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import Mark
from hub.database import organization_of, vault_of
from hub.vault import Vault
from sync.planning import marks
from sync.planning.marks import Sign


@dataclass(frozen=True, slots=True)
class Signer:
    """Hops differ from organization to organization: one cannot make, nor recognise, those of another."""

    vault: Vault
    organization_id: UUID

    @classmethod
    def of(cls, session: Session) -> Signer:
        return cls(vault_of(session), organization_of(session))

    def of_feed(self, link_id: UUID) -> Sign:
        """From the origin of what a link's feed says to the feed's hop."""
        ref = self.ref(link_id)
        return lambda origin: _hop(self.vault, self.organization_id, ref, origin)

    def ref(self, link_id: UUID) -> str:
        """How hops name a link's feed."""
        return marks.short(self.vault.blind_index("link", str(link_id), self.organization_id))

    def returned(self, mark: Mark, refs: Collection[str]) -> bool:
        """Whether one of these feeds said what has this mark, and nobody forged that."""
        return any(
            ref in refs and compare_digest(hop, _hop(self.vault, self.organization_id, ref, mark.origin))
            for hop in mark.via
            for ref in (marks.ref_of(hop),)
        )


@lru_cache(maxsize=1 << 14)
def _hop(vault: Vault, organization_id: UUID, ref: str, origin: str) -> str:
    """Kept, for a feed is read again and again and says the same."""
    seal = marks.short(vault.blind_index("hop", f"{ref}|{origin}", organization_id))
    return marks.hop(ref, seal)
