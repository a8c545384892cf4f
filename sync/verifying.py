"""A channel's word before anything is saved: is this a calendar, and whose fault is it if it is none?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from connectors.contract import ChecksWritable, Connector
from connectors.errors import ConnectorError, NeedsReconnect, Rejected
from connectors.transport import Network
from hub.database import vault_of
from hub.errors import Refused
from hub.models.links import Link
from hub.queries import links as query
from sync import operators, remote

T = TypeVar("T")

WRONG_ADDRESS = frozenset(
    {
        "not_a_calendar",
        "cancellation",
        "too_many_events",
        "too_large",
        "too_many_redirects",
        "unknown_host",
    }
)
"""What a channel that is well never says to a right address; all else may pass, and is worth trying again"""

READ_ONLY = "read_only"
"""Nothing is wrong with the address, only with the direction"""


@dataclass(frozen=True, slots=True)
class Check:
    """What a channel is to vouch for."""

    source: Connector
    settings: BaseModel
    writes: bool
    """Whether events of ours are to be written there"""


class _Unasked(Exception):
    """Rolls back a change that depends on what a channel says, until it has been asked."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.source.slug)
        self.check = check


Verify = Callable[[Session, Link], None]
"""Called within the change, for each link whose settings it writes"""


def after_asking(
    network: Network,
    change: Callable[[Verify], T],
    place: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> T:
    """
    Make a change of links only when their channels vouch for what it writes.

    No transaction is open while a channel is asked: the change runs up to the first link that needs an
    answer, is rolled back, and runs again when it has one. Refused names the setting that is wrong;
    ConnectorError where the channel cannot answer now. `place` is held while a channel is asked.
    """
    vouched: list[Check] = []

    def verify(session: Session, link: Link) -> None:
        check = _of_link(session, link)
        if check is not None:
            with blaming(check.source):
                operators.check(session, network, check.source, check.settings)
        if check is not None and check not in vouched:
            raise _Unasked(check)

    while True:
        try:
            return change(verify)
        except _Unasked as unasked:
            check = unasked.check
        with place(), blaming(check.source):
            _ask(check, network)
        vouched.append(check)


@contextmanager
def blaming(source: Connector) -> Iterator[None]:
    """Make what is the caller's to correct a Refused that names the setting; an outage stays what it is."""
    try:
        yield
    except ConnectorError as error:
        if isinstance(error, Rejected | NeedsReconnect) or error.code in WRONG_ADDRESS:
            raise Refused.because(error.code, error.message, _field(source)) from error
        raise


def _ask(check: Check, network: Network) -> None:
    check.source.check(check.settings, network)
    if not check.writes or not isinstance(check.source, ChecksWritable):
        return
    try:
        check.source.check_writable(check.settings, network)
    except Rejected as error:
        if error.code != READ_ONLY:
            raise
        why = f"{error.message}; as an import it can be linked"
        raise Refused.because(error.code, why, "direction") from error


def _of_link(session: Session, link: Link) -> Check | None:
    """None for a link that only has a feed of ours."""
    if link.direction == "export" and link.calendar_key is None:
        return None
    connection = query.connection(session, link.connection_id)
    vault = vault_of(session)
    source = remote.known(connection.connector)
    stored = {**vault.open(connection.settings_sealed), **vault.open(link.settings_sealed)}
    writes = link.direction != "import" and link.calendar_key is not None
    return Check(source, remote.valid(source, stored), writes)


def _field(source: Connector) -> str:
    """What is secret is what opens the channel: its one secret setting, if there is just one."""
    secrets = list(source.secret_fields)
    return f"settings.{secrets[0]}" if len(secrets) == 1 else "settings"
