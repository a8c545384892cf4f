"""Which run a row cites: the sync within which it is written, which is then recorded, whatever came of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import actor_of

_CITED = "cites its run"


def run_of(session: Session) -> UUID | None:
    """The run to be written on what is written now; None where it is no sync that writes."""
    run_id = actor_of(session).run_id
    if run_id is not None:
        session.info[_CITED] = True
    return run_id


def cites(session: Session) -> bool:
    """Whether a row written in this transaction cites its run."""
    return _CITED in session.info
