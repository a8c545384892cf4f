"""
One look at what is the matter: compares facts to the alerts that stand, and writes both what changed and who
is to hear of it in one transaction. However many look at once, each thing is told once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.config import Settings
from hub.ids import new_id
from hub.queries import alert_deliveries as deliveries
from hub.queries import alerts as query
from sync.alerting.destinations import wanted
from sync.planning import alerting
from sync.planning.alerting import ConflictFacts, LinkFacts, Standing, Step, Trouble
from sync.runtime import Runtime

log = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""How long what recovered is kept"""
MOST_LOGGED = 20
"""Lines of the log for one look at one organization"""


def look(runtime: Runtime) -> int:
    """How many alerts were opened or recovered, in all organizations and of the whole hub."""
    with runtime.database.unit_of_work(None) as session:
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    told = 0
    for organization_id in (None, *organizations):
        try:
            with runtime.database.unit_of_work(organization_id) as session:
                told += look_at(session, organization_id, runtime.settings)
        except Exception:  # whatever is the matter with one organization: others must hear of theirs
            log.exception("the alerts of organization %s could not be looked at", organization_id)
    return told


def look_at(session: Session, organization_id: UUID | None, settings: Settings) -> int:
    """The same of one organization; None is the whole hub. Nothing where somebody else looks just now."""
    if not query.alone(session, organization_id):
        return 0
    now = clock.now()
    found = _of_hub(session) if organization_id is None else _of_organization(session, organization_id)
    standing = [
        Standing(row.key, row.cause, row.seen_at, row.opened_at, row.missing_since)
        for row in query.standing(session)
    ]

    taken = list(alerting.steps(standing, found, now))

    destinations = wanted(settings)
    for step in taken:
        _write(session, step, destinations)
    told = [step for step in taken if step.kind in ("open", "recover")]
    for step in told[:MOST_LOGGED]:
        log.warning("alert %s: %s", step.kind, step.key)
    if len(told) > MOST_LOGGED:
        log.warning("and %d more alerts that opened or recovered", len(told) - MOST_LOGGED)
    return len(told)


def _write(session: Session, step: Step, destinations: tuple[str, ...]) -> None:
    now = clock.now()
    if step.trouble is None:
        query.take_step(session, step.kind, step.key, now, destinations)
        return
    trouble = step.trouble
    query.see(
        session,
        id=new_id(),
        key=trouble.key,
        cause=trouble.cause,
        severity=alerting.CAUSES[trouble.cause].severity,
        subject=trouble.subject,
        words=trouble.words,
        about=dict(trouble.about),
        property=trouble.property_id,
        now=now,
    )


def _of_hub(session: Session) -> Iterable[Trouble]:
    return list(alerting.of_hub(deliveries.hearts(session), clock.now()))


def _of_organization(session: Session, organization_id: UUID) -> Iterable[Trouble]:
    now = clock.now()
    links = [_link(row) for row in query.links(session)]
    conflicts = [_conflict(row) for row in query.conflicts(session)]
    stuck = query.stuck_facts(session, now - alerting.STUCK)
    return [
        *alerting.troubles(links, conflicts, now),
        *alerting.of_outbox(organization_id, stuck),
    ]


def _link(row: tuple[Any, ...]) -> LinkFacts:
    link, channel, of_property, unit, unit_type, draining_since = row
    return LinkFacts(
        id=link.id,
        property_id=link.property_id,
        channel=channel,
        place=_place(of_property, unit or unit_type or link.category),
        state=link.state,
        reason=link.state_reason,
        polled=bool(link.polled),
        interval=timedelta(seconds=link.interval_seconds),
        known_at=link.verified_at or link.created_at,
        failures=link.failures,
        draining_since=draining_since,
    )


def _conflict(row: tuple[Any, ...]) -> ConflictFacts:
    conflict, property_id, channel, of_property, unit = row
    return ConflictFacts(
        id=conflict.id,
        type=conflict.type,
        link_id=conflict.link_id,
        property_id=property_id,
        channel=channel,
        place=_place(of_property, unit),
        starts_at=conflict.starts_at,
        ends_at=conflict.ends_at,
    )


def _place(of_property: str, narrower: str | None) -> str:
    return f"{of_property}, {narrower}" if narrower else of_property


def forget(runtime: Runtime) -> None:
    """What was over long ago, of all organizations and of the whole hub."""
    with runtime.database.unit_of_work(None) as session:
        query.forget(session, clock.now() - KEPT)
