"""The one remote call of a feed: a conditional GET that takes nothing but a complete answer for an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.errors import Unavailable
from connectors.transport import Network, failure

LONGEST_VALIDATOR = 1_000
"""Characters of an ETag or Last-Modified: what is longer is not worth a conditional request"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body and what the next conditional request needs; empty strings where the remote gave none."""

    body: bytes = field(repr=False)
    host: str
    etag: str
    last_modified: str
    sha256: str


def fetch(network: Network, url: str, known: Mapping[str, str]) -> Fetched | None:
    """The feed's bytes, or None when it has not changed (304); raises a ConnectorError.

    `known` holds `etag` and `last_modified` of an earlier answer, or nothing for an unconditional request.
    """
    conditions = {
        "if-none-match": _validator(known, "etag"),
        "if-modified-since": _validator(known, "last_modified"),
    }
    headers = {name: value for name, value in conditions.items() if value}
    reply = network.get(url, {"accept": "text/calendar, text/plain;q=0.5, */*;q=0.1", **headers})

    if error := failure(reply):
        raise error
    if reply.status == 304 and headers:
        return None
    if reply.status != 200:
        raise Unavailable(
            f"{reply.host} answered something that is not a calendar ({reply.status})", code="not_a_calendar"
        )
    return Fetched(
        body=reply.body,
        host=reply.host,
        etag=_validator(reply.headers, "etag"),
        last_modified=_validator(reply.headers, "last-modified"),
        sha256=hashlib.sha256(reply.body).hexdigest(),
    )


def _validator(said: Mapping[str, str], name: str) -> str:
    """Empty unless it can be sent back: a header that we send is printable ASCII."""
    value = said.get(name, "")
    return value if len(value) <= LONGEST_VALIDATOR and value.isascii() and value.isprintable() else ""
