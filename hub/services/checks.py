"""What channels said counts: judged under the units' locks, written down with the booking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub import clock
from hub.domain import evidence as words
from hub.domain.availability import SellableUnit, Taken
from hub.domain.evidence import CheckState, Evidence, Policy, Verdict
from hub.domain.lifecycle import Status
from hub.domain.periods import Period
from hub.errors import Conflict, Reason
from hub.models.bookings import Booking
from hub.queries import checks as query
from hub.queries import inventory
from hub.queries.checks import TypeTerms
from hub.services.asked import Asked

OVERDUE = 2
"""A link that was not verified for so many of its intervals is stale"""


class Unasked(Exception):
    """A link could contradict this that nobody has asked: ask it, then begin again."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How a booking stands with its channels, on what evidence."""

    state: CheckState = CheckState.UNCHECKED
    evidence: Evidence | None = None
    link_ids: frozenset[UUID] = frozenset()

    @property
    def at(self) -> datetime | None:
        return self.evidence.at if self.evidence is not None and self.link_ids else None


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who has a say in what is asked for, by an unlocked read."""

    margins: frozenset[UUID]
    """Types that keep some units back, also those whose units share rooms with what is asked for"""
    linked: bool
    """Whether a channel imports to any unit that could serve"""


def concerned(session: Session, asked: Sequence[Asked]) -> Concerned:
    leaves = inventory.leaves([offer for item in asked for offer in item.offers])
    kinds, linked = query.terms_over(session, leaves)
    return Concerned(frozenset(one.unit_type_id for one in kinds if one.safety_margin), linked)


def take_turns(session: Session, margins: Collection[UUID]) -> None:
    """Of types that keep some units back one booking after the other is made, or two would take the last."""
    if margins:
        query.take_turns(session, margins)


def judge(
    session: Session,
    asked: Sequence[Asked],
    units: Sequence[SellableUnit],
    evidence: Evidence | None,
    *,
    on_hold: CheckState | None,
    leaving: Collection[UUID] = (),
) -> Judged:
    """
    What the evidence means for these units, locked by the caller. Conflict, naming the channel, where the
    policy refuses or the last units are kept back; Unasked where the evidence does not know a link.
    `on_hold` as in evidence.state_of; `leaving` are bookings that are about to give up what they have.
    """
    if evidence is None:
        return Judged()
    leaves = {leaf for unit in units for leaf in unit.leaves}
    over, linked = query.terms_over(session, leaves)
    kinds = {one.unit_type_id: one for one in over}
    for kind in (one for one in kinds.values() if one.safety_margin):
        for item, unit in zip(asked, units, strict=True):
            _keep_back(session, item, unit, leaves, kind, evidence, leaving)
    checked = [unit for unit in units if kinds[unit.unit_type_id].terms.policy is not Policy.OFF]
    rows = query.links_of(session, {leaf for unit in checked for leaf in unit.leaves}) if linked else ()
    return _judged(session, rows, asked, units, kinds, evidence, on_hold)


def judge_standing(
    session: Session,
    units: Collection[SellableUnit],
    evidence: Evidence,
    *,
    on_hold: CheckState | None,
) -> Judged:
    """The same of units that the booking has already, which nobody keeps back from it."""
    kinds = {one.unit_type_id: one for one in query.terms_of(session, {unit.unit_type_id for unit in units})}
    checked = [unit for unit in units if kinds[unit.unit_type_id].terms.policy is not Policy.OFF]
    rows = query.links_of(session, {leaf for unit in checked for leaf in unit.leaves})
    return _judged(session, rows, (), list(units), kinds, evidence, on_hold)


def lies_elsewhere(session: Session, booking: Booking) -> None:
    """
    It was given other nights or units without asking anybody: what channels said of the former is no word on
    these, and counts only once all have been read since. No edit of the booking.
    """
    state = CheckState(booking.check_state)
    if state is not CheckState.UNCHECKED:
        after = CheckState.FLAGGED if state is CheckState.VERIFIED else state
        query.settle(session, booking.id, after, clock.now())
        session.expire(booking, ["check_state", "check_at"])


def judged_anew(booking: Booking, judged: Judged, now: datetime) -> None:
    """It was moved on this evidence. What waits to be confirmed goes on waiting, where it lies now."""
    if booking.status == Status.HELD and booking.check_state == CheckState.AWAITING:
        booking.check_at = judged.at or now
    else:
        booking.check_state, booking.check_at = judged.state, judged.at


def keep(session: Session, booking_id: UUID, stage: str, judged: Judged) -> None:
    """Write the evidence down."""
    if judged.evidence is not None and judged.link_ids:
        query.keep(session, booking_id, stage, judged.evidence, judged.link_ids)


def _judged(
    session: Session,
    rows: Sequence[Row[Any]],
    asked: Sequence[Asked],
    units: Sequence[SellableUnit],
    kinds: dict[UUID, TypeTerms],
    evidence: Evidence,
    on_hold: CheckState | None,
) -> Judged:
    link_ids = frozenset(row.id for row in rows)
    if not evidence.covers(link_ids):
        raise Unasked
    bad = {sight.link_id for sight in evidence.bad(link_ids)}
    troubled = [unit for unit in units if _links_of(unit, rows) & bad]
    policy = words.strictest([kinds[unit.unit_type_id].terms.policy for unit in troubled or units])
    state = words.state_of(policy, len(link_ids), len(bad), on_hold)
    if state is None:
        raise Conflict(*_reasons(rows, asked, units, evidence))
    if state is CheckState.VERIFIED and _unasked(session, units, kinds):
        state = CheckState.UNCHECKED
    return Judged(state, evidence, link_ids)


def _unasked(session: Session, units: Collection[SellableUnit], kinds: dict[UUID, TypeTerms]) -> bool:
    """Whether one of the units has channels of which its policy says that nobody asks them."""
    off = [unit for unit in units if kinds[unit.unit_type_id].terms.policy is Policy.OFF]
    rows = query.links_of(session, {leaf for unit in off for leaf in unit.leaves})
    return any(row.state != "paused" for row in rows)


def _links_of(unit: SellableUnit, rows: Sequence[Row[Any]]) -> frozenset[UUID]:
    return frozenset(row.id for row in rows if not unit.leaves.isdisjoint(row.leaves))


def _reasons(
    rows: Sequence[Row[Any]],
    asked: Sequence[Asked],
    units: Sequence[SellableUnit],
    evidence: Evidence,
) -> tuple[Reason, ...]:
    now = clock.now()
    fields = [item.field for item in asked] or ["items"] * len(units)
    return tuple(
        Reason(
            "channel_unverified",
            f"{unit.name} cannot be sold before its channels have been asked:"
            f" {words.in_words(evidence.sights[link_id], now)}",
            field,
            {"link_id": str(link_id), "verdict": evidence.sights[link_id].verdict.value},
        )
        for field, unit in zip(fields, units, strict=True)
        for link_id in sorted(_links_of(unit, rows))
        if not evidence.sights[link_id].good
    )


def _keep_back(
    session: Session,
    item: Asked,
    unit: SellableUnit,
    chosen: Collection[UUID],
    kind: TypeTerms,
    evidence: Evidence,
    leaving: Collection[UUID],
) -> None:
    """
    Conflict where this would be one of the last units of a type, or a part of one, and a channel of theirs
    is stale. What could not be had anyway is not taken by it.
    """
    offers = inventory.of_types(session, [kind.unit_type_id])
    leaves = inventory.leaves(offers)
    if unit.leaves.isdisjoint(leaves):
        return
    stale = _stale(query.links_of(session, leaves), evidence)
    if not stale:
        return
    now = clock.now()
    period = item.period
    rows = inventory.takings(session, leaves, period, now).live
    taken = [row for row in rows if row.reference not in leaving]
    covered = [row for row in rows if row.reference in leaving and _covers(row.period, period)]
    free = [offer.unit for offer in offers if _free(offer.unit, taken, period)]
    left = sum(1 for one in free if one.leaves.isdisjoint(chosen))
    takes = any(not one.leaves.isdisjoint(unit.leaves) and _free(one, covered, period) for one in free)
    if left >= kind.safety_margin or not takes:
        return
    names = ", ".join(sorted({row.channel for row in stale}))
    message = (
        f"the last {kind.safety_margin} of {kind.name} are kept back while {names} is not up to date"
        if kind.safety_margin > 1
        else f"the last {kind.name} is kept back while {names} is not up to date"
    )
    raise Conflict.because("kept_back", message, item.field, safety_margin=kind.safety_margin, free=left)


def _covers(period: Period, other: Period) -> bool:
    return period.starts_at <= other.starts_at and period.ends_at >= other.ends_at


def _free(unit: SellableUnit, taken: Sequence[Taken], period: Period) -> bool:
    return not any(row.unit_id in unit.leaves and row.period.overlaps(period) for row in taken)


def _stale(rows: Sequence[Row[Any]], evidence: Evidence) -> list[Row[Any]]:
    """Links whose word is missing for longer than it should be; a paused one is not meant to have any."""
    now = clock.now()
    return [row for row in rows if row.state != "paused" and _is_stale(row, evidence, now)]


def _is_stale(row: Row[Any], evidence: Evidence, now: datetime) -> bool:
    sight = evidence.sights.get(row.id)
    if sight is not None and sight.verdict is not Verdict.PAUSED:
        return not sight.good
    if row.state in ("needs_auth", "lost") or row.failures or row.verified_at is None:
        return True
    return bool(now - row.verified_at > OVERDUE * timedelta(seconds=row.interval_seconds))
