"""The calendars of a connection's account: to choose from, and to be made there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import Calendar
from connectors.contract import Connector, ListsChanges
from connectors.owners import KeepsCalendars
from connectors.transport import Network
from hub.database import vault_of
from hub.errors import Conflict, Refused
from hub.queries import links as links_query
from hub.queries import properties
from hub.services import changes
from sync import operators, remote, two_way
from sync.verifying import blaming

T = TypeVar("T")
Transact = Callable[[Callable[[Session], Any]], Any]
"""One transaction of whoever asks"""
Made = Callable[[Session], Calendar]
Place = Callable[[], AbstractContextManager[None]]

CHOSEN = ("calendar_id", "calendar")
"""A link's setting that says which of the account's calendars it is: the first that its connector has"""


@dataclass(frozen=True, slots=True)
class Listed:
    calendar: Calendar
    link_id: UUID | None
    """Which link of the organization has it already"""
    settings: Mapping[str, str]
    """What a link of it says in its settings"""


@dataclass(frozen=True, slots=True)
class _Account:
    source: Connector
    settings: dict[str, Any]


class _Unmade(Exception):
    """Rolls back what is to be written of a calendar until it is there."""

    def __init__(self, account: _Account, time_zone: str) -> None:
        super().__init__(account.source.slug)
        self.account, self.time_zone = account, time_zone


def listed(
    network: Network, transact: Transact, connection_id: UUID, place: Place = nullcontext
) -> list[Listed]:
    """What there is to choose from; nothing at a channel whose calendars are known by their addresses."""
    account: _Account = transact(lambda session: _account(session, connection_id, network))
    if not isinstance(account.source, KeepsCalendars):
        return []
    with place(), blaming(account.source):
        calendars = account.source.calendars(account.settings, network)
    chosen = chosen_by(account.source)
    names = {one.id: _name(account, chosen, one) for one in calendars}
    known = [name for name in names.values() if name is not None]
    linked: dict[str, UUID] = transact(lambda session: two_way.linked(session, known))
    return [Listed(one, linked.get(names[one.id] or ""), {chosen: one.id}) for one in calendars]


def make(
    network: Network,
    change: Callable[[Made], T],
    connection_id: UUID,
    name: str,
    time_zone: str | None,
    place: Place = nullcontext,
    alone: Place = nullcontext,
) -> T:
    """
    Make a calendar in the account, then write of it: `change` runs in one transaction until it wants to have
    it, is rolled back, and runs again when it is there. No transaction is open meanwhile. `alone` lets in one
    at a time of those that want the same; what it has made until then is looked for within.

    Conflict at a channel that makes none. Unavailable: nobody knows whether it was made.
    """
    made: list[Calendar] = []

    def there(session: Session) -> Calendar:
        if not made:
            raise _Unmade(_account(session, connection_id, network), time_zone or _zone(session))
        changes.record(session, "connection", connection_id, "calendar_made", after={"name": made[0].name})
        return made[0]

    try:
        return change(there)
    except _Unmade as wanted:
        _keeper(wanted.account)
    with place(), alone():
        try:
            return change(there)
        except _Unmade as wanted:
            source, account, zone = _keeper(wanted.account), wanted.account, wanted.time_zone
        with blaming(account.source):
            made.append(source.make_calendar(account.settings, name, zone, network))
        return change(there)


def unlinked(session: Session, connection_id: UUID, calendar: Calendar) -> Listed:
    """One that was made just now, as `listed` tells it."""
    row = links_query.connection(session, connection_id)
    return Listed(calendar, None, {chosen_by(remote.known(row.connector)): calendar.id})


def chosen_by(source: Connector) -> str:
    """The setting by which a link says which calendar it is."""
    return next((name for name in CHOSEN if name in source.settings_model.model_fields), CHOSEN[-1])


def _name(account: _Account, chosen: str, calendar: Calendar) -> str | None:
    """By which links know it; None where the connection says too little to tell."""
    source = account.source
    if not isinstance(source, ListsChanges):
        return None
    try:
        valid = remote.valid(account.source, {**account.settings, chosen: calendar.id})
    except Refused:
        return None
    return source.calendar_key(valid)


def _account(session: Session, connection_id: UUID, network: Network) -> _Account:
    """Refused where it is not for this organization."""
    row = links_query.connection(session, connection_id)
    source, settings = remote.known(row.connector), vault_of(session).open(row.settings_sealed)
    with blaming(source):
        operators.check(session, network, source, settings)
    return _Account(source, settings)


def _keeper(account: _Account) -> KeepsCalendars:
    source = account.source
    if not isinstance(source, KeepsCalendars):
        raise Conflict.because("makes_none", f"{source.title} makes no calendars: link one by its address")
    return source


def _zone(session: Session) -> str:
    """Of the organization's first property, which most have only one of."""
    found = properties.page(session, 1, None)
    return found[0].time_zone if found else "UTC"
