"""
Our feeds: the bytes that a channel gets, published anew only when what they say has changed.

Whoever asks for a feed makes it true: the content is read and compared with what was published last.
No worker is needed for it, and an unchanged feed costs only reads.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from connectors import contract, registry
from connectors.contract import RendersFeed
from hub import clock
from hub.config import Settings
from hub.database import vault_of
from hub.errors import HubError, NotFound
from hub.ids import new_id, new_token
from hub.models.links import FeedSnapshot, Link
from hub.queries import feeds as query
from hub.queries.feeds import FeedLink
from hub.vault import Vault, token_hash
from sync import exports, feed_content
from sync.feed_content import FeedContent
from sync.planning import feed_entries
from sync.planning.feed_entries import Plan, Said
from sync.runtime import Runtime

ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Served:
    """One revision of one feed, ready to be sent. `etag` is strong and quoted, the hash of `body`."""

    organization_id: UUID
    link_id: UUID
    body: bytes
    gzip_body: bytes | None
    """None where packing gains nothing"""
    etag: str
    modified_at: datetime
    """In whole seconds no two revisions share"""
    revision: int


def of_token(runtime: Runtime, token: str, known: Served | None = None) -> Served:
    """
    The feed that a token opens, as it is now; NotFound for any other text. `known`, what this token gave
    before, saves the look-up and, where nothing changed, the body: then it is returned itself.
    """
    hashed = token_hash(token)
    if known is not None:
        found = (known.organization_id, known.link_id)
    else:
        with runtime.database.unit_of_work(None) as session:
            looked_up = query.link_of_token(session, hashed)
        if looked_up is None:
            raise _unknown()
        found = looked_up
    return _current(runtime, *found, known=known, opened_by=hashed)


def current(runtime: Runtime, organization_id: UUID, link_id: UUID) -> Served:
    """A link's feed as it is now; NotFound for a link without one."""
    return _current(runtime, organization_id, link_id)


def issue_token(session: Session, link: Link) -> str:
    """Give a link a feed address, or a new one: the old one stops working. UIDs stay as they are."""
    token = new_token()
    link.feed_token_hash = token_hash(token)
    link.feed_token_sealed = vault_of(session).seal(token)
    return token


def feed_url(settings: Settings, vault: Vault, link: Link) -> str | None:
    """The secret address of a link's feed; None where it has none."""
    if link.feed_token_sealed is None:
        return None
    return f"{settings.base_url}/feeds/{vault.open(link.feed_token_sealed)}.ics"


def _current(
    runtime: Runtime,
    organization_id: UUID,
    link_id: UUID,
    *,
    known: Served | None = None,
    opened_by: bytes | None = None,
) -> Served:
    with runtime.database.unit_of_work(organization_id) as session:
        feed = query.one(session, link_id, known.etag if known else None)
        if opened_by is not None and feed.link.feed_token_hash != opened_by:
            raise _unknown()
        content = feed_content.read(session, feed, clock.now())
    said = feed.published
    if said is not None and said.content_hash == content.hash:
        if known is not None and said.body is None and said.revision == known.revision:
            return known
        if said.body is not None:
            return _served(organization_id, link_id, said.body, said.etag, said.modified_at, said.revision)

    def work(session: Session) -> Served:
        row = _publish(session, link_id)
        return _served(organization_id, link_id, row.body, row.etag, row.modified_at, row.revision)

    return runtime.database.transact(organization_id, work)


def _publish(session: Session, link_id: UUID) -> FeedSnapshot:
    """Bring the snapshot up to what is true now. Its lock comes first: two who publish make one revision."""
    row = query.lock(session, link_id)
    feed = query.one(session, link_id, row.etag)
    now = max(clock.now(), row.modified_at.replace(microsecond=0) + ONE_SECOND)
    content = feed_content.read(session, feed, clock.now())
    if row.content_hash == content.hash:
        return row

    planned = _planned(session, feed.link, content, now)
    body = _rendered(feed, content, planned, now if planned.written or not row.revision else row.modified_at)

    query.write_entries(session, [_columns(link_id, entry, now) for entry in planned.written])
    row.content_hash = content.hash
    etag = f'"{hashlib.sha256(body).hexdigest()}"'
    if etag != row.etag:
        row.body, row.etag, row.modified_at, row.revision = body, etag, now, row.revision + 1
    session.flush()
    exports.record(session, feed, content, planned.live, row.revision, now)
    return row


def _planned(session: Session, link: Link, content: FeedContent, now: datetime) -> Plan:
    rows = query.entries(session, link.id, [want.uid for want in content.wanted])
    said = [
        Said(row.uid, feed_entries.from_json(row.content), row.sequence, row.modified_at, row.withdrawn_at)
        for row in rows
    ]
    uids = _new_uids(link.uid_domain)
    wanted = content.wanted or feed_entries.named(content.spans, said, uids, content.sign)
    return feed_entries.plan(said, wanted, now)


def _new_uids(domain: str) -> Iterator[str]:
    while True:
        yield f"{new_id()}@{domain}"


def _rendered(feed: FeedLink, content: FeedContent, planned: Plan, modified_at: datetime) -> bytes:
    connector = registry.connector(feed.connector)
    if not isinstance(connector, RendersFeed):
        raise _unknown()
    entries = tuple(
        contract.FeedEntry(
            uid=entry.uid,
            span=entry.content.span,
            summary=entry.content.summary,
            modified_at=entry.modified_at,
            sequence=entry.sequence,
            mark=entry.content.mark,
        )
        for entry in planned.live
    )
    return connector.render(contract.Feed(content.name, entries, modified_at, feed_content.REFRESH))


def _columns(link_id: UUID, entry: Said, now: datetime) -> dict[str, object]:
    return {
        "link_id": link_id,
        "uid": entry.uid,
        "content": feed_entries.to_json(entry.content),
        "sequence": entry.sequence,
        "modified_at": entry.modified_at,
        "exported_at": now,
        "withdrawn_at": entry.withdrawn_at,
    }


def _served(
    organization_id: UUID, link_id: UUID, body: bytes, etag: str, modified_at: datetime, revision: int
) -> Served:
    packed = gzip.compress(body, 6, mtime=0)
    smaller = packed if len(packed) < len(body) else None
    return Served(organization_id, link_id, body, smaller, etag, modified_at, revision)


def _unknown() -> HubError:
    return NotFound.because("not_found", "there is no such feed")
