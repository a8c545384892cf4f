"""Units: made one by one or a dorm at once, made of each other, changed, archived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from hub import clock
from hub.database import StaleRead, organization_of
from hub.domain import composites
from hub.domain.composites import Whole
from hub.domain.periods import LetBy
from hub.errors import Refused
from hub.ids import new_id
from hub.models.properties import UNIT_STATUSES, Unit, UnitPart, UnitType
from hub.queries import locks
from hub.queries import properties as properties_query
from hub.queries import unit_types as unit_types_query
from hub.queries import units as query
from hub.queries.commitments import Scope
from hub.services import archiving, changes, editing, outbox
from hub.services.editing import Check

MOST_AT_ONCE = 500
NUMBER = "{n}"

_COLUMNS = ("name", "status", "description")


@dataclass(frozen=True, slots=True)
class NewUnit:
    """What is to be let. With parts it is a composite of them."""

    unit_type_id: UUID
    name: str
    status: str = "ready"
    description: str = ""
    parts: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """What is to be different; None stays as it is. No parts make a leaf of a composite."""

    name: str | None = None
    status: str | None = None
    description: str | None = None
    parts: tuple[UUID, ...] | None = None


def create(session: Session, new: NewUnit) -> Unit:
    if new.parts:
        locks.units(session, new.parts)
    unit_type = _type_of(session, new)
    row = _added(session, new, unit_type, editing.named(new.name))
    editing.flush(session, _taken(row))
    if new.parts:
        _together(session, row, new.parts, unit_type)
        _compose(session, row, new.parts)

    _tell_created(session, [row], new.parts)
    return row


def create_many(session: Session, new: NewUnit, number: int) -> tuple[Unit, ...]:
    """
    As many units, all alike: the name has {n} in it, which becomes the lowest numbers that are not taken.

    StaleRead where somebody else took one just now: run it by `transact`.
    """
    if not 1 <= number <= MOST_AT_ONCE:
        raise Refused.because("out_of_range", f"make 1 to {MOST_AT_ONCE} units at once", "count")
    if new.parts:
        raise Refused.because("not_together", "a unit made of others is made alone", "parts")
    pattern = editing.named(new.name)
    if NUMBER not in pattern:
        raise Refused.because("no_number", f"put {NUMBER} where the number goes, as in Bed {NUMBER}", "name")
    unit_type = _type_of(session, new)

    free = _free_names(pattern, query.names(session, unit_type.property_id))
    rows = [_added(session, new, unit_type, name) for name in islice(free, number)]
    try:
        editing.flush(session, _taken(rows[0]))
    except Refused:
        raise StaleRead from None

    _tell_created(session, rows, ())
    return tuple(rows)


def update(session: Session, unit_id: UUID, wanted: UnitChanges, check: Check = editing.anything) -> Unit:
    """What a unit is made of can change only while nothing takes it; a leaf that is sold stays one."""
    query.one(session, unit_id)
    if wanted.parts is not None:
        locks.units(session, _affected(session, unit_id, wanted.parts))

    (row,) = query.locked(session, [unit_id])
    check(row)
    editing.living(row, "unit")
    before = _snapshot(session, row)
    if wanted.name is not None:
        row.name = editing.named(wanted.name)
    if wanted.status is not None:
        row.status = _status(wanted.status)
    if wanted.description is not None:
        row.description = wanted.description
    editing.flush(session, _taken(row))
    if wanted.parts is not None:
        _recompose(session, row, wanted.parts)

    editing.record(session, "unit", row, row.property_id, before, _snapshot(session, row))
    if row.name != before["name"]:
        outbox.shown_changed(session, property_ids=[row.property_id])
    return row


def archive(session: Session, unit_id: UUID, check: Check = editing.anything) -> None:
    """A second time does nothing."""
    query.one(session, unit_id)
    locks.units(session, query.scope(session, [unit_id]).leaves)

    (row,) = query.locked(session, [unit_id])
    if row.archived_at is not None:
        return
    check(row)
    archiving.allowed(session, [unit_id], f"{row.name} cannot be archived")

    leaves = query.scope(session, [unit_id]).leaves
    archiving.mark(session, "unit", [row])
    outbox.inventory_changed(session, leaves, "unit.archived", row.id)
    outbox.structure_changed(session, row.property_id)


def parts_of(session: Session, units: Sequence[Unit]) -> dict[UUID, tuple[UUID, ...]]:
    """The parts of each of these units that is a composite."""
    return query.parts(session, [unit.id for unit in units])


def _recompose(session: Session, row: Unit, parts: tuple[UUID, ...]) -> None:
    affected = _affected(session, row.id, parts)
    locks.require(session, affected)
    if set(query.parts(session, [row.id]).get(row.id, ())) == set(parts):
        return
    if parts:
        _together(session, row, parts, unit_types_query.one(session, row.unit_type_id))
    scope = query.scope(session, [row.id])
    cannot = f"what {row.name} is made of cannot change"
    editing.unbound(session, scope, clock.now(), cannot, blackouts=True, field="parts")

    session.execute(delete(UnitPart).where(UnitPart.whole_id == row.id))
    _compose(session, row, parts)
    row.updated_at = clock.now()
    flag_modified(row, "updated_at")  # the parts are the unit's too: its version counts them
    session.flush()
    outbox.inventory_changed(session, affected, "unit.parts", row.id)
    outbox.structure_changed(session, row.property_id)


def _together(session: Session, row: Unit, parts: Sequence[UUID], unit_type: UnitType) -> None:
    """Refused, naming the part, where these cannot be sold together as this unit."""
    part_of = query.wholes_of(session, [row.id])
    whole = Whole(row.id, row.property_id, LetBy(unit_type.let_by), part_of[0][1].name if part_of else None)
    if reasons := composites.refusals(whole, parts, query.as_parts(session, parts)):
        raise Refused(*reasons)


def _compose(session: Session, row: Unit, parts: Sequence[UUID]) -> None:
    session.add_all(
        UnitPart(organization_id=row.organization_id, whole_id=row.id, part_id=part_id) for part_id in parts
    )
    session.flush()


def _affected(session: Session, unit_id: UUID, parts: Sequence[UUID]) -> frozenset[UUID]:
    """The leaves whose selling changes when a unit is made of these parts instead of what it is now."""
    now: Scope = query.scope(session, [unit_id])
    return now.leaves | frozenset(parts) | {unit_id}


def _type_of(session: Session, new: NewUnit) -> UnitType:
    """The type, which like its property cannot be archived until the transaction ends."""
    found = unit_types_query.open_for(session, new.unit_type_id)
    if found is None or properties_query.open_for(session, found.property_id) is None:
        raise Refused.because("unknown", "there is no such unit type", "unit_type_id")
    return found


def _added(session: Session, new: NewUnit, unit_type: UnitType, name: str) -> Unit:
    row = Unit(
        organization_id=organization_of(session),
        id=new_id(),
        property_id=unit_type.property_id,
        unit_type_id=unit_type.id,
        name=name,
        status=_status(new.status),
        description=new.description,
    )
    session.add(row)
    return row


def _tell_created(session: Session, rows: Sequence[Unit], parts: Sequence[UUID]) -> None:
    for row in rows:
        after = editing.snapshot(row, _COLUMNS) | {"parts": sorted(map(str, parts))}
        changes.record(session, "unit", row.id, "created", after=after, property_id=row.property_id)
    leaves = parts or [row.id for row in rows]
    outbox.inventory_changed(session, leaves, "unit.created", rows[0].id)
    outbox.structure_changed(session, rows[0].property_id)


def _free_names(pattern: str, taken: frozenset[str]) -> Iterator[str]:
    names = (pattern.replace(NUMBER, str(number)) for number in count(1))
    return (name for name in names if name not in taken)


def _snapshot(session: Session, row: Unit) -> dict[str, Any]:
    parts = query.parts(session, [row.id]).get(row.id, ())
    return editing.snapshot(row, _COLUMNS) | {"parts": sorted(map(str, parts))}


def _status(status: str) -> str:
    if status not in UNIT_STATUSES:
        raise Refused.because("unknown_status", f"{status} is none of {', '.join(UNIT_STATUSES)}", "status")
    return status


def _taken(row: Unit) -> dict[str, tuple[str, str]]:
    return {"uq_units_name": (f"this property has a unit {row.name} already", "name")}
