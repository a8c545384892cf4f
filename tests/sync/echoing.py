"""A place whose feeds are fetched, and channels that tell what they made of them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.contract import AllDay, Mark, Nature, Pulled, RemoteEvent
from hub import clock
from hub.domain.periods import Nights
from hub.models.external import ConflictRecord, ExternalBlock, ExternalEvent
from hub.models.links import FeedExport
from hub.queries import external, ledger
from hub.queries import links as links_query
from sync import apply
from sync.feeds import Served
from sync.restanding import restand
from tests.sync.exporting import Place


def fetched(place: Place, link_id: UUID, by: str = "Airbnb") -> Served:
    """Somebody reads the feed, and that is written down."""
    served = place.feed(link_id)
    looked(place, link_id, served.revision, by)
    return served


def looked(place: Place, link_id: UUID, revision: int, by: str = "Airbnb") -> None:
    now = clock.now()
    row = {
        "link_id": link_id,
        "consumer": by,
        "network": "",
        "day": now.date().isoformat(),
        "revision": revision,
        "full": 1,
        "not_modified": 0,
        "first_at": now,
        "last_at": now,
    }
    place.do(lambda session: ledger.record_fetches(session, [row]))


def closed(uid: str, stay: Nights, nature: Nature = Nature.BLOCK, mark: Mark | None = None) -> RemoteEvent:
    when = AllDay(stay.arrival, stay.departure)
    return RemoteEvent(f"{uid}@channel.example", None, when, True, "Closed", nature=nature, mark=mark)


def tells(place: Place, link_id: UUID, *events: RemoteEvent) -> apply.Applied:
    """The link's channel says this and nothing else; the reading counts."""
    pulled = Pulled(events, {}, full=True, unchanged=False)

    def work(session: Session) -> apply.Applied:
        applied = apply.apply(session, links_query.locked(session, link_id), pulled, clock.now())
        links_query.note(session, link_id, verified_at=clock.now())
        return applied

    return place.do(work)


def restood(place: Place, link_id: UUID) -> int:
    return place.do(lambda session: restand(session, links_query.locked(session, link_id), clock.now()))


def held(place: Place, link_id: UUID) -> list[ExternalEvent]:
    return list(place.do(lambda session: external.events_of(session, link_id)))


def blocked(place: Place, link_id: UUID) -> list[tuple[int, int, bool]]:
    """(first day of July, the day that is free again, muted) of the blocks."""
    statement = select(ExternalBlock).where(ExternalBlock.link_id == link_id)
    in_order = statement.order_by(ExternalBlock.starts_at, ExternalBlock.ends_at)
    rows = place.do(lambda session: session.scalars(in_order).all())
    return [(row.starts_at.day, row.ends_at.day, row.muted) for row in rows]


def clashes(place: Place) -> int:
    statement = select(ConflictRecord).where(ConflictRecord.state == "open")
    return len(place.do(lambda session: session.scalars(statement).all()))


def said(place: Place, link_id: UUID) -> list[FeedExport]:
    """The history of a feed, the oldest first."""
    statement = select(FeedExport).where(FeedExport.link_id == link_id)
    order = (FeedExport.since_revision, FeedExport.starts_at)
    return list(place.do(lambda session: session.scalars(statement.order_by(*order)).all()))
