"""Who an account is of: sealed under the person's own key, which the hub's vault seals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.database import hub_vault_of
from hub.models.keys import AccountKey
from hub.models.organizations import Account
from hub.vault import new_key, of_person, open_for, seal_for


def new(session: Session, account_id: UUID, person: dict[str, Any]) -> tuple[bytes, AccountKey]:
    """What a new account holds, and the key to it, which is to be added when the account is there."""
    key = new_key()
    return seal_for(key, person), AccountKey(account_id=account_id, sealed=hub_vault_of(session).seal(key))


def read(session: Session, account: Account) -> dict[str, Any] | None:
    """None where the person was forgotten."""
    person: dict[str, Any]
    if not account.sealed:
        return None
    if not of_person(account.sealed):  # written before persons had keys
        person = hub_vault_of(session).open(account.sealed)
    elif account.key is None:
        return None
    else:
        person = open_for(hub_vault_of(session).open(account.key.sealed), account.sealed)
    return person


def write(session: Session, account: Account, person: dict[str, Any]) -> None:
    """Into an account that is kept; who had no key of their own gets one."""
    key = account.key
    if key is None:
        account.sealed, key = new(session, account.id, person)
        session.add(key)
        set_committed_value(account, "key", key)
    else:
        account.sealed = seal_for(hub_vault_of(session).open(key.sealed), person)
    session.flush()
