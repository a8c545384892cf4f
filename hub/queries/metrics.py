"""What a monitor may see of the whole hub, in a few statements: numbers, and names of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_LINKS = text("SELECT * FROM measured_links(:now, :most)")
_TOTALS = text("""
    SELECT * FROM measured_link_totals(:now, CAST(:bounds AS float8[]), :intervals, :least, :failures)
""")
_CONFLICTS = text("SELECT type, state, number FROM measured_conflicts()")
_OUTBOX = text("SELECT ready, oldest, quarantined FROM measured_outbox(:now)")
_RUNS = text("SELECT state, trigger, number FROM measured_runs(:oldest, :since)")
_HOLDS = text("SELECT measured_holds(:now)")
_ALERTS = text("SELECT cause, severity, number FROM measured_alerts()")
_HEARTS = text("SELECT name, at FROM hearts()")

CLOCKS_DIFFER = timedelta(days=1)
"""Ids are made by the machine's clock; whatever another one says, none of the last hour is older"""


@dataclass(frozen=True, slots=True)
class Facts:
    """How the hub stood at one moment. Rows are as the functions of the migration name their columns."""

    now: datetime
    links: Sequence[Row[Any]]
    """One more than was asked for means that there are too many to be told one by one"""
    totals: Sequence[Row[Any]]
    conflicts: Sequence[Row[Any]]
    outbox: Row[Any]
    runs: Sequence[Row[Any]]
    """Made within the last hour"""
    holds: int
    alerts: Sequence[Row[Any]]
    hearts: Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class Stale:
    """From when on a link's calendar is stale, and its pulls are failing."""

    intervals: int
    least: timedelta
    failures: int


RECENT = timedelta(hours=1)


def read(session: Session, now: datetime, *, most_links: int, bounds: Sequence[float], stale: Stale) -> Facts:
    """Of all organizations together: the unit of work has none. `bounds` of ages are in seconds."""
    since = now - RECENT
    judged = {"intervals": stale.intervals, "least": stale.least.total_seconds(), "failures": stale.failures}
    totals = session.execute(_TOTALS, {"now": now, "bounds": list(bounds), **judged}).all()
    return Facts(
        now=now,
        links=session.execute(_LINKS, {"now": now, "most": most_links + 1}).all(),
        totals=totals,
        conflicts=session.execute(_CONFLICTS).all(),
        outbox=session.execute(_OUTBOX, {"now": now}).one(),
        runs=session.execute(_RUNS, {"oldest": _id_at(since - CLOCKS_DIFFER), "since": since}).all(),
        holds=session.execute(_HOLDS, {"now": now}).scalar_one(),
        alerts=session.execute(_ALERTS).all(),
        hearts=session.execute(_HEARTS).all(),
    )


def _id_at(moment: datetime) -> UUID:
    """The least UUIDv7 of a millisecond (RFC 9562, 5.7)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
