"""Bringing what is theirs into the inventory: events of others, series with their exceptions, in portions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent
from hub import clock
from hub.ids import FIRST_ID
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import sync as query
from hub.queries.links import Fenced
from sync import counting, foreign, shadows
from sync.apply import Applied
from sync.foreign import Family
from sync.listing import Transact
from sync.planning import threeway
from sync.planning.headline import Gist
from sync.planning.threeway import TheirAct

PORTION = 200
"""Items in one transaction: it holds the locks of all units in scope"""


def bring(
    transact: Transact,
    horizon: timedelta,
    counts: Counter[str],
    said: list[str],
    gists: list[Gist],
    go_on: Callable[[], bool],
    stumble: Callable[[Exception], None],
) -> bool:
    """
    Import, change and drop what was touched; False where time ran out and some is left.

    Where a portion fails each is tried by itself: what fails then is told to `stumble`, and waits.
    """
    most, after = PORTION, FIRST_ID
    while go_on():
        portion = _touched(transact, most, after)
        if not portion:
            return True
        try:
            applied = _portion(transact, portion, horizon)
        except Fenced:
            raise
        except Exception as error:
            if len(portion) > 1:
                most = 1
                continue
            stumble(error)
            after = portion[-1]
            continue
        counts.update(applied.counts)
        said.extend(applied.summary)
        gists.append(applied.gist)
    return False


def _touched(transact: Transact, most: int, after: UUID) -> Sequence[UUID]:
    return transact(lambda session, link: query.touched(session, link.id, "remote", most, after))


def _portion(transact: Transact, item_ids: Sequence[UUID], horizon: timedelta) -> Applied:
    """In one transaction, which keeps what it counted as well."""

    def work(session: Session, link: Link) -> Applied:
        applied = _bring(session, link, item_ids, horizon)
        counting.did(session, applied.counts)
        return applied

    return transact(work)


def _bring(session: Session, link: Link, item_ids: Sequence[UUID], horizon: timedelta) -> Applied:
    families: dict[str, list[SyncItem]] = defaultdict(list)
    for item in query.families(session, link.id, item_ids):
        families[item.series or item.remote_id].append(item)
    wanted: list[Family] = []
    agreed: list[SyncItem] = []
    for key, members in families.items():
        head = next((one for one in members if one.remote_id == key), None) or members[0]
        if head.remote_id == key and _waits(head):
            for member in members:
                member.touched = False
            continue
        gone = head.remote_id == key and head.remote_state == "deleted"
        events = () if gone else tuple(_event(session, one) for one in members)
        told = tuple(event for event in events if event is not None)
        wanted.append(Family(head.id, key, told, head.hidden))
        agreed += members
    done = foreign.apply(session, link, wanted, clock.now(), horizon) if wanted else None
    for item in agreed:
        item.touched = False
        item.base_remote = item.remote if item.remote_state == "present" else None
        if item.remote_state == "deleted":
            item.tombstoned_at = item.tombstoned_at or clock.now()
    session.flush()
    return done or Applied()


def _waits(head: SyncItem) -> bool:
    """The guard holds what its deletion would free."""
    remote = head.remote if head.remote_state == "present" else None
    act = threeway.plan_theirs(head.base_remote, remote, agreed=head.gone_agreed)
    return act is TheirAct.WAIT


def _event(session: Session, item: SyncItem) -> CalendarEvent | None:
    event = shadows.of_item(session, item)
    return replace(event, deleted=True) if event is not None and item.remote_state == "deleted" else event
