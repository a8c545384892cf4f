"""What our feeds said and say, written down when they are published: by it we recognise our own word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub.domain.periods import occupied
from hub.queries import exports as query
from hub.queries.exports import Stretch
from hub.queries.feeds import FeedLink
from sync.feed_content import FeedContent
from sync.planning.feed_entries import Kind, Said


def record(
    session: Session,
    feed: FeedLink,
    content: FeedContent,
    live: Iterable[Said],
    revision: int,
    now: datetime,
) -> None:
    """Bring a feed's history up to what it says from this revision on; its snapshot is locked."""
    zone = ZoneInfo(feed.time_zone)
    tellers = {want.uid: want.told_by for want in content.wanted}
    wanted = {said.uid: _stretch(said, tellers.get(said.uid), zone) for said in live}
    standing = query.live(session, feed.link.id)
    over = [row_id for row_id, stretch in standing.items() if wanted.get(stretch.uid) != stretch]
    query.close(session, feed.link.id, over, revision, now)
    new = [stretch for stretch in wanted.values() if stretch not in standing.values()]
    query.open_(session, feed.link.id, new, revision, now)


def teller(kind: str) -> UUID | None:
    """The link that told what a stretch of this kind passes on."""
    _, _, link_id = kind.partition(" ")
    return UUID(link_id) if link_id else None


def _stretch(said: Said, told_by: UUID | None, zone: ZoneInfo) -> Stretch:
    content = said.content
    period = occupied(content.span, zone)
    kind = content.kind.value if told_by is None else f"{Kind.RELAYED.value} {told_by}"
    origin = content.mark.origin if content.mark else said.uid
    return Stretch(said.uid, origin, kind, period.starts_at, period.ends_at)
