"""Handing out links that are due, and what is remembered of hosts, across all organizations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_CLAIM = text("SELECT * FROM claim_due_links(:now, :again_at, :most, :at_host)")
_CLAIM_NEXT = text("SELECT * FROM claim_due_link_beside(:now, :again_at, :organization, :link)")
_STAND = text("SELECT * FROM stand_at_host(:host, :most, :soon)")
_TURN = text("SELECT * FROM take_turn_at_host(:host, :apart, :patience, :now)")
_SPARE = text("SELECT spare_host(:host, :failures, :not_before, :asked_until, :now)")
_TRUST = text("SELECT trust_host(:host, :now)")
_SPARED = text("SELECT * FROM spared_hosts(:now)")
_FORGET = text("SELECT forget_hosts(:before)")
_GIVE_BACK = text("""
    UPDATE links SET lease_until = 'epoch', attempts = greatest(attempts - 1, 0), next_pull_at = :at
    WHERE id = CAST(:link AS uuid) AND fence = :fence
""")


def claim(
    session: Session, now: datetime, again_at: datetime, *, most: int, at_host: int
) -> Sequence[Row[Any]]:
    """
    (organization_id, link_id, more) of links whose pull is due, claimed until `again_at`: at most so many in
    all, and so many at one host, those counted that are being pulled.
    """
    known = {"now": now, "again_at": again_at, "most": most, "at_host": at_host}
    return session.execute(_CLAIM, known).all()


def claim_next(
    session: Session, now: datetime, again_at: datetime, organization_id: UUID, link_id: UUID
) -> Row[Any] | None:
    """(organization_id, link_id) of the link that has waited longest at that link's host, if it is well."""
    known = {"now": now, "again_at": again_at, "organization": organization_id, "link": link_id}
    return session.execute(_CLAIM_NEXT, known).one_or_none()


def stand(session: Session, host: str, most: int, soon: datetime) -> Row[Any]:
    """
    (running, failures, not_before, asked_until, crowding); those in the middle are null for a host that is
    well. `crowding`: the session's organization has more than `most` leases while another's link is due by
    `soon`.

    Nobody else begins at that host or for that organization until the transaction ends: ask last, and when
    the lease is taken.
    """
    return session.execute(_STAND, {"host": host, "most": most, "soon": soon}).one()


def turn(session: Session, host: str, apart: timedelta, patience: timedelta, now: datetime) -> Row[Any]:
    """
    (taken, seconds): when the next turn at a host is, and whether it was taken: not where it is further away
    than `patience`. The one after it comes so much later. Ask after `stand`, which keeps all others out.
    """
    known = {"apart": apart.total_seconds(), "patience": patience.total_seconds()}
    return session.execute(_TURN, known | {"host": host, "now": now}).one()


def spare(
    session: Session,
    host: str,
    failures: int,
    not_before: datetime | None,
    asked_until: datetime | None,
    now: datetime,
) -> None:
    known = {"host": host, "failures": failures, "not_before": not_before, "asked_until": asked_until}
    session.execute(_SPARE, known | {"now": now})


def trust(session: Session, host: str, now: datetime) -> None:
    session.execute(_TRUST, {"host": host, "now": now})


def spared(session: Session, now: datetime) -> Sequence[Row[Any]]:
    """(name, failures, not_before, asked_until) of those that rest."""
    return session.execute(_SPARED, {"now": now}).all()


def forget(session: Session, before: datetime) -> int:
    """Forget hosts of which nothing was heard since: how many."""
    return int(session.execute(_FORGET, {"before": before}).scalar_one())


def give_back(session: Session, link_id: UUID, fence: int, at: datetime) -> None:
    """A lease under which nobody was asked: the link is due again then, and this was no attempt."""
    session.execute(_GIVE_BACK, {"link": link_id, "fence": fence, "at": at})
