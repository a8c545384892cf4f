"""
What proves that a word is ours when it comes back: the hops of our feeds, the markers of our events. And the
key by which two sides are compared.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Marker
from connectors.contract import Mark
from hub.database import hub_vault_of, organization_of, vault_of
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


def content_key(session: Session) -> bytes:
    """With which an organization's events are hashed: 32 bytes, for life."""
    return _content_key(hub_vault_of(session), organization_of(session))


def marker(session: Session, event_id: str, item_id: UUID, revision: UUID) -> Marker:
    """What an event of this id bears when we write it."""
    return Marker(str(item_id), str(revision), _signature(session, event_id, item_id))


def item_of(session: Session, event: CalendarEvent) -> UUID | None:
    """The item that we wrote to this very event; None for a copy, and for what is not ours."""
    if event.marker is None or (item_id := _uuid(event.marker.item)) is None:
        return None
    signature = event.marker.signature.encode("utf-8", "surrogatepass")
    ours = compare_digest(signature, _signature(session, event.id, item_id).encode())
    return item_id if ours else None


def _signature(session: Session, event_id: str, item_id: UUID) -> str:
    said = f"{item_id}|{event_id}"
    return vault_of(session).blind_index("marker", said, organization_of(session)).hex()


def _uuid(text: str) -> UUID | None:
    """As we write it, and in no other of its forms."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


@lru_cache(maxsize=1 << 12)
def _content_key(vault: Vault, organization_id: UUID) -> bytes:
    return vault.blind_index("content", "", organization_id)
