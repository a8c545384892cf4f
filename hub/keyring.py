"""
An organization's vault: its data keys, each sealed by the hub's, of which the newest seals.

Keys are remembered in each process. What is remembered was committed: a key made in a transaction that may
still roll back is used by that one alone. A key of an unknown number is looked for in the database; which is
the newest is asked again every minute, so within that time of a rotation everybody seals with the new one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Misconfigured
from hub.queries import keys as query
from hub.vault import OF_ORGANIZATION, Vault, new_key

RECHECK = 60.0
"""Seconds for which the newest key that we know is taken for the newest one"""
MOST_REMEMBERED = 10_000
"""Organizations"""
MOST_NUMBERS = 0xFFFF


@dataclass(frozen=True, slots=True)
class DataKeys:
    """Those of one organization, as they were read."""

    fernets: Mapping[int, Fernet]
    read_at: float

    @property
    def newest(self) -> int | None:
        return max(self.fernets, default=None)


NONE = DataKeys({}, float("-inf"))


class Keyring:
    """What this process remembers of the organizations' data keys; safe among threads."""

    def __init__(self, hub: Vault) -> None:
        self.hub = hub
        self._known: dict[UUID, DataKeys] = {}

    def known(self, organization_id: UUID) -> DataKeys:
        return self._known.get(organization_id, NONE)

    def remember(self, organization_id: UUID, keys: DataKeys) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known = {}
        self._known[organization_id] = keys

    def forget(self, organization_id: UUID) -> None:
        """Ask at the next use: this process has just made a key, or taken one away."""
        self._known.pop(organization_id, None)


class OrganizationVault(Vault):
    """The vault of one unit of work of an organization."""

    def __init__(self, keyring: Keyring, session: Session, organization_id: UUID) -> None:
        self._keyring = keyring
        self._session = session
        self._organization_id = organization_id
        self._own: DataKeys | None = None
        """With a key that is not committed yet"""
        self.token_key = keyring.hub.token_key

    def seal_bytes(self, content: bytes) -> bytes:
        number, fernet = self._sealing()
        return prefix(number) + fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        sealed = bytes(sealed)
        if sealed[:1] != OF_ORGANIZATION:
            return self._keyring.hub.open_bytes(sealed)
        number = int.from_bytes(sealed[1:3], "big")
        try:
            return self._opening(number).decrypt(sealed[3:])
        except InvalidToken:
            raise Misconfigured(f"data key {number} does not open what it is said to have sealed") from None

    def by_first(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        return bytes(sealed[:3]) == prefix(self._sealing()[0])

    def blind_index(self, kind: str, value: str, organization_id: UUID | None = None) -> bytes:
        return self._keyring.hub.blind_index(kind, value, organization_id)

    @property
    def newest(self) -> int:
        """The number of the key that seals; made if there is none."""
        return self._sealing()[0]

    def _sealing(self) -> tuple[int, Fernet]:
        keys = self._own or self._keyring.known(self._organization_id)
        if time.monotonic() - keys.read_at > RECHECK:
            keys = self._load()
        if keys.newest is None:
            keys = self._make_first()
        number = keys.newest
        assert number is not None
        return number, keys.fernets[number]

    def _opening(self, number: int) -> Fernet:
        keys = self._own or self._keyring.known(self._organization_id)
        if number not in keys.fernets:
            keys = self._load()
        try:
            return keys.fernets[number]
        except KeyError:
            raise Misconfigured(f"a value needs data key {number}, which is gone") from None

    def _load(self) -> DataKeys:
        keys = self._read_all()
        if self._own is not None:
            self._own = keys
        else:
            self._keyring.remember(self._organization_id, keys)
        return keys

    def _make_first(self) -> DataKeys:
        sealed = self._keyring.hub.seal(new_key())
        if query.add(self._session, self._organization_id, 1, sealed, clock.now()):
            self._own = self._read_all()
            return self._own
        return self._load()

    def _read_all(self) -> DataKeys:
        hub, at = self._keyring.hub, time.monotonic()
        known = self._keyring.known(self._organization_id).fernets
        rows = query.every(self._session)
        return DataKeys({number: known.get(number) or Fernet(hub.open(key)) for number, key in rows}, at)


def prefix(number: int) -> bytes:
    """How what is sealed by the key of this number begins."""
    if not 0 < number <= MOST_NUMBERS:
        raise Misconfigured(f"an organization has {MOST_NUMBERS} data keys at most")
    return OF_ORGANIZATION + number.to_bytes(2, "big")
