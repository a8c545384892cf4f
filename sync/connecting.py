"""Connections: accounts at channels, their settings checked in the connector's own form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import Connector
from hub.database import organization_of, vault_of
from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.models.links import Connection
from hub.queries import links as query
from hub.services import changes
from sync import disguise, linking, remote, two_way
from sync.verifying import Verify


def connect(session: Session, connector: str, name: str, settings: Mapping[str, Any]) -> Connection:
    """A new connection. Its links complete its settings, so a missing one is no fault yet."""
    _sound(remote.known(connector), settings)
    row = Connection(
        organization_id=organization_of(session),
        id=new_id(),
        connector=connector,
        name=_named(name),
        settings_sealed=vault_of(session).seal(dict(settings)),
    )
    session.add(row)
    session.flush()
    changes.record(session, "connection", row.id, "added", after={"connector": connector, "name": row.name})
    return row


def amend(
    session: Session,
    connection_id: UUID,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    verify: Verify = lambda _session, _link: None,
) -> Connection:
    """Another name, or other settings: these replace all, and its links are asked at once with them."""
    row = query.connection(session, connection_id, lock=True)
    before = {"name": row.name}
    if name is not None:
        row.name = _named(name)
    if settings is not None:
        source = remote.known(row.connector)
        former = vault_of(session).open(row.settings_sealed)
        settings = disguise.restored(source, settings, former)
        _sound(source, settings)
        row.settings_sealed = vault_of(session).seal(dict(settings))
        for link in query.polled(session, connection_id):
            own = vault_of(session).open(link.settings_sealed)
            disguise.check_moved(source, own, former, settings)
            terms = two_way.terms(session, source, link.direction, own, settings, link.unit_id)
            linking.settle(session, link, terms)
            linking.afresh(session, link)
            verify(session, link)
    session.flush()
    after = {"name": row.name, "settings": "replaced"} if settings is not None else {"name": row.name}
    changes.record(session, "connection", row.id, "changed", before=before, after=after)
    return row


def disconnect(session: Session, connection_id: UUID) -> None:
    """Only without links: each of them holds nights, and is removed by its own decision."""
    row = query.connection(session, connection_id, lock=True)
    if query.page(session, connection_id=connection_id, limit=1):
        raise Conflict.because("has_links", f"{row.name} still has links; remove them first")
    changes.record(session, "connection", row.id, "removed", before={"name": row.name})
    session.delete(row)
    session.flush()


def _sound(source: Connector, settings: Mapping[str, Any]) -> None:
    """What is said must be right, though not everything must be said."""
    remote.check_known(source, settings)
    try:
        remote.valid(source, settings)
    except Refused as refusal:
        if wrong := [reason for reason in refusal.reasons if reason.field in _fields(settings)]:
            raise Refused(*wrong) from None


def _fields(settings: Mapping[str, Any]) -> set[str]:
    return {f"settings.{name}" for name in settings}


def _named(name: str) -> str:
    if not name.strip():
        raise Refused.because("required", "a connection needs a name, such as the channel's", "name")
    return name.strip()
