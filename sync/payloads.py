"""
What a channel sent, kept for those runs that are recorded: by its hash, compressed, then sealed.

So that what a sync made of it can be explained later. The same bytes are kept once, for as long as a run
cited them within the retention, of each organization HUB_PAYLOAD_BYTES at most. Of events that are ours the
words are left out: we know them, and an erasure must reach all of them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Page
from connectors.contract import Pulled
from hub import clock
from hub.database import organization_of, vault_of
from hub.models.payloads import Payload
from hub.queries import payloads as query
from hub.services import retention
from sync import shadows
from sync.runtime import Runtime

CALENDAR = "text/calendar"
JSON = "application/json"
UNREAD = "application/octet-stream"
"""What was no calendar: nobody knows what it is"""
MOST_BYTES = 8 * 1024 * 1024
"""Of all that one run keeps, before it is compressed; a feed may have no more either"""
MOST_PAGES = 100
_FAST = 3
"""Of zlib's levels: a calendar shrinks to a tenth"""
LOOKS = 64
"""How often it is looked whether there is too much, while as much as may be kept is stored"""
_OURS = ("summary", "description")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Body:
    """One answer, compressed."""

    media_type: str
    size: int
    hash: str
    """SHA-256 of the answer, in hexadecimal"""
    packed: bytes = field(repr=False)

    @classmethod
    def of(cls, content: bytes, media_type: str = CALENDAR) -> Body:
        return cls(
            media_type, len(content), hashlib.sha256(content).hexdigest(), zlib.compress(content, _FAST)
        )


@dataclass(slots=True)
class Heard:
    """The pages of a pass that brought something; what comes after `MOST_BYTES` is not kept."""

    bodies: list[Body] = field(default_factory=list)

    def hear(self, page: Page, ours: Collection[str] = ()) -> None:
        """`ours` are ids of events of ours that may have lost their marker."""
        if not page.events or len(self.bodies) >= MOST_PAGES:
            return
        body = Body.of(written(page, ours), JSON)
        if sum(one.size for one in self.bodies) + body.size <= MOST_BYTES:
            self.bodies.append(body)


def taken(pulled: Pulled) -> tuple[Pulled, tuple[Body, ...]]:
    """What was pulled without the bytes, which are let go, and these compressed."""
    if pulled.payload is None:
        return pulled, ()
    return replace(pulled, payload=None), (Body.of(pulled.payload),)


def written(page: Page, ours: Collection[str] = ()) -> bytes:
    """The same page gives the same bytes, in whatever order the channel told it."""
    events = [
        {
            **{
                name: value
                for name, value in shadows.to_json(event).items()
                if name not in _OURS or not _is_ours(event, ours)
            },
            "etag": event.etag,
            "updated": event.updated.isoformat() if event.updated else None,
        }
        for event in sorted(page.events, key=lambda event: event.id)
    ]
    said = {"full": page.full, "events": events}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _is_ours(event: CalendarEvent, ours: Collection[str]) -> bool:
    """A person may have made a series of it: then its exceptions say the same words."""
    return event.marker is not None or event.id in ours or event.series in ours


def keep(session: Session, run_id: UUID, bodies: Sequence[Body]) -> int:
    """The run's row is written. How many bytes were stored that nobody had."""
    if not bodies:
        return 0
    stored, vault, organization_id, now = 0, vault_of(session), organization_of(session), clock.now()
    found: list[UUID] = []
    for body in bodies:
        digest = vault.blind_index("payload", body.hash, organization_id)
        payload_id = query.seen_again(session, digest, now)
        if payload_id is None:
            sealed = vault.seal_bytes(body.packed)
            stored += len(sealed)
            payload_id = query.keep(session, digest, body.media_type, body.size, sealed, now)
        found.append(payload_id)
    query.cite(session, run_id, found)
    return stored


def make_room(runtime: Runtime, organization_id: UUID, stored: int) -> None:
    """
    A sync that stored so much has ended: remove what is too much. To know that all has to be counted, so
    it is done the more often the more is stored: after megabytes nearly each time. The retention looks every
    hour besides.
    """
    most = runtime.settings.payload_bytes
    if random.random() * most >= stored * LOOKS:  # noqa: S311
        return
    try:
        retention.make_room(runtime.database, organization_id, most)
    except Exception:  # the sync is done whatever becomes of this, and the retention tries again
        log.exception("making room for payloads failed")


def opened(session: Session, payload: Payload) -> bytes:
    """As the channel sent it."""
    return zlib.decompress(vault_of(session).open_bytes(payload.sealed))
