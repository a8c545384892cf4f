"""
Blackouts: nights or hours on which we ourselves take a unit off the market.

They never lie over what we sold; over what a channel sold or closed they may, for both can be so at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import StaleRead, organization_of, vault_of
from hub.domain.availability import Cause
from hub.domain.offers import Offer
from hub.domain.periods import Nights, Span
from hub.errors import Refused
from hub.ids import new_id
from hub.models.bookings import BLACKOUT_KINDS, Blackout
from hub.queries import blackouts as query
from hub.queries import inventory, locks
from hub.services import allocations, asking, changes, outbox, placement, snapshots
from hub.services.asked import Asked
from hub.services.placement import Leaving

CHANNELS = frozenset({Cause.EXTERNAL})


@dataclass(frozen=True, slots=True)
class BlackoutRequest:
    unit_id: UUID
    span: Span
    kind: str
    note: str | None = None


def add(
    session: Session, request: BlackoutRequest, uid_domain: str, *, undid: UUID | None = None
) -> Blackout:
    """
    Take a unit, or all parts of a composite, off the market; Conflict, naming it, if it is sold.

    `undid` is the sync that was undone by it, which the change log keeps.
    """
    offer = _offer(session, request.unit_id)
    asked = _asked(request, offer)

    (unit,) = placement.find(session, [asked], clock.now(), despite=CHANNELS)

    row = Blackout(
        organization_id=organization_of(session),
        id=new_id(),
        property_id=offer.property_id,
        unit_id=unit.id,
        kind=request.kind,
        note_sealed=_sealed(session, request.note),
        uid=f"{new_id()}@{uid_domain}",
        **asking.columns(request.span, offer.zone),
    )
    session.add(row)
    session.flush()
    allocations.take(session, unit, asked.period, row)
    after = snapshots.blackout(row) | ({"undid": str(undid)} if undid else {})
    changes.record(session, "blackout", row.id, "added", after=after, property_id=row.property_id)
    outbox.inventory_changed(session, unit.leaves, "blackout.added", row.id)
    return row


def change(
    session: Session, blackout_id: UUID, request: BlackoutRequest, *, version: int | None = None
) -> Blackout:
    """
    Give a blackout other dates, another unit, kind or note: all of `request` replaces what it was. StaleRead
    where it is no longer of the `version` that was read.
    """
    query.one(session, blackout_id)
    offer = _offer(session, request.unit_id)
    asked = _asked(request, offer)
    held = query.units_of(session, blackout_id)

    leaving = Leaving(frozenset({blackout_id}), held)
    (unit,) = placement.find(session, [asked], clock.now(), leaving, despite=CHANNELS)
    row = query.locked(session, blackout_id)
    if version is not None and row.version != version:
        raise StaleRead

    before = snapshots.blackout(row)
    allocations.release(session, [blackout_id], units=held)
    row.unit_id, row.property_id, row.kind = unit.id, offer.property_id, request.kind
    row.note_sealed = _sealed(session, request.note)
    for column, value in asking.columns(request.span, offer.zone).items():
        setattr(row, column, value)
    session.flush()
    allocations.take(session, unit, asked.period, row)
    changes.record(
        session,
        "blackout",
        row.id,
        "changed",
        before=before,
        after=snapshots.blackout(row),
        property_id=row.property_id,
    )
    outbox.inventory_changed(session, held | unit.leaves, "blackout.changed", row.id)
    return row


def remove(session: Session, blackout_id: UUID) -> None:
    """Put the unit back on the market."""
    query.one(session, blackout_id)
    locks.units(session, query.units_of(session, blackout_id))
    row = query.locked(session, blackout_id)
    units = query.units_of(session, blackout_id)
    locks.require(session, units)

    allocations.release(session, [blackout_id], units=units)
    changes.record(
        session, "blackout", row.id, "removed", before=snapshots.blackout(row), property_id=row.property_id
    )
    outbox.inventory_changed(session, units, "blackout.removed", row.id)
    session.delete(row)
    session.flush()


def note(session: Session, row: Blackout) -> str | None:
    """Staff's own words about it; sealed, since they may name people."""
    return vault_of(session).open(row.note_sealed) if row.note_sealed else None


def _sealed(session: Session, text: str | None) -> bytes | None:
    return vault_of(session).seal(text) if text else None


def _offer(session: Session, unit_id: UUID) -> Offer:
    offers = inventory.of_units(session, [unit_id])
    if not offers:
        raise Refused.because("unknown", "there is no such unit", "unit_id")
    return offers[0]


def _asked(request: BlackoutRequest, offer: Offer) -> Asked:
    if request.kind not in BLACKOUT_KINDS:
        raise Refused.because("invalid_kind", f"a blackout is one of {', '.join(BLACKOUT_KINDS)}", "kind")
    nightly = isinstance(request.span, Nights)
    if nightly != (offer.let_by == "night"):
        field = "arrival" if nightly else "starts_at"
        raise Refused.because("let_by", f"{offer.unit.name} is let by the {offer.let_by}", field)
    return Asked(request.span, (offer,), by_type=False, field="unit_id", turnaround=0)
