"""Who is still to hear of which alert, and who gave a sign of life: of all organizations, by functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(-20261122, hashtext('deliveries'))")
_CLAIM = text("SELECT * FROM claim_alert_deliveries(:now, :again_at, :destination, :most)")
_SETTLE = text("SELECT settle_alert_delivery(:alert, :event, :destination, :state, :error, :at)")
_REST = text("SELECT rest_alert_destination(:destination, :until)")
_GIVE_UP = text("SELECT * FROM give_up_alert_deliveries(:before, :now)")
_COUNTS = text("SELECT * FROM alert_delivery_counts(:since)")
_BEAT = text("SELECT beat_heart(:name, :now, :only_first)")
_HEARTS = text("SELECT * FROM hearts()")


def claim(
    session: Session, now: datetime, again_at: datetime, destination: str, most: int
) -> Sequence[Row[Any]]:
    """
    Deliveries that wait for that destination and failed as often as each other, with their alerts; counted as
    attempted, and due again at `again_at` if nobody reports back. Until somebody does nobody else gets any.
    """
    session.execute(_ONE_AT_A_TIME)
    known = {"now": now, "again_at": again_at, "destination": destination, "most": most}
    return session.execute(_CLAIM, known).all()


def settle(
    session: Session,
    key: tuple[UUID, str, str],
    *,
    state: str,
    at: datetime,
    error: str | None = None,
) -> None:
    """`key`: alert, event, destination. `at`: when it was done; of one that stays ready, when it is due."""
    alert, event, destination = key
    known = {"alert": alert, "event": event, "destination": destination}
    session.execute(_SETTLE, known | {"state": state, "error": error, "at": at})


def rest(session: Session, destination: str, until: datetime) -> None:
    """One failure says something of the destination, not of one message: all wait."""
    session.execute(_REST, {"destination": destination, "until": until})


def give_up(session: Session, before: datetime, now: datetime) -> Sequence[Row[Any]]:
    """(alert_id, event, destination, attempts, error) of what was to be told before then, and is no more."""
    return session.execute(_GIVE_UP, {"before": before, "now": now}).all()


def counts(session: Session, since: datetime) -> Sequence[Row[Any]]:
    """(destination, state, number, tried, error) of what waits, and of what was given up since then."""
    return session.execute(_COUNTS, {"since": since}).all()


def beat(session: Session, name: str, now: datetime, *, only_first: bool = False) -> None:
    """A sign of life; `only_first`: unless there was one before."""
    session.execute(_BEAT, {"name": name, "now": now, "only_first": only_first})


def hearts(session: Session) -> Mapping[str, datetime]:
    """When each last gave one."""
    return {row.name: row.at for row in session.execute(_HEARTS)}
