"""ETag and If-Match: an edit that names the version it saw loses to one that came between."""

from __future__ import annotations

from typing import Annotated, Protocol

from fastapi import Header

from hub.errors import HubError

IfMatch = Annotated[
    str | None,
    Header(
        description="The ETag of the version that you saw. If somebody has changed it since: 412.",
        examples=['"3"'],
        max_length=200,
    ),
]


class PreconditionFailed(HubError):
    """It is no longer what the caller saw."""


class Versioned(Protocol):
    """A row that people edit."""

    @property
    def version(self) -> int: ...


def etag(row: Versioned) -> str:
    return f'"{row.version}"'


def check(if_match: str | None, row: Versioned) -> None:
    """
    PreconditionFailed unless the caller saw this version of the row, or named none.

    Lock the row before (or let its version column notice), or two who saw the same version both win.
    """
    if if_match is None or if_match.strip() == "*":
        return
    seen = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if etag(row) not in seen:
        raise PreconditionFailed.because(
            "changed", "somebody has changed it since you looked; look again", "If-Match"
        )
