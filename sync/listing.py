"""Hearing what changed in a calendar: page by page, and what a full listing did not name is looked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Page
from connectors.errors import CursorExpired
from hub.models.links import Link
from hub.queries import links as links_query
from hub.queries import sync as query
from sync import observing
from sync.calendars import LinkedCalendar

T = TypeVar("T")


class Transact(Protocol):
    """Runs work in a transaction that begins by proving the lease."""

    def __call__(self, work: Callable[[Session, Link], T]) -> T: ...


SWEEP = 50
LISTINGS = 3
"""A cursor may run out again while all is listed"""


def pull(
    transact: Transact,
    calendar: LinkedCalendar,
    cursor: dict[str, str] | None,
    page: Page | None,
    heard: Callable[[Page, frozenset[str]], None],
) -> tuple[int, bool]:
    """
    List what changed since the cursor, or everything: how much was news, and whether it was everything.
    `page` is the first one, where it was asked for already. Each that came is told to `heard`,
    with the ids of our own events that nothing else betrays.

    The cursor is stored with the last page alone: whatever crashes before, all is listed again.
    """
    for attempt in range(LISTINGS):
        try:
            return _list(transact, calendar, cursor, page, heard)
        except CursorExpired:
            cursor = page = None
            if attempt == LISTINGS - 1:
                raise
    raise AssertionError("unreachable")


def _list(
    transact: Transact,
    calendar: LinkedCalendar,
    cursor: dict[str, str] | None,
    page: Page | None,
    heard: Callable[[Page, frozenset[str]], None],
) -> tuple[int, bool]:
    news, first = 0, True
    page = page or calendar.changes(cursor, None)
    while True:
        heard(page, _unmarked(transact, page))
        news += transact(_storing(transact, calendar, page, first))
        if page.next_page is None:
            return news, page.full
        first, page = False, calendar.changes(cursor, page.next_page)


def _unmarked(transact: Transact, page: Page) -> frozenset[str]:
    """The ids of our own events, and of our own series, whose words come without a marker."""
    bare = [event for event in page.events if event.marker is None and (event.summary or event.description)]
    if not bare:
        return frozenset()
    ids = {event.id for event in bare} | {event.series for event in bare if event.series}
    return transact(lambda session, link: query.ours(session, link.id, ids))


def _storing(
    transact: Transact, calendar: LinkedCalendar, page: Page, first: bool
) -> Callable[[Session, Link], int]:
    """What cannot be believed of a listing alone is asked for, before the page is stored."""
    looked = _looked_for(transact, calendar, page)
    listed = {event.id: event.etag for event in page.events}
    agreed = [event for event in looked if event.etag and event.etag == listed[event.id]]

    def work(session: Session, link: Link) -> int:
        known: dict[str, object] = {}
        if page.full and first:
            link.generation += 1
            link.full_pending = False
            known = {"generation": link.generation, "full_pending": False}
        direct = {event.id for event in looked}
        news = observing.observe(
            session, link, calendar, [event for event in page.events if event.id not in direct]
        )
        news += observing.observe(session, link, calendar, looked, direct=True)
        if agreed:
            news += observing.observe(session, link, calendar, agreed, direct=True, certain=True)
        if page.next_page is None:
            known |= {"cursor": dict(page.cursor or {})} | ({"full_pending": True} if page.full else {})
        if known:
            links_query.note(session, link.id, **known)
        return news

    return work


def _looked_for(transact: Transact, calendar: LinkedCalendar, page: Page) -> list[CalendarEvent]:
    """Of a full listing only what is gone: other versions than were seen are swept for."""
    asked = [event for event in page.events if not page.full or (event.deleted and event.updated is None)]
    if not asked:
        return []
    found: list[str] = []

    def work(session: Session, link: Link) -> int:
        items = query.by_remote(session, link.id, [event.id for event in asked])
        found[:] = observing.suspects(items, asked)
        return 0

    transact(work)
    return [calendar.look(event_id) or observing.gone(event_id) for event_id in found]


def sweep(transact: Transact, calendar: LinkedCalendar, go_on: Callable[[], bool]) -> bool:
    """
    Look for what a full listing did not name; False where time ran out and some is left.

    It survives a crash: `full_pending` stays until nothing is left to look for.
    """
    while go_on():
        missing: list[str] = []

        def find(session: Session, link: Link, missing: list[str] = missing) -> int:
            found = query.unseen(session, link.id, link.generation, SWEEP)
            missing[:] = [item.remote_id for item in found]
            if not missing:
                links_query.note(session, link.id, full_pending=False)
            return len(missing)

        if transact(find) == 0:
            return True
        for event_id in missing:
            event = calendar.look(event_id) or observing.gone(event_id)

            def store(session: Session, link: Link, event: CalendarEvent = event) -> int:
                news = observing.observe(session, link, calendar, [event], direct=True, certain=True)
                query.see(session, link.id, [event.id], link.generation)
                return news

            transact(store)
    return False
