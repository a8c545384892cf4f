"""Unit types: made, changed, archived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.domain.periods import LetBy
from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.models.checks import CHECK_POLICIES
from hub.models.properties import CATEGORIES, UnitType
from hub.queries import locks
from hub.queries import properties as properties_query
from hub.queries import unit_types as query
from hub.queries import units as units_query
from hub.queries.commitments import Scope
from hub.services import archiving, changes, editing, outbox
from hub.services.editing import Check

LONGEST_TURNAROUND = 168
MOST_GUESTS = 1000

TURNAROUND_HOURS: Mapping[str, int] = {"car": 2, "yacht": 4, "jet": 6}
"""Between two rentals by the hour; rooms, homes and all else take as long as a cleaning and a night."""
TURNAROUND_HOURS_ELSE = 12

_CHECKS = ("check_policy", "check_age_seconds", "check_deadline_ms")
_COLUMNS = (
    *("name", "category", "let_by", "turnaround", "capacity", *_CHECKS, "safety_margin"),
    *("description", "amenities"),
)
OF_PROPERTY = "property"
"""As a policy: the property's, and its age and deadline too"""


@dataclass(frozen=True, slots=True)
class NewUnitType:
    """Turnaround is in nights or hours, as it is let; None is what is usual for the category."""

    property_id: UUID
    name: str
    category: str
    let_by: str
    capacity: int
    turnaround: int | None = None
    check_policy: str | None = None
    check_age_seconds: int | None = None
    check_deadline_ms: int | None = None
    safety_margin: int = 0
    description: str = ""
    amenities: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UnitTypeChanges:
    """What is to be different; None stays as it is."""

    name: str | None = None
    category: str | None = None
    let_by: str | None = None
    capacity: int | None = None
    turnaround: int | None = None
    check_policy: str | None = None
    check_age_seconds: int | None = None
    check_deadline_ms: int | None = None
    safety_margin: int | None = None
    description: str | None = None
    amenities: list[str] | None = None


def usual_turnaround(category: str, let_by: str) -> int:
    """Nights or hours."""
    return 0 if let_by == LetBy.NIGHT else TURNAROUND_HOURS.get(category, TURNAROUND_HOURS_ELSE)


def create(session: Session, new: NewUnitType) -> UnitType:
    values = _cleaned(new)
    values.setdefault("turnaround", usual_turnaround(new.category, new.let_by))
    if properties_query.open_for(session, new.property_id) is None:
        raise Refused.because("unknown", "there is no such property", "property_id")

    row = UnitType(organization_id=organization_of(session), id=new_id(), **values)
    session.add(row)
    editing.flush(session, _taken(row))

    after = editing.snapshot(row, _COLUMNS)
    changes.record(session, "unit_type", row.id, "created", after=after, property_id=row.property_id)
    return row


def update(
    session: Session, unit_type_id: UUID, wanted: UnitTypeChanges, check: Check = editing.anything
) -> UnitType:
    """
    How it is let can change only while nothing is taken. A new turnaround counts for what is sold from now
    on, and after what channels have sold; what we sold keeps its own.
    """
    values = _cleaned(wanted)
    query.one(session, unit_type_id)
    if "let_by" in values or "turnaround" in values:
        locks.units(session, _scope(session, unit_type_id).leaves)

    row = query.locked(session, unit_type_id)
    check(row)
    editing.living(row, "unit type")
    scope = _scope(session, row.id)
    if "let_by" in values or "turnaround" in values:
        locks.require(session, scope.leaves)
    if values.get("let_by", row.let_by) != row.let_by:
        _may_be_let_otherwise(session, row, scope)
        usual = usual_turnaround(values.get("category", row.category), values["let_by"])
        values.setdefault("turnaround", usual)

    before = editing.snapshot(row, _COLUMNS)
    for column, value in values.items():
        setattr(row, column, value)
    editing.flush(session, _taken(row))
    after = editing.snapshot(row, _COLUMNS)
    editing.record(session, "unit_type", row, row.property_id, before, after)
    if any(before[column] != after[column] for column in ("let_by", "turnaround", "category")):
        outbox.inventory_changed(session, scope.leaves, "unit_type.updated", row.id)
        outbox.structure_changed(session, row.property_id)
    return row


def archive(session: Session, unit_type_id: UUID, check: Check = editing.anything) -> None:
    """With its units; a second time does nothing."""
    query.one(session, unit_type_id)
    locks.units(session, _scope(session, unit_type_id).leaves)

    row = query.locked(session, unit_type_id)
    if row.archived_at is not None:
        return
    check(row)
    units = units_query.living_ids(session, unit_type_id=row.id)
    archiving.allowed(session, units, f"{row.name} cannot be archived", unit_types=[row.id])

    archiving.mark(session, "unit", units_query.locked(session, units))
    archiving.mark(session, "unit_type", [row])
    outbox.inventory_changed(session, units, "unit_type.archived", row.id)
    outbox.structure_changed(session, row.property_id)


def _scope(session: Session, unit_type_id: UUID) -> Scope:
    return units_query.scope(session, units_query.living_ids(session, unit_type_id=unit_type_id))


def _may_be_let_otherwise(session: Session, row: UnitType, scope: Scope) -> None:
    """A whole and its parts are let alike, so they must all be of this type or there must be none."""
    ours = scope.own | scope.wholes
    mixed = scope.parts - ours or any(
        whole.unit_type_id != row.id for _, whole in units_query.wholes_of(session, ours)
    )
    if mixed:
        message = f"units of {row.name} are sold together with others, and those are let by the {row.let_by}"
        raise Conflict.because("composite", message, "let_by")
    cannot = f"{row.name} stays let by the {row.let_by}"
    editing.unbound(session, scope, clock.now(), cannot, blackouts=True, field="let_by")


def _taken(row: UnitType) -> dict[str, tuple[str, str]]:
    return {"uq_unit_types_name": (f"this property has a unit type {row.name} already", "name")}


_RULES: Mapping[str, Callable[[Any], Any]] = {
    "name": editing.named,
    "category": editing.one_of("category", CATEGORIES),
    "let_by": editing.one_of("let_by", LetBy),
    "turnaround": editing.between("turnaround", 0, LONGEST_TURNAROUND),
    "capacity": editing.between("capacity", 1, MOST_GUESTS),
    **editing.CHECKS,
    "check_policy": editing.one_of("check_policy", (*CHECK_POLICIES, OF_PROPERTY)),
    "safety_margin": editing.between("safety_margin", 0, 1000),
}
"""What a column's new value must be; Refused names the column. Others may be anything of their type."""


def _cleaned(given: NewUnitType | UnitTypeChanges) -> dict[str, Any]:
    values = editing.cleaned(asdict(given), _RULES)
    if values.get("check_policy") == OF_PROPERTY:
        values |= dict.fromkeys(_CHECKS)
    return values
