"""
The live check: links that could contradict a booking are asked before it is accepted.

Nothing is asked here. Links that are not known well enough are made due and called out to the pullers, who
pull them as always, under their leases; whoever waits looks at how the links stand. So a pull that runs is
joined, and fifty who wait for one link cause one fetch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Database
from hub.domain.availability import SellableUnit
from hub.domain.evidence import Policy, Sight, Terms
from hub.queries import checks as query
from hub.queries import hosts as hosts_query
from sync.planning import checking
from sync.planning.checking import Candidate, Plan, Standing

CLOCKS_DIFFER = timedelta(seconds=2)
"""Between who asks and who pulls"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that could be sold, and the links that could contradict that."""

    unit: SellableUnit
    link_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be asked for some units; `units` are all of them."""

    plan: Plan
    units: tuple[Unit, ...]


def prepare(
    session: Session,
    units: Collection[SellableUnit],
    now: datetime,
    spared: Callable[[timedelta], Mapping[str, str]],
    *,
    anyway: bool = False,
) -> Prepared:
    """
    What is known of these units' links, and which of them must be asked. `spared` tells for
    which hosts nobody waits so long; those that pulls found failing are added. `anyway` asks although the
    policy would not.
    """
    kinds = {one.unit_type_id: one for one in query.terms_of(session, {unit.unit_type_id for unit in units})}
    terms = {kind: anyway_of(one.terms) if anyway else one.terms for kind, one in kinds.items()}
    checked = [unit for unit in units if terms[unit.unit_type_id].policy is not Policy.OFF]
    rows = query.links_of(session, {leaf for unit in checked for leaf in unit.leaves})
    found = tuple(Unit(unit, _links_of(unit, rows)) for unit in checked)
    strict = [terms[unit.unit_type_id] for unit in checked]
    since = now - min((one.age for one in strict), default=timedelta())
    deadline = max((one.deadline for one in strict), default=timedelta())
    hosts = hosts_query.spared(session, now) if rows else ()
    resting = {row.name: "it failed a moment ago" for row in hosts}
    resting |= spared(deadline)
    candidates = [candidate(row) for row in rows]
    sights: dict[UUID, Sight] = {}
    asked = []
    for one in candidates:
        sight = checking.known(one, since, now, resting)
        if sight is None:
            asked.append(one)
        else:
            sights[one.link_id] = sight
    return Prepared(Plan(since, deadline, sights, tuple(asked)), found)


def anyway_of(terms: Terms) -> Terms:
    """For who asks on purpose: what was known a while ago does not do."""
    policy = Policy.FLAG if terms.policy is Policy.OFF else terms.policy
    return replace(terms, policy=policy, age=min(terms.age, timedelta(seconds=1)))


def ask(session: Session, link_ids: Collection[UUID]) -> frozenset[UUID]:
    """
    Have these links pulled at once; who listens hears of it when this is committed. Those that were not due:
    of a link that had been made due before, somebody has heard since.
    """
    return query.ask(session, link_ids, clock.now())


def look(database: Database, link_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How links of any organization stand now; those that are gone are missing."""
    with database.unit_of_work(None) as session:
        rows = query.standing(session, link_ids)
    return {
        row.link_id: Standing(row.state, row.state_reason, row.verified_at, row.failures, row.leased)
        for row in rows
    }


def is_due(database: Database, organization_id: UUID, link_id: UUID) -> bool:
    """Whether a link that was called out has still to be pulled: another puller may have been quicker."""
    with database.unit_of_work(organization_id) as session:
        return query.is_due(session, link_id, clock.now() + CLOCKS_DIFFER)


def versioned(session: Session, sights: Sequence[Sight]) -> dict[UUID, Sight]:
    """The sights, each with the version of what was just read."""
    cursors = query.versions(session, [sight.link_id for sight in sights]) if sights else {}
    return {
        sight.link_id: replace(sight, version=checking.version(cursors.get(sight.link_id)))
        for sight in sights
    }


def candidate(row: Row[Any]) -> Candidate:
    """A channel that is called at its own fixed address is spared account by account."""
    standing = Standing(row.state, row.state_reason, row.verified_at, row.failures)
    host = row.host or f"{row.connector} {row.connection_id}"
    return Candidate(row.id, row.channel, row.scope, host, standing, row.cursor, row.rests_until)


def _links_of(unit: SellableUnit, rows: Sequence[Row[Any]]) -> frozenset[UUID]:
    return frozenset(row.id for row in rows if not unit.leaves.isdisjoint(row.leaves))
