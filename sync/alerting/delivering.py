"""
Telling who must hear of an alert. A delivery is claimed and counted first, sent outside of any transaction,
then recorded: whoever is killed between sending and recording leaves it to be sent again under the same name.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from connectors.errors import ConnectorError, RateLimited, Unavailable
from connectors.smtp import PARTLY
from connectors.transport import Closing
from connectors.webhooks_out import GONE
from hub import clock
from hub.errors import Misconfigured
from hub.queries import alert_deliveries as query
from sync.alerting.destinations import GATHERED, Send, wanted, way_to
from sync.alerting.messages import Message
from sync.planning import alerting
from sync.runtime import Runtime

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=60)
"""After which a delivery is due again if whoever took it never came back; longer than any sending takes"""
AT_ONCE = 5.0
"""Seconds for which one who delivers goes on at one destination, before others have their turn"""


def deliver(runtime: Runtime) -> int:
    """
    Send what is due, to each destination until it fails: how many alerts were told. One process at a time has
    something to send: a receiver that is slow keeps no other from its work.
    """
    _give_up(runtime)
    sent = 0
    for destination in wanted(runtime.settings):
        try:
            send = way_to(runtime, destination)
        except Misconfigured as error:
            log.error("alerts are not told: %s", error)
            continue
        until = time.monotonic() + AT_ONCE
        while time.monotonic() < until and (rows := _claim(runtime, destination)):
            if not _send(runtime, send, rows):
                break
            sent += len(rows)
    return sent


def _claim(runtime: Runtime, destination: str) -> Sequence[Row[Any]]:
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        return query.claim(session, now, now + CLAIM, destination, GATHERED[destination])


def _send(runtime: Runtime, send: Send, rows: Sequence[Row[Any]]) -> bool:
    """Whether they were taken, and the next ones may be tried."""
    try:
        send([message_of(row) for row in rows])
    except Closing:
        return False  # this process is about to end: the claim runs out
    except ConnectorError as error:
        return _failed(runtime, rows, error)
    except Exception as error:
        log.exception("telling of alert %s failed", rows[0].alert_id)
        return _failed(runtime, rows, Unavailable(type(error).__name__))
    _settle(runtime, rows, "sent")
    return True


def _failed(runtime: Runtime, rows: Sequence[Row[Any]], error: ConnectorError) -> bool:
    """All that goes there is tried again later; True where it is these alone, and the others may go on."""
    row = rows[0]
    if error.code == PARTLY:
        log.error("alert %s was told by mail to some: %s", row.alert_id, error.message)
        _settle(runtime, rows, "sent", error.message)
        return True
    if error.code == GONE:
        log.error("alert %s is not told: %s", row.alert_id, error.message)
        _settle(runtime, rows, "given_up", error.message)
        return True
    asked = error.retry_after if isinstance(error, Unavailable | RateLimited) else None
    wait = alerting.retry_after(row.attempts, asked, random.random())  # noqa: S311 -- spreads, guards nothing
    log.warning(
        "alert %s was not taken by %s (attempt %d): %s; again in %d s",
        row.alert_id,
        row.destination,
        row.attempts,
        error.message,
        wait.total_seconds(),
    )
    at = clock.now() + wait
    with runtime.database.unit_of_work(None) as session:
        for one in rows:
            query.settle(session, _key(one), state="ready", at=at, error=error.message)
        query.rest(session, row.destination, at)
    return False


def _settle(runtime: Runtime, rows: Sequence[Row[Any]], state: str, error: str | None = None) -> None:
    with runtime.database.unit_of_work(None) as session:
        for row in rows:
            query.settle(session, _key(row), state=state, at=clock.now(), error=error)


def _give_up(runtime: Runtime) -> None:
    """What nobody took for a day is told in the log, and by `hub doctor`."""
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        rows = query.give_up(session, now - alerting.GIVEN_UP_AFTER, now)
    for row in rows:
        log.error(
            "alert %s (%s) was never told by %s, in %d attempts: %s",
            row.alert_id,
            row.event,
            row.destination,
            row.attempts,
            row.error or "nobody tried",
        )


def _key(row: Row[Any]) -> tuple[Any, str, str]:
    return row.alert_id, row.event, row.destination


def message_of(row: Row[Any]) -> Message:
    names = (
        *("alert_id", "event", "cause", "severity", "subject", "words", "about"),
        *("opened_at", "recovered_at", "organization_id", "organization"),
    )
    return Message(**{name: getattr(row, name) for name in names})
