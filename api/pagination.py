"""Keyset pages: `?limit=&cursor=` -> {"items": [...], "next_cursor": null}."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from hub.errors import Reason, Refused

Position = tuple[datetime, UUID]
"""Where a row stands in its list: an instant, and the id that decides between equal ones."""

Row = TypeVar("Row")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paging:
    """At most `limit` rows behind the position `after`."""

    limit: int
    after: Position | None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than is shown tells whether there is a next page."""
        return self.limit + 1


async def paging(
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many items")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="The `next_cursor` of the page before")
    ] = None,
) -> Paging:
    return Paging(limit, decode(cursor) if cursor else None)


Paged = Annotated[Paging, Depends(paging)]


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Ask for the next page with it; null on the last one")


def shown(rows: Sequence[Row], paging: Paging) -> Sequence[Row]:
    """The rows of this page, of `paging.fetch` that were read."""
    return rows[: paging.limit]


def next_cursor(rows: Sequence[Row], paging: Paging, position: Callable[[Row], Position]) -> str | None:
    """Where the next page begins, given up to `paging.fetch` rows that were read."""
    if len(rows) <= paging.limit:
        return None
    return encode(position(rows[paging.limit - 1]))


def encode(position: Position) -> str:
    at, last_id = position
    packed = json.dumps([at.isoformat(), last_id.hex], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(cursor: str) -> Position:
    """The position that `encode` packed; Refused for anything else."""
    try:
        packed = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        at, last_id = json.loads(packed)
        position = datetime.fromisoformat(at), UUID(hex=last_id)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise _bad() from None
    if position[0].utcoffset() is None:
        raise _bad()
    return position


def _bad() -> Refused:
    return Refused(Reason("invalid_cursor", "this cursor is not one of ours; start without one", "cursor"))
