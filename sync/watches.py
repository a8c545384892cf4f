"""
Watches: channels that tell us at once when a calendar changed, opened, renewed and closed by the timetable.

A watch is a nudge and no more: whatever it fails to tell, the next poll finds. So nothing here fails loudly.
None can be prolonged: the next one is opened at 80 % of a watch's life, before the old one is closed, and
meanwhile both tell. What is open is written down before its channel is asked for it, because the channel may
tell of a change before it has answered us. No transaction is open while a channel is asked.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from connectors.calendars import Watch
from connectors.contract import WatchesChanges
from connectors.errors import ConnectorError, RateLimited, Unavailable
from connectors.transport import Closing, Network
from hub import clock
from hub.database import Actor, organization_of, vault_of
from hub.errors import HubError, NotFound
from hub.ids import new_id, new_token
from hub.models.links import PULLED_STATES, Link
from hub.models.sync import WatchChannel
from hub.queries import links as links_query
from hub.queries import watches as query
from hub.vault import token_hash
from sync import remote
from sync.runtime import Runtime

log = logging.getLogger(__name__)

WORKER = Actor("worker")
RENEWED_AFTER = 0.8
"""Of a watch's life"""
OPENING = timedelta(minutes=10)
"""For which one counts of which its channel has not said yet how long it lives"""
NOT_TO_BE_HAD = timedelta(days=1)
FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Due:
    organization_id: UUID
    link_id: UUID


@dataclass(frozen=True, slots=True)
class Open:
    """A watch of a link, with what it takes to close it."""

    source: WatchesChanges
    settings: BaseModel
    id: UUID
    resource: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    """How a link stands, and what there is of watches."""

    source: WatchesChanges
    slug: str
    settings: BaseModel
    wanted: bool
    failures: int
    fresh: datetime | None
    """Until when the newest one needs no other"""
    newest: UUID | None
    open: Sequence[Open]


def claim_due(runtime: Runtime, limit: int) -> list[Due]:
    """Links whose watch is to be looked after; due again later, should whoever does it be lost."""
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        rows = query.claim(session, now, now + OPENING, limit)
    return [Due(row.organization_id, row.link_id) for row in rows]


def tend(runtime: Runtime, organization_id: UUID, link_id: UUID) -> None:
    """Open, renew or close what a link has of watches; what cannot be done now is tried again later."""
    try:
        kept = runtime.database.transact(organization_id, partial(_kept, link_id=link_id), WORKER)
    except NotFound:
        return None
    if kept is None:
        return _again(runtime, organization_id, link_id, clock.now() + NOT_TO_BE_HAD)
    now, failures, at = clock.now(), kept.failures, clock.now() + NOT_TO_BE_HAD
    keep = kept.newest
    try:
        if kept.wanted and (kept.fresh is None or kept.fresh <= now):
            keep, fresh = _renew(runtime, organization_id, link_id, kept)
            at = max(fresh, now + FIRST_PAUSE) if fresh else at  # some channels' clocks, or lives, are odd
        elif kept.wanted and kept.fresh is not None:
            at = kept.fresh
        failures = 0
    except ConnectorError as error:
        log.warning("link %s: no watch could be opened: %s", link_id, error.code)
        failures += 1
        wait = pause(failures)
        if isinstance(error, Unavailable | RateLimited) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        return _again(runtime, organization_id, link_id, now + wait, failures)
    olds = [one for one in kept.open if not (kept.wanted and one.id == keep)]
    left = close(runtime.network, olds)
    gone = [one.id for one in olds if one.id not in left]
    runtime.database.transact(organization_id, partial(_drop, watch_ids=gone), WORKER)
    if left:
        failures = kept.failures + 1
        at = min(at, now + pause(failures))
    return _again(runtime, organization_id, link_id, at, failures)


def open_of(session: Session, link_id: UUID) -> Sequence[Open]:
    """What is to be closed once the link is removed, and with it what is known of its watches."""
    kept = _kept(session, link_id)
    return kept.open if kept else ()


def close(network: Network, watches: Sequence[Open]) -> frozenset[UUID]:
    """Have channels tell us no more: the ids of those for which that is worth trying again."""
    left = set()
    for one in watches:
        if not one.resource or one.expires_at <= clock.now():
            continue
        try:
            one.source.unwatch(one.settings, str(one.id), one.resource, network)
        except (Unavailable, RateLimited) as error:
            log.warning("watch %s could not be closed: %s", one.id, error.code)
            left.add(one.id)
        except (ConnectorError, Closing) as error:
            log.warning("watch %s is left to run out: %s", one.id, type(error).__name__)
    return frozenset(left)


def pause(failures: int) -> timedelta:
    """Longer each time, and never the same for all."""
    doubled: int = 2 ** min(failures - 1, 12)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311


def address(runtime: Runtime, slug: str) -> str:
    """Where a connector's channel is to post."""
    return f"{runtime.settings.base_url}/webhooks/{slug}"


def _kept(session: Session, link_id: UUID) -> _Kept | None:
    """None for a link whose channel knows no watches, or whose settings no longer make sense."""
    link = links_query.one(session, link_id)
    connection = links_query.connection(session, link.connection_id)
    vault = vault_of(session)
    stored = {**vault.open(connection.settings_sealed), **vault.open(link.settings_sealed)}
    try:
        source = remote.known(connection.connector)
        settings = remote.valid(source, stored)
    except HubError:
        return None
    if not isinstance(source, WatchesChanges):
        return None
    rows = query.of_link(session, link_id)
    newest = next((row for row in rows if row.resource), None)
    return _Kept(
        source=source,
        slug=connection.connector,
        settings=settings,
        wanted=_wanted(link),
        failures=link.watch_failures,
        fresh=_fresh(newest.opened_at, newest.expires_at) if newest else None,
        newest=newest.id if newest else None,
        open=[Open(source, settings, row.id, row.resource, row.expires_at) for row in rows],
    )


def _wanted(link: Link) -> bool:
    return link.calendar_key is not None and link.state in PULLED_STATES


def _renew(
    runtime: Runtime, organization_id: UUID, link_id: UUID, kept: _Kept
) -> tuple[UUID | None, datetime | None]:
    """Open another watch: its id, and until when it needs no other; the old one where none can be had."""
    watch_id, token, now = new_id(), new_token(), clock.now()
    begin = partial(_begin, link_id=link_id, watch_id=watch_id, token=token, now=now)
    runtime.database.transact(organization_id, begin, WORKER)
    try:
        opened = kept.source.watch(
            kept.settings, str(watch_id), token, address(runtime, kept.slug), runtime.network
        )
    except (ConnectorError, Closing):
        runtime.database.transact(organization_id, partial(query.drop, watch_id=watch_id), WORKER)
        raise
    if opened is None:
        runtime.database.transact(organization_id, partial(query.drop, watch_id=watch_id), WORKER)
        return kept.newest, None
    there = runtime.database.transact(
        organization_id, partial(_opened, watch_id=watch_id, opened=opened), WORKER
    )
    if not there:  # the link was removed at this moment
        close(
            runtime.network,
            [Open(kept.source, kept.settings, watch_id, opened.resource, opened.expires_at)],
        )
    return watch_id, _fresh(now, opened.expires_at)


def _fresh(opened_at: datetime, expires_at: datetime) -> datetime:
    return opened_at + (expires_at - opened_at) * RENEWED_AFTER


def _begin(session: Session, *, link_id: UUID, watch_id: UUID, token: str, now: datetime) -> None:
    session.add(
        WatchChannel(
            organization_id=organization_of(session),
            id=watch_id,
            link_id=link_id,
            token_hash=token_hash(token),
            resource="",
            opened_at=now,
            expires_at=now + OPENING,
        )
    )


def _opened(session: Session, *, watch_id: UUID, opened: Watch) -> bool:
    """What changed before there was a watch is asked for: nobody told of it."""
    return query.opened(session, watch_id, opened.resource, opened.expires_at, clock.now())


def _drop(session: Session, *, watch_ids: Sequence[UUID]) -> None:
    for watch_id in watch_ids:
        query.drop(session, watch_id)


def _again(runtime: Runtime, organization_id: UUID, link_id: UUID, at: datetime, failures: int = 0) -> None:
    note = partial(query.due_at, link_id=link_id, at=at, failures=failures)
    runtime.database.transact(organization_id, note, WORKER)
