"""
What a channel sent, kept for those runs that are recorded: by its hash, compressed, then sealed.

So that what a sync made of it can be explained later. The same bytes are kept once, for as long as a run
cited them within the retention. Of events that are ours the words are left out: we know them, and an erasure
must reach all of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import Page
from hub import clock
from hub.database import organization_of, vault_of
from hub.models.payloads import Payload
from hub.queries import payloads as query
from sync import shadows

CALENDAR = "text/calendar"
JSON = "application/json"
UNREAD = "application/octet-stream"
"""What was no calendar: nobody knows what it is"""
MOST_BYTES = 8 * 1024 * 1024
"""Of all that one run keeps, before it is compressed; a feed may have no more either"""
MOST_PAGES = 100
_FAST = 3
"""Of zlib's levels: a calendar shrinks to a tenth, and units may be locked meanwhile"""
_OURS = ("summary", "description")


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

    def hear(self, page: Page) -> None:
        if not page.events or len(self.bodies) >= MOST_PAGES:
            return
        body = Body.of(written(page), JSON)
        if sum(one.size for one in self.bodies) + body.size <= MOST_BYTES:
            self.bodies.append(body)


def written(page: Page) -> bytes:
    """The same page gives the same bytes, in whatever order the channel told it."""
    events = [
        {
            **{
                name: value
                for name, value in shadows.to_json(event).items()
                if event.marker is None or name not in _OURS
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


def keep(session: Session, run_id: UUID, bodies: Sequence[Body]) -> None:
    """The run's row is written."""
    if not bodies:
        return
    vault, organization_id, now = vault_of(session), organization_of(session), clock.now()
    found: list[UUID] = []
    for body in bodies:
        digest = vault.blind_index("payload", body.hash, organization_id)
        payload_id = query.seen_again(session, digest, now)
        if payload_id is None:
            sealed = vault.seal(base64.b64encode(body.packed).decode("ascii"))
            payload_id = query.keep(session, digest, body.media_type, body.size, sealed, now)
        found.append(payload_id)
    query.cite(session, run_id, found)


def opened(session: Session, payload: Payload) -> bytes:
    """As the channel sent it."""
    return zlib.decompress(base64.b64decode(vault_of(session).open(payload.sealed)))
