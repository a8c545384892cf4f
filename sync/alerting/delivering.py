"""
Telling who must hear of an alert. A delivery is claimed and counted first, sent outside of any transaction,
then recorded: whoever is killed between sending and recording leaves it to be sent again under the same name.
"""

from __future__ import annotations

import logging
import random
import time
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
from sync.alerting.destinations import Send, wanted, way_to
from sync.alerting.messages import Message
from sync.planning import alerting
from sync.runtime import Runtime

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=60)
"""After which a delivery is due again if whoever took it never came back; longer than any sending takes"""
AT_ONCE = 15.0
"""Seconds for which one who delivers goes on, before others have their turn"""


def deliver(runtime: Runtime) -> int:
    """Send what is due, to each destination until it fails: how many were sent."""
    _give_up(runtime)
    sent = 0
    until = time.monotonic() + AT_ONCE
    for destination in wanted(runtime.settings):
        try:
            send = way_to(runtime, destination)
        except Misconfigured as error:
            log.error("alerts are not told: %s", error)
            continue
        while time.monotonic() < until and (row := _claim(runtime, destination)) is not None:
            if not _send(runtime, send, row):
                break
            sent += 1
    return sent


def _claim(runtime: Runtime, destination: str) -> Row[Any] | None:
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        return query.claim(session, now, now + CLAIM, destination)


def _send(runtime: Runtime, send: Send, row: Row[Any]) -> bool:
    """Whether it was taken, and the next one may be tried."""
    try:
        send(message_of(row))
    except Closing:
        return False  # this process is about to end: the claim runs out
    except ConnectorError as error:
        return _failed(runtime, row, error)
    except Exception as error:
        log.exception("telling of alert %s failed", row.alert_id)
        return _failed(runtime, row, Unavailable(type(error).__name__))
    _settle(runtime, row, "sent")
    return True


def _failed(runtime: Runtime, row: Row[Any], error: ConnectorError) -> bool:
    """It is tried again later, and all else that goes there with it; True where it is that message alone."""
    if error.code == PARTLY:
        log.error("alert %s was told by mail to some: %s", row.alert_id, error.message)
        _settle(runtime, row, "sent", error.message)
        return True
    if error.code == GONE:
        log.error("alert %s is not told: %s", row.alert_id, error.message)
        _settle(runtime, row, "given_up", error.message)
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
        query.settle(session, _key(row), state="ready", at=at, error=error.message)
        query.rest(session, row.destination, at)
    return False


def _settle(runtime: Runtime, row: Row[Any], state: str, error: str | None = None) -> None:
    with runtime.database.unit_of_work(None) as session:
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
