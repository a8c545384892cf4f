"""
What is kept for an e-mail address, with an account or without: mails, invitations, registrations.

All of it is sealed, and has no index by which an account finds it, so each is opened. An address is given by
the index of its account: a restored backup holds that one when nothing opens the address itself any more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import Actor, Database, hub_vault_of, vault_of
from hub.errors import Misconfigured
from hub.queries import privacy as query
from hub.services import accounts


def forget_everywhere(database: Database, email_indexes: Collection[bytes], actor: Actor) -> None:
    """In all organizations, each in a transaction of its own."""
    if not email_indexes:
        return
    with database.unit_of_work(None) as session:
        organizations = query.all_organizations(session)
    for organization_id in organizations:
        database.transact(organization_id, lambda session: forget(session, email_indexes), actor)


def forget(session: Session, email_indexes: Collection[bytes]) -> None:
    """In this organization; also kept answers that are about the address, as those to who invited it."""
    for kind in query.ADDRESSED:
        ids = list(_of(session, query.addressed(session, kind), email_indexes))
        query.remove_addressed(session, kind, ids)


def _of(
    session: Session, rows: Collection[tuple[UUID, bytes]], email_indexes: Collection[bytes]
) -> Iterator[UUID]:
    """What no key opens says nothing to anybody, and is passed over."""
    vault, hub = vault_of(session), hub_vault_of(session)
    for row_id, sealed in rows:
        try:
            address = _address(vault.open(sealed))
        except Misconfigured:
            continue
        if address and accounts.email_index(hub, address) in email_indexes:
            yield row_id


def _address(said: Any) -> str | None:
    """Of a letter, of who is to come in, or of an answer, which is JSON once more."""
    if isinstance(said, str):
        said = json.loads(said) if said else None
    if not isinstance(said, dict):
        return None
    found = said.get("to") or said.get("email")
    return found if isinstance(found, str) else None
