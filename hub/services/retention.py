"""How long, and how much, of people is kept: by the settings, in every organization, in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.config import Settings
from hub.database import Actor, Database
from hub.queries import payloads as payloads_query
from hub.queries import retention as query
from hub.queries import synced_words
from hub.services import keys, privacy

WORKER = Actor("worker")
BATCH = 1_000
GUESTS = 50
"""Fewer at a time: each is a handful of statements, and holds the guest's rows"""
PAYLOADS = 100
"""Fewer at a time: each may have megabytes"""


@dataclass(frozen=True, slots=True)
class Period:
    """One row of what is kept for how long."""

    what: str
    setting: str
    """Of HUB_..., in the unit of its name; 0 keeps for ever"""
    remove: Callable[[Session, datetime], int]
    """Removes a batch of what is older; how much it was"""

    def kept(self, settings: Settings) -> timedelta | None:
        number: int = getattr(settings, self.setting)
        if number == 0:
            return None
        return timedelta(hours=number) if self.setting.endswith("_hours") else timedelta(days=number)


def _forget_guests(session: Session, before: datetime) -> int:
    """Whose last stay was over before then; who was never booked for, by when they were written."""
    found = query.guests_gone(session, before, GUESTS)
    for guest_id in found:
        privacy.erase_row(session, guest_id)
    return len(found)


PERIODS: tuple[Period, ...] = (
    Period("guests", "retention_guest_days", _forget_guests),
    Period("event texts", "retention_event_text_days", partial(query.clear_event_texts, most=BATCH)),
    Period(
        "conflict texts",
        "retention_event_text_days",
        partial(synced_words.clear_old_disputes, most=BATCH),
    ),
    Period("mails", "retention_mail_days", partial(query.delete_old, table="mails", most=BATCH)),
    Period("sync runs", "retention_run_days", partial(query.delete_old, table="sync_runs", most=BATCH)),
    Period("payloads", "retention_payload_days", partial(query.delete_old, table="payloads", most=BATCH)),
    Period(
        "invitations",
        "retention_way_in_days",
        partial(query.delete_old, table="invitations", most=BATCH),
    ),
    Period(
        "registrations",
        "retention_way_in_days",
        partial(query.delete_old, table="registrations", most=BATCH),
    ),
    Period(
        "password resets",
        "retention_way_in_days",
        partial(query.delete_old, table="password_resets", most=BATCH),
    ),
    Period(
        "answered requests",
        "retention_idempotency_hours",
        partial(query.delete_old, table="idempotency_keys", most=BATCH),
    ),
)


def carry_out(database: Database, settings: Settings) -> dict[str, int]:
    """What was removed of each, in all organizations; and the data keys that nothing needs any more."""
    now = clock.now()
    removed = dict.fromkeys((*(period.what for period in PERIODS), "data keys"), 0)
    with database.unit_of_work(None) as session:
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    # A backup is sealed with the keys of its time: they stay as long as it does.
    linger = keys.LINGER + timedelta(days=settings.backup_days)
    for organization_id in organizations:
        for period in PERIODS:
            if (kept := period.kept(settings)) is not None:
                removed[period.what] += _outdated(database, organization_id, period, now - kept)
        removed["payloads"] += make_room(database, organization_id, settings.payload_bytes)
        removed["data keys"] += keys.take_away(database, organization_id, WORKER, linger)
    return removed


def _outdated(database: Database, organization_id: UUID, period: Period, before: datetime) -> int:
    return _all(database, organization_id, lambda session: period.remove(session, before))


def make_room(database: Database, organization_id: UUID, most_bytes: int) -> int:
    """No more is kept of what channels sent than so many bytes; how much went. It waits for nobody."""
    return _all(
        database,
        organization_id,
        lambda session: payloads_query.trim(session, most_bytes, PAYLOADS),
    )


def _all(database: Database, organization_id: UUID, remove: Callable[[Session], int]) -> int:
    removed = 0
    while some := database.transact(organization_id, remove, WORKER):
        removed += some
    return removed
