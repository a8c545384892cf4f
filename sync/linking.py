"""Links: one remote calendar each, for one scope; made, changed, paused, and removed with what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of, vault_of
from hub.errors import Conflict, NotFound, Refused
from hub.ids import new_id
from hub.models.links import DIRECTIONS, Connection, Link
from hub.models.properties import CATEGORIES, Property, Unit, UnitType
from hub.queries import external, inventory, locks, runs, watches
from hub.queries import links as query
from hub.services import asking, changes, outbox
from sync import conflicts, disguise, feeds, remote, two_way
from sync.two_way import Terms

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
BY_EVENT_SECONDS = 300
"""Between polls of a calendar that tells its changes: these are cheap, and the backstop of its watch"""
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
    """
    Connect one remote calendar; what has a calendar to read is due at once, and a feed is there at once.

    Conflict where another link has the calendar already.
    """
    connection = _connection(session, connection_id)
    if direction not in DIRECTIONS:
        raise Refused.because("invalid_direction", f"a link is one of {', '.join(DIRECTIONS)}", "direction")
    terms = _terms(session, connection, direction, settings, scope.unit_id)
    two_way.check_free(session, terms.calendar_key)
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
        host=terms.host,
        calendar_key=terms.calendar_key,
        returns_ours=terms.calendar_key is None,
        next_pull_at=clock.now(),
        uid_domain=uid_domain,
    )
    if interval_seconds is not None:
        row.interval_seconds = _interval(interval_seconds)
    elif terms.calendar_key is not None:
        row.interval_seconds = BY_EVENT_SECONDS
    two_way.add(session, row)
    if terms.has_feed:
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
    """
    Another address or interval. A new address is asked at once; what is held stays until it answers.

    A calendar that is synced event by event is compared with everything again, and stays the same one:
    Refused where something is known of another.
    """
    row = query.locked(session, link_id)
    connection = query.connection(session, row.connection_id)
    if settings is not None:
        settings = disguise.restored(
            remote.known(connection.connector), settings, vault_of(session).open(row.settings_sealed)
        )
        terms = _terms(session, connection, row.direction, settings, row.unit_id)
        other = terms.calendar_key != row.calendar_key
        settle(session, row, terms)
        row.settings_sealed = vault_of(session).seal(dict(settings))
        if other or row.calendar_key is None:
            afresh(session, row)
        else:
            reconsider(session, row)
    if interval_seconds is not None:
        row.interval_seconds = _interval(interval_seconds)
    session.flush()
    changes.record(
        session, "link", row.id, "changed", after=_said(row, connection), property_id=row.property_id
    )
    return row


def afresh(session: Session, row: Link) -> None:
    """The locked link's settings have changed: what a running pull brings is of the old ones, and void."""
    row.cursor = row.rests_until = None
    if row.calendar_key is None:
        external.count_readings_anew(session, row.id, clock.now())
        external.forget_words_of_left_out(session, row.id)
    reconsider(session, row)


def reconsider(session: Session, row: Link) -> None:
    """Only how the locked link says things has changed: what is known of its calendar still holds."""
    query.revoke(session, row.id)
    row.next_pull_at, row.scan_at = clock.now(), None
    row.failures, row.refused, row.refusals = 0, "", 0
    row.watch_at, row.watch_failures = AT_ONCE, 0
    if row.state in ("needs_auth", "lost"):
        row.state, row.state_reason = _pulled(row)


def settle(session: Session, row: Link, terms: Terms) -> None:
    """What follows from the locked link's new settings; Refused or Conflict where they cannot be its own."""
    two_way.check_same(session, row, terms)
    two_way.check_free(session, terms.calendar_key, row.id)
    if row.calendar_key != terms.calendar_key:
        watches.outdate(session, row.id)
    row.host, row.calendar_key = terms.host, terms.calendar_key
    row.returns_ours = row.returns_ours and terms.calendar_key is None


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
    conflicts.link_removed(session, link_id)
    session.delete(row)
    session.flush()


def pause(session: Session, link_id: UUID) -> Link:
    """No more pulls, and a running one is void; what is held stays held."""
    row = _state(session, link_id, "paused", "by hand")
    query.revoke(session, link_id)
    row.watch_at = AT_ONCE
    runs.cancel_waiting(session, link_id, clock.now(), "the link was paused")
    return row


def resume(session: Session, link_id: UUID) -> Link:
    row = _state(session, link_id, *_pulled(query.locked(session, link_id)))
    query.revoke(session, link_id)
    row.next_pull_at = clock.now()
    row.failures, row.refused, row.refusals = 0, "", 0
    row.watch_at, row.watch_failures = AT_ONCE, 0
    session.flush()
    return row


def rotate_feed(session: Session, link_id: UUID) -> Link:
    """A new secret address for our feed; the old one answers nothing from now on."""
    row = query.locked(session, link_id)
    if row.feed_token_hash is None:
        raise Conflict.because("no_feed", "nobody reads a feed of ours by this link: it has none")
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


def _terms(
    session: Session,
    connection: Connection,
    direction: str,
    settings: Mapping[str, Any],
    unit_id: UUID | None,
) -> Terms:
    source, shared = remote.known(connection.connector), vault_of(session).open(connection.settings_sealed)
    return two_way.terms(session, source, direction, settings, shared, unit_id)


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
