"""GET health, health/properties and links/{id}/health: how the organization's calendars do."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import example
from api.pagination import Page, Paged, Paging, encode, next_cursor, shown
from api.schemas.health import COVERAGE, HEALTH, LINK_HEALTH, CoverageOut, HealthOut, LinkHealthOut
from hub import clock
from hub.errors import Refused
from hub.queries import properties as query
from sync import health
from sync.health import Judged
from sync.planning import healthy

router = APIRouter(tags=["health"])


@router.get("/health", summary="List how all links do, the worst first", responses=example(200, HEALTH))
def page(caller: Staff, paging: Paged) -> HealthOut:
    """
    `totals` count all of them. The order is as of now: a link that gets better or worse between two pages may
    be met twice, or not at all.
    """

    def work(session: Session) -> HealthOut:
        now = clock.now()
        links = health.of_links(session, now)
        rest = _behind(links, paging)
        found = shown(rest, paging)
        more = len(rest) > len(found)
        return HealthOut(
            totals={
                healthy.Standing(name): number
                for name, number in healthy.counted(one.standing for one in links).items()
            },
            items=[LinkHealthOut.of(one) for one in health.in_full(session, found, now)],
            next_cursor=encode((now, found[-1].link_id)) if more else None,
        )

    return caller.transact(work)


@router.get(
    "/health/properties",
    summary="Show how the calendars of each property do",
    responses=example(200, {"items": [COVERAGE], "next_cursor": None}),
)
def properties(caller: Staff, paging: Paged) -> Page[CoverageOut]:
    """Without archived ones, the oldest first: how many links stand how, and which units have none."""

    def work(session: Session) -> Page[CoverageOut]:
        rows = query.page(session, paging.fetch, paging.after)
        found = health.of_properties(session, shown(rows, paging), clock.now())
        return Page(
            items=[CoverageOut.of(one) for one in found],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/links/{link_id}/health", summary="Show how one link does", responses=example(200, LINK_HEALTH))
def one(caller: Staff, link_id: UUID) -> LinkHealthOut:
    """How fresh, how far behind, what fails and since when, when it runs next, and what a gap is worth."""
    return caller.transact(lambda session: LinkHealthOut.of(health.of_link(session, link_id, clock.now())))


def _behind(links: Sequence[Judged], paging: Paging) -> Sequence[Judged]:
    """The links behind the one that the page before ended with, wherever it stands by now."""
    if paging.after is None:
        return links
    last = next((place for place, one in enumerate(links) if one.link_id == paging.after[1]), None)
    if last is None:
        raise Refused.because(
            "invalid_cursor", "the link that this page would follow is gone; start without a cursor", "cursor"
        )
    return links[last + 1 :]
