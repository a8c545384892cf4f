"""GET links/{id}/consumers and bookings/{id}/channels: who fetches our feeds, and what they have seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import example
from api.schemas.consumers import ConsumerOut, ConsumersOut
from api.schemas.seen import BookingChannelsOut
from hub import clock
from hub.queries import ledger, links
from sync import seen
from sync import shown as mirrored

router = APIRouter(tags=["channels"])

CONSUMERS: dict[str, Any] = {
    "revision": 12,
    "revision_at": "2026-11-21T11:20:07Z",
    "outdated": False,
    "items": [
        {
            "consumer": "Airbnb",
            "kind": "channel",
            "networks": ["192.0.2.0/24", "198.51.100.0/24"],
            "full": 4,
            "not_modified": 80,
            "revision": 12,
            "behind": False,
            "first_at": "2026-11-14T12:00:00Z",
            "last_at": "2026-11-21T12:00:00Z",
            "interval_seconds": 7200,
            "next_at": "2026-11-21T14:00:00Z",
        }
    ],
}

CHANNELS: dict[str, Any] = {
    "booking_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105",
    "reference": "K7Q2M9XW",
    "status": "confirmed",
    "summary": "in 1 of 1 calendars; seen by 1 of 2; Outlook last fetched 26 h ago",
    "seen": "seen by 2 of 3 channels, the third (Outlook) last fetched 26 h ago",
    "exports": [
        {
            "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
            "channel": "Airbnb",
            "scope": "Room 1",
            "item_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be104",
            "state": "seen",
            "revision": 12,
            "exported_at": "2026-11-21T11:20:07Z",
            "withdrawn_at": None,
            "words": "put into the feed 60 min ago; seen by Airbnb 20 min ago",
            "seen_by": [
                {
                    "consumer": "Airbnb",
                    "kind": "channel",
                    "networks": ["192.0.2.0/24", "198.51.100.0/24"],
                    "knows": "current",
                    "since": "2026-11-21T12:00:00Z",
                    "last_at": "2026-11-21T12:00:00Z",
                    "next_at": "2026-11-21T14:00:00Z",
                }
            ],
        }
    ],
    "imports": [
        {
            "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
            "channel": "Airbnb",
            "scope": "Room 1",
            "state": "active",
            "state_reason": None,
            "verified_at": "2026-11-21T12:16:00Z",
            "words": "verified 4 min ago",
        }
    ],
    "calendars": [
        {
            "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be113",
            "channel": "Front desk",
            "scope": "Casa Azul",
            "item_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be104",
            "kind": "booking_item",
            "state": "synced",
            "review": False,
            "event_id": "hub0198c2f06c1e7b7a9f003d2c5a9be119",
            "written_at": "2026-11-21T11:20:02Z",
            "until": None,
            "outcome": "create: done",
            "words": "in the calendar",
        }
    ],
}


@router.get(
    "/links/{link_id}/consumers",
    summary="List who fetches a link's feed",
    responses=example(200, CONSUMERS),
)
def consumers_of(caller: Staff, link_id: UUID) -> ConsumersOut:
    """The latest first, as they call themselves. Fetches are written down within seconds."""

    def work(session: Session) -> ConsumersOut:
        links.one(session, link_id)
        feed = seen.feed_state(session, link_id, clock.now())
        items = [ConsumerOut.of(row, feed) for row in ledger.consumers(session, [link_id])]
        return ConsumersOut(
            revision=feed.revision, revision_at=feed.made_at, outdated=feed.outdated, items=items
        )

    return caller.transact(work)


@router.get(
    "/bookings/{booking_id}/channels",
    summary="Show what channels know of a booking",
    responses=example(200, CHANNELS),
)
def channels_of(caller: Staff, booking_id: UUID) -> BookingChannelsOut:
    """
    Per feed: whether it names the booking, who has really fetched that and when first, and after a
    cancellation who has seen that it is gone. Feeds of many units speak of sold-out nights, not of bookings.
    Per calendar that is synced event by event: whether it shows the booking, and if not, why.
    """

    def work(session: Session) -> BookingChannelsOut:
        report = seen.of_booking(session, booking_id, clock.now())
        calendars = report.calendars
        parts = (mirrored.summary(calendars), report.summary if report.exports or not calendars else "")
        return BookingChannelsOut.of(report, "; ".join(part for part in parts if part))

    return caller.transact(work)
