"""What is kept of what runs read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.models.payloads import Payload
from hub.queries import payloads as query
from sync import payloads


def read_by(held: Any, run_id: UUID | None) -> list[bytes]:
    """What a run is said to have read, opened."""
    assert run_id is not None
    rows = held.do(lambda session: query.of_run(session, run_id))
    return [
        held.do(lambda session, row=row: payloads.opened(session, query.one(session, run_id, row.id)))
        for row in rows
    ]


def kept(held: Any) -> list[Payload]:
    return list(held.do(lambda session: session.scalars(select(Payload)).all()))
