"""What several routes of links answer: a link, a preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.callers import Caller
from api.rights import Right
from api.schemas.links import NEW_LINK, LinkOut
from api.schemas.previews import PlanOut, PreviewCounts, PreviewEventOut, PreviewOut
from hub.database import vault_of
from hub.models.links import Link
from hub.queries import calendars
from hub.queries import links as query
from hub.queries.calendars import Standing
from sync.dry_run import Plan
from sync.preview import Preview

FEEDS = Right("manager", "sync")
"""Who sees the secret address of a feed"""
MOST_EVENTS = 500
MOST_PROBLEMS = 100

LINK: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "connection_id": NEW_LINK["connection_id"],
    "connector": "ical",
    "channel": "Seaside Rentals",
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "unit_id": NEW_LINK["unit_id"],
    "unit_type_id": None,
    "category": None,
    "direction": "two_way",
    "settings": {"url": "https://calendar.example.com/…"},
    "interval_seconds": 900,
    "state": "active",
    "state_reason": None,
    "words": "in order",
    "to_do": None,
    "verified_at": "2026-11-21T12:00:00Z",
    "next_pull_at": "2026-11-21T12:14:10Z",
    "failures": 0,
    "source": "airbnb",
    "by_event": False,
    "synced": None,
    "waiting": 0,
    "reviews": 0,
    "rests_until": None,
    "watched_until": None,
    "emptying": False,
    "guard": None,
    "feed_url": "https://hub.example.com/feeds/Zk3v….ics",
    "version": 1,
    "created_at": "2026-11-21T11:59:58Z",
    "updated_at": "2026-11-21T11:59:58Z",
}
PREVIEW: dict[str, Any] = {
    "title": "Seaside Rentals, Room 1",
    "source": "airbnb",
    "counts": {"events": 1, "busy": 1, "clashing": 1},
    "events": [
        {
            "summary": "Reserved",
            "starts_at": "2027-07-01",
            "ends_at": "2027-07-04",
            "busy": True,
            "units": ["Room 1"],
            "clashes": ["Room 1: a booking, 2027-07-02 to 2027-07-05"],
            "problem": None,
            "nature": "stay",
            "note": "",
        }
    ],
    "problems": [],
    "plan": {
        "changed": True,
        "headline": "+1 stay",
        "summary": ["+ 2027-07-01 to 2027-07-04 on Room 1"],
        "counts": {"added": 1, "changed": 0, "removed": 0, "conflicts_opened": 1},
        "guard": None,
        "writes": [],
    },
}


def told(session: Session, caller: Caller, row: Link) -> LinkOut:
    """A link as this caller may see it. Within `caller.transact`, which has just asked for their role."""
    return told_all(session, caller, [row])[0]


def told_all(session: Session, caller: Caller, rows: Sequence[Link]) -> list[LinkOut]:
    """The same of several, in their order."""
    standing = calendars.standing(session, [row.id for row in rows if row.calendar_key is not None])
    return [
        LinkOut.of(
            row,
            query.connection(session, row.connection_id),
            vault_of(session),
            caller.runtime.settings,
            standing.get(row.id) or Standing(),
            with_feed=caller.may(FEEDS),
        )
        for row in rows
    ]


def previewed(found: Preview) -> PreviewOut:
    return PreviewOut(
        title=found.title,
        source=found.source,
        counts=PreviewCounts(
            events=len(found.events),
            busy=sum(event.busy for event in found.events),
            clashing=sum(bool(event.clashes) for event in found.events),
        ),
        events=[PreviewEventOut.model_validate(event) for event in found.events[:MOST_EVENTS]],
        problems=list(found.problems[:MOST_PROBLEMS]),
        plan=_plan(found.plan) if found.plan is not None else None,
    )


def _plan(found: Plan) -> PlanOut:
    return PlanOut.model_validate(replace(found, writes=found.writes[:MOST_EVENTS]))
