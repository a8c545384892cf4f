"""
An organization's data keys: made, changed for new ones under traffic, and taken away.

`begin` makes new keys, `carry_out` seals everything anew, batch by batch, each a transaction of its own: it
may be killed and begun again. Other processes hear of the new key within a minute, and what they seal until
then can be read: an old key stays, retired, until `take_away` finds that nothing needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor, Database, hub_vault_of, organization_of, vault_of
from hub.ids import FIRST_ID
from hub.keyring import OrganizationVault, prefix
from hub.queries import guests as guests_query
from hub.queries import keys as query
from hub.queries.keys import SEALED, Column
from hub.services import changes, guests, persons
from hub.vault import new_key

BATCH = 500
LINGER = timedelta(hours=1)
"""How long a retired key stays at least: much longer than any process seals with what it remembers"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A rotation of one organization's keys that is to be carried out."""

    organization_id: UUID
    waiting: int
    """Values to be sealed anew, when it began"""


def make_first(session: Session) -> None:
    """With the organization itself, so that nobody waits for another's first key later."""
    _newest(session)


def begin(database: Database, actor: Actor) -> list[Begun]:
    """A new key for every organization, or the one that an unfinished rotation has made."""
    with database.unit_of_work(None) as session:
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    begun = []
    for organization_id in organizations:
        database.transact(organization_id, _begin, actor)
        database.keyring.forget(organization_id)
        begun.append(Begun(organization_id, database.transact(organization_id, _waiting, actor)))
    return begun


def carry_out(database: Database, begun: Begun, actor: Actor, batch: int = BATCH) -> Iterator[int]:
    """How many values were sealed anew, batch by batch; at the end the older keys are retired."""
    organization_id = begun.organization_id
    for wait in (False, True):  # first past what others hold, then waiting for what is left
        for column in SEALED:
            yield from _column(database, organization_id, actor, column, 1 if wait else batch, wait=wait)
        yield from _persons(database, organization_id, actor, batch)
    database.transact(organization_id, _retire, actor)


def take_away(database: Database, organization_id: UUID, actor: Actor, linger: timedelta = LINGER) -> int:
    """Remove keys that were retired long ago, after a last look for what they seal; how many."""
    before = clock.now() - max(linger, LINGER)
    numbers = database.transact(organization_id, lambda session: query.retired(session, before), actor)
    if not numbers:
        return 0
    database.keyring.forget(organization_id)
    for column in SEALED:
        for _ in _column(database, organization_id, actor, column, 1, wait=True):
            pass
    database.transact(organization_id, lambda session: query.remove(session, numbers), actor)
    return len(numbers)


def _begin(session: Session) -> None:
    vault = hub_vault_of(session)
    rows = query.locked(session)
    for row in rows:
        if not vault.by_first(row.sealed):
            row.sealed = vault.seal(vault.open(row.sealed))
    newest = max((row.number for row in rows), default=0)
    if not any(row.retired_at is None for row in rows if row.number < newest):
        organization_id = organization_of(session)
        query.add(session, organization_id, newest + 1, vault.seal(new_key()), clock.now())
        changes.record(session, "data_key", organization_id, "rotated", after={"number": newest + 1})


def _waiting(session: Session) -> int:
    begins = prefix(_newest(session))
    values = sum(query.count_old(session, column, begins) for column in SEALED)
    return values + guests_query.count_without_key(session) + len(query.accounts_without_key(session))


def _retire(session: Session) -> None:
    query.retire(session, _newest(session), clock.now())


def _column(
    database: Database, organization_id: UUID, actor: Actor, column: Column, batch: int, *, wait: bool
) -> Iterator[int]:
    after, most = FIRST_ID, min(batch, column.most or batch)

    def some(session: Session) -> tuple[UUID, int]:
        vault = vault_of(session)
        rows = query.old(session, column, prefix(_newest(session)), after, most, wait=wait)
        anew = {row.id: vault.seal_bytes(vault.open_bytes(row.sealed)) for row in rows}
        if anew:
            query.replace(session, column, organization_id, anew)
        return (rows[-1].id if rows else after), len(rows)

    while True:
        after, done = database.transact(organization_id, some, actor)
        if not done:
            return
        yield done


def _persons(database: Database, organization_id: UUID, actor: Actor, batch: int) -> Iterator[int]:
    """Keys of their own for who was written before there were any; accounts' keys under the hub's first."""

    def some(session: Session) -> int:
        rows = guests_query.without_key(session, batch)
        for guest in rows:
            guests.give_key(session, guest)
        return len(rows)

    def people(session: Session) -> int:
        vault = hub_vault_of(session)
        for key in query.account_keys(session):
            if not vault.by_first(key.sealed):
                key.sealed = vault.seal(vault.open(key.sealed))
        rows = query.accounts_without_key(session)
        for account in rows:
            person = persons.read(session, account)
            if person:
                persons.write(session, account, person)
        return len(rows)

    while done := database.transact(organization_id, some, actor):
        yield done
    yield database.transact(organization_id, people, actor)


def _newest(session: Session) -> int:
    vault = vault_of(session)
    assert isinstance(vault, OrganizationVault), "a unit of work of an organization has its vault"
    return vault.newest
