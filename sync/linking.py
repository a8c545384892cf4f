"""Links: one remote calendar each, for one scope; made, changed, paused, and removed with what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import PullsEvents, RendersFeed
from hub import clock
from hub.database import organization_of, vault_of
from hub.errors import Conflict, NotFound, Refused
from hub.ids import new_id
from hub.models.links import DIRECTIONS, Connection, Link
from hub.models.properties import CATEGORIES, Property, Unit, UnitType
from hub.queries import external, inventory, locks, runs
from hub.queries import links as query
from hub.services import asking, changes, outbox
from sync import disguise, feeds, hosts, remote

SHARED = {"read": True}
"""FOR SHARE: what a link names cannot be archived under its hands"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a link's calendar speaks of: a unit, a type, a category of a property, or all of it."""

    property_id: UUID | None = None
    """May be left out where a unit or a type is named"""
    unit_id: UUID | None = None
    unit_type_id: UUID | None = None
    category: str | None = None


def link(
    session: Session,
    connection_id: UUID,
    scope: Scope,
    direction: str,
    settings: Mapping[str, Any],
    *,
    uid_domain: str,
    interval_seconds: int | None = None,
) -> Link:
    """Connect one remote calendar; an import is due at once, an export has its feed at once."""
    connection = _connection(session, connection_id)
    if direction not in DIRECTIONS:
        raise Refused.because("invalid_direction", f"a link is one of {', '.join(DIRECTIONS)}", "direction")
    host = _settings(session, connection, direction, settings)
    row = Link(
        organization_id=organization_of(session),
        id=new_id(),
        connection_id=connection_id,
        property_id=placed(session, scope),
        unit_id=scope.unit_id,
        unit_type_id=scope.unit_type_id,
        category=scope.category,
        direction=direction,
        settings_sealed=vault_of(session).seal(dict(settings)),
        host=host,
        next_pull_at=clock.now(),
        uid_domain=uid_domain,
    )
    if interval_seconds is not None:
        row.interval_seconds = _interval(interval_seconds)
    session.add(row)
    session.flush()
    if direction != "import":
        feeds.issue_token(session, row)
    changes.record(
        session, "link", row.id, "added", after=_said(row, connection), property_id=row.property_id
    )
    return row


def change(
    session: Session,
    link_id: UUID,
    *,
    settings: Mapping[str, Any] | None = None,
    interval_seconds: int | None = None,
) -> Link:
    """Another address or interval. A new address is asked at once; what is held stays until it answers."""
    row = query.locked(session, link_id)
    connection = query.connection(session, row.connection_id)
    if settings is not None:
        settings = disguise.restored(
            remote.known(connection.connector), settings, vault_of(session).open(row.settings_sealed)
        )
        row.host = _settings(session, connection, row.direction, settings)
        row.settings_sealed = vault_of(session).seal(dict(settings))
        afresh(session, row)
    if interval_seconds is not None:
        row.interval_seconds = _interval(interval_seconds)
    session.flush()
    changes.record(
        session, "link", row.id, "changed", after=_said(row, connection), property_id=row.property_id
    )
    return row


def afresh(session: Session, row: Link) -> None:
    """The locked link's settings have changed: what a running pull brings is of the old ones, and void."""
    query.revoke(session, row.id)
    row.cursor, row.next_pull_at = None, clock.now()
    row.failures, row.refused, row.refusals = 0, "", 0
    external.count_readings_anew(session, row.id, clock.now())
    if row.state in ("needs_auth", "lost"):
        row.state, row.state_reason = _pulled(row)


def unlink(session: Session, link_id: UUID) -> None:
    """Remove a link with all that it imported: a person's decision, and the only way its nights go."""
    row = query.locked(session, link_id)
    connection = query.connection(session, row.connection_id)
    held = frozenset(
        block.unit_id
        for blocks in external.blocks_of(session, link_id).values()
        for block in blocks
        if block.unit_id is not None
    )
    locks.units(session, held | inventory.leaves(query.scope(session, row)))
    changes.record(
        session, "link", row.id, "removed", before=_said(row, connection), property_id=row.property_id
    )
    outbox.inventory_changed(session, held, "link.removed", row.id)
    external.close_conflicts_of_link(session, link_id, clock.now())
    session.delete(row)
    session.flush()


def pause(session: Session, link_id: UUID) -> Link:
    """No more pulls, and a running one is void; what is held stays held."""
    row = _state(session, link_id, "paused", "paused by hand; what it holds stays held")
    query.revoke(session, link_id)
    runs.cancel_waiting(session, link_id, clock.now(), "the link was paused")
    return row


def resume(session: Session, link_id: UUID) -> Link:
    row = _state(session, link_id, *_pulled(query.locked(session, link_id)))
    query.revoke(session, link_id)
    row.next_pull_at = clock.now()
    row.failures, row.refused, row.refusals = 0, "", 0
    session.flush()
    return row


def rotate_feed(session: Session, link_id: UUID) -> Link:
    """A new secret address for our feed; the old one answers nothing from now on."""
    row = query.locked(session, link_id)
    if row.direction == "import":
        raise Conflict.because("no_feed", "this link only imports: it has no feed of ours")
    feeds.issue_token(session, row)
    _record(session, row, "feed_rotated")
    return row


def _pulled(row: Link) -> tuple[str, str | None]:
    """The state of a link that is pulled again, and why: its guard has not gone meanwhile."""
    if row.guard is not None and row.guard["tripped"]:
        return "guarded", row.guard["why"]
    return "active", None


def _state(session: Session, link_id: UUID, state: str, reason: str | None) -> Link:
    row = query.locked(session, link_id)
    before, row.state, row.state_reason = row.state, state, reason
    session.flush()
    action = "paused" if state == "paused" else "resumed"
    _record(session, row, action, before={"state": before}, after={"state": state})
    return row


def _record(
    session: Session,
    row: Link,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    changes.record(session, "link", row.id, action, before=before, after=after, property_id=row.property_id)


def _connection(session: Session, connection_id: UUID) -> Connection:
    try:
        return query.connection(session, connection_id)
    except NotFound:
        raise Refused.because("unknown", "there is no such connection", "connection_id") from None


def _settings(session: Session, connection: Connection, direction: str, settings: Mapping[str, Any]) -> str:
    """Refused unless they are right; the host that is to be asked, empty where none is."""
    source, host = remote.known(connection.connector), ""
    remote.check_known(source, settings)
    if direction != "export":
        if not isinstance(source, PullsEvents):
            raise Refused.because("cannot_import", f"{source.title} has no calendar to read", "direction")
        stored = vault_of(session).open(connection.settings_sealed)
        host = hosts.named_in(remote.valid(source, {**stored, **settings}))
    if direction != "import" and not isinstance(source, RendersFeed):
        raise Refused.because("cannot_export", f"{source.title} reads no feed of ours", "direction")
    return host


def _interval(seconds: int) -> int:
    if not 60 <= seconds <= 604_800:
        raise Refused.because("invalid_interval", "from 60 seconds to a week", "interval_seconds")
    return seconds


def placed(session: Session, scope: Scope) -> UUID:
    """
    The property of a scope; Refused where it names none, several or unknown things. What it names cannot
    be archived until the transaction ends.
    """
    if sum(part is not None for part in (scope.unit_id, scope.unit_type_id, scope.category)) > 1:
        raise Refused.because("one_scope", "name one of unit_id, unit_type_id and category", "unit_id")
    organization_id = organization_of(session)
    found = scope.property_id
    if scope.unit_id is not None:
        unit = session.get(Unit, (organization_id, scope.unit_id), with_for_update=SHARED)
        found = _belongs(found, unit, "unit_id")
    if scope.unit_type_id is not None:
        unit_type = session.get(UnitType, (organization_id, scope.unit_type_id), with_for_update=SHARED)
        found = _belongs(found, unit_type, "unit_type_id")
    if scope.category is not None and scope.category not in CATEGORIES:
        raise Refused.because("invalid_category", f"one of {', '.join(CATEGORIES)}", "category")
    if found is None:
        raise Refused.because("required", "name a property, a unit type or a unit", "property_id")
    session.get(Property, (organization_id, found), with_for_update=SHARED)
    asking.named_property(session, found)
    return found


def _belongs(property_id: UUID | None, row: Unit | UnitType | None, field: str) -> UUID:
    if row is None or row.archived_at is not None:
        raise Refused.because("unknown", f"there is no such {field.removesuffix('_id')}", field)
    if property_id not in (None, row.property_id):
        raise Refused.because("elsewhere", "it belongs to another property", field)
    return row.property_id


def _said(row: Link, connection: Connection) -> dict[str, Any]:
    """For the change log: never the address, which is a secret."""
    return {
        "channel": connection.name,
        "direction": row.direction,
        "unit_id": str(row.unit_id) if row.unit_id else None,
        "unit_type_id": str(row.unit_type_id) if row.unit_type_id else None,
        "category": row.category,
        "interval_seconds": row.interval_seconds,
    }
