"""What people's words calendars hold of our bookings, and what the two-way sync keeps of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import vault_of
from hub.models.sync import SyncItem
from hub.queries import synced_words as query

WORDS = frozenset({"summary", "description"})
"""Of a shadow, as it is sealed: what anybody may have written, guests' names too"""


def forget(session: Session, booking_ids: Collection[UUID]) -> None:
    """
    What is kept of the events of these bookings goes, a person's words for them and conflicts' texts too.

    Hashes and times stay: nothing seems to have changed there. What the events themselves say is written
    anew by the next pass, which whoever calls this has to ask for.
    """
    items = query.of_bookings(session, booking_ids)
    for item in items:
        item.text_sealed, item.text_of = None, ""
        blank(session, item)
    session.flush()
    query.forget_disputes(session, booking_ids, [item.id for item in items])


def blank(session: Session, item: SyncItem) -> None:
    """Its shadow without words."""
    item.words_until = None
    if item.remote_sealed is not None:
        vault = vault_of(session)
        shadow: Mapping[str, Any] = vault.open(item.remote_sealed)
        item.remote_sealed = vault.seal({name: said for name, said in shadow.items() if name not in WORDS})


def shown(session: Session, booking_ids: Collection[UUID]) -> list[dict[str, str]]:
    """In which calendars these bookings have events, as JSON values."""
    return [
        {
            "booking_item_id": str(row.item_id),
            "link_id": str(row.link_id),
            "connector": row.connector,
            "channel": row.channel,
            "event_id": row.event_id,
        }
        for row in query.shown(session, booking_ids)
    ]
