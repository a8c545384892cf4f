"""
Who may try a password now.

A try is counted before it is made and forgotten when it succeeds: of many at one moment no more are heard
than the tables of `hub.domain.lockout` allow. Names of accounts and addresses of callers are kept as keyed
hashes, and an account that there is not is counted like one that there is. The key of an account in one place
begins with the account's own, so that all of them are found, and forgotten, by that.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass

from hub import clock
from hub.database import Database
from hub.domain import lockout
from hub.domain.lockout import PER_ACCOUNT, PER_ADDRESS, PER_PLACE, Tries
from hub.errors import TooManyTries
from hub.queries import attempts
from hub.vault import Vault

IPV6_NETWORK = 64
"""Bits: less is one household's or one machine's to choose from"""


@dataclass(frozen=True, slots=True)
class Try:
    """Whose password it is for, and from where; hashed."""

    account: bytes
    address: bytes | None

    @property
    def place(self) -> bytes:
        """The account, as it is tried from there; callers without an address are in one place."""
        return self.account + (self.address or b"nowhere")

    @classmethod
    def of(cls, vault: Vault, email: str, address: str | None) -> Try:
        return cls(
            vault.blind_index("tries of account", email),
            vault.blind_index("tries from address", network(address)) if address else None,
        )


def begin(database: Database, one: Try) -> None:
    """Count the try; TooManyTries where it must not be made yet."""
    now = clock.now()
    with database.unit_of_work(None) as session:
        wait = lockout.waits(attempts.of(session, one.address), now) if one.address else None
        if wait is None:
            everywhere = attempts.locked(session, one.account, now)  # always first, or two could deadlock
            here = attempts.locked(session, one.place, now)
            wait = lockout.waits_here(here, everywhere, now)
            if wait is None:
                attempts.note(session, one.place, lockout.after_failure(PER_PLACE, here, now))
                attempts.note(session, one.account, lockout.after_failure(PER_ACCOUNT, everywhere, now))
            else:
                attempts.note(session, one.place, lockout.refused(here, wait, now))
    if wait is not None:
        raise TooManyTries.because(
            "too_many_tries",
            "too many tries have failed; wait, then try again",
            seconds=math.ceil(wait.total_seconds()),
        )


def failed(database: Database, one: Try) -> None:
    """Count it against where it came from; against the account it counts already."""
    now = clock.now()
    with database.unit_of_work(None) as session:
        attempts.sweep(session, now - lockout.WORTHLESS_AFTER)
        if one.address:
            tries = attempts.locked(session, one.address, now)
            attempts.note(session, one.address, lockout.after_failure(PER_ADDRESS, tries, now))


def succeeded(database: Database, one: Try) -> None:
    """
    Forget the account's failures here, and how many there were everywhere.

    Neither those in other places, where a stranger may be, nor the address's: whoever has one account could
    try all others.
    """
    now = clock.now()
    with database.unit_of_work(None) as session:
        for key in (one.account, one.place):
            attempts.locked(session, key, now)
            attempts.note(session, key, Tries(0, now, None))


def unlock(database: Database, email: str) -> None:
    """Forget all failures of the account, wherever they came from."""
    with database.unit_of_work(None) as session:
        attempts.forget(session, Try.of(database.vault, email, None).account)


def network(address: str) -> str:
    """What is counted as one place: an IPv4 address, or the network in which an IPv6 address is chosen."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
    return str(found)
