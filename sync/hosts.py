"""Manners towards hosts and other tenants: who may ask now, and what is remembered of a host's answers."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from connectors.addresses import AddressRefused, target
from connectors.errors import ConnectorError, RateLimited, Unavailable
from hub import clock
from hub.config import Settings
from hub.queries import hosts as query
from hub.queries import links
from hub.queries.links import Lease
from sync.planning import politeness
from sync.planning.politeness import Later, Standing

OURSELVES = frozenset({"localhost", "127.0.0.1", "::1"})
"""This machine needs no sparing: the demo's channels live here, and what the operator runs beside the hub"""


LONGEST_TURN = timedelta(seconds=20)
"""So long somebody at a terminal waits for a turn"""


def named_in(settings: BaseModel) -> str:
    """
    The host that a connector's settings say to ask, with its port where that is not the usual one: behind
    another port is somebody else. Empty where they name none.

    A connector that calls an address of somebody's own has it in a setting `url`; one that calls its
    channel's fixed address has a quota of its own there, and nothing to share.
    """
    url = getattr(settings, "url", None)
    try:
        goal = target(url) if isinstance(url, str) else None
    except AddressRefused:
        return ""
    return goal.authority if goal is not None and goal.host not in OURSELVES else ""


def known(session: Session, link_id: UUID, host: str, settings: BaseModel) -> str:
    """A link's host; noted now for one that was made before hosts were noted."""
    if not host and (found := named_in(settings)):
        links.note(session, link_id, host=found)
        return found
    return host


def begin(
    session: Session, lease: Lease, host: str, settings: Settings, *, wanted: bool, waits: bool
) -> Standing | Later:
    """
    The last step of beginning a pull under its lease: how its host stands, or that it must come later.

    Then the lease has been given back as if never taken. `wanted` and `waits` as in politeness.later.
    Nobody else begins at that host, or for that organization, before the transaction ends.
    """
    # Others wait whose links are due while a pull that begins now may still be at work.
    soon = clock.now() + timedelta(seconds=settings.lease_seconds)
    row = query.stand(session, host, politeness.share(settings.pull_concurrency), soon)
    found = Standing(host, row.running, row.failures or 0, row.not_before, row.asked_until, row.crowding)
    now, jitter = clock.now(), random.random()  # noqa: S311
    most = settings.host_concurrency
    verdict: Standing | Later = (
        politeness.later(found, now, jitter, wanted=wanted, waits=waits, at_once=most) or found
    )
    if isinstance(verdict, Standing):
        verdict = _in_turn(session, verdict, timedelta(milliseconds=settings.host_interval_ms), waits=waits)
    if isinstance(verdict, Later):
        query.give_back(session, lease.link_id, lease.fence, verdict.until)
    return verdict


def _in_turn(session: Session, host: Standing, apart: timedelta, *, waits: bool) -> Standing | Later:
    """The same host with the next turn there, or that this is too far away for one who can come again."""
    if not host.name or not apart:
        return host
    now, jitter = clock.now(), random.random()  # noqa: S311
    row = query.turn(session, host.name, apart, politeness.A_TURN if waits else LONGEST_TURN, now)
    turn = timedelta(seconds=row.seconds)
    return replace(host, turn=turn) if row.taken else politeness.not_yet(host.name, turn, now, jitter)


def check_wish(session: Session, host: str, rests_until: datetime | None) -> None:
    """
    RateLimited where a host, or the account of a calendar, asked not to be asked yet: for questions that take
    no lease. Our own pause stops nobody who asks by hand.
    """
    now = clock.now()
    rows = query.spared(session, now) if host else ()
    wishes = [row.asked_until for row in rows if row.name == host and row.asked_until is not None]
    until = max([*wishes, *([rests_until] if rests_until is not None else [])], default=now)
    if until > now:
        name = host or "this calendar's channel"
        message = f"{name} asked not to be asked before {until:%Y-%m-%d %H:%M:%S} UTC"
        raise RateLimited(message, retry_after=until - now)


def await_turn(host: Standing) -> None:
    """Outside of any transaction, before the host is asked."""
    if host.turn:
        time.sleep(host.turn.total_seconds())


def answered(session: Session, host: Standing) -> None:
    """A pull brought a calendar: its host is trusted again. Costs nothing where it was well."""
    if host.failures:
        query.trust(session, host.name, clock.now())


def failed(session: Session, host: Standing, error: ConnectorError) -> None:
    """
    A pull failed. Where the error is of a whole host, that one is spared: for all its calendars, of
    whomever. It is another than `host` where a redirect led there.
    """
    if not error.host or _is_here(error.host):
        return
    now = clock.now()
    asks = isinstance(error, Unavailable | RateLimited) and error.retry_after is not None
    if host.not_before is not None and host.not_before > now and not asks:
        return  # let in by hand during our own pause: who insists makes it no longer for the others
    before = host if error.host == host.name else Standing(error.host)
    after = politeness.after_failure(before, error, now, random.random())  # noqa: S311
    query.spare(session, after.name, after.failures, after.not_before, after.asked_until, now)


def _is_here(authority: str) -> bool:
    return authority in OURSELVES or authority.rpartition(":")[0].strip("[]") in OURSELVES
