"""Properties: made, changed, archived."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import time
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import constraint, organization_of
from hub.errors import Refused
from hub.ids import new_id, new_reference
from hub.models.properties import Property
from hub.queries import locks
from hub.queries import properties as query
from hub.queries import unit_types as unit_types_query
from hub.queries import units as units_query
from hub.services import archiving, changes, editing, outbox
from hub.services.editing import Check

LONGEST_SLUG = 60
NUMBERED_SLUGS = 9
"""How many of one name get a number before they get letters at random"""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NO_PLACES = {"Factory", "localtime", "posixrules"}
"""Files beside the zones that are none"""

_COLUMNS = (
    *("name", "slug", "time_zone", "check_in", "check_out", "hold_minutes"),
    *("check_policy", "check_age_seconds", "check_deadline_ms"),
    *("description", "address", "amenities"),
)


@dataclass(frozen=True, slots=True)
class NewProperty:
    """Without a slug, one is made of the name."""

    name: str
    time_zone: str
    check_in: time = time(15)
    check_out: time = time(11)
    hold_minutes: int = 15
    check_policy: str = "flag"
    check_age_seconds: int = 1
    check_deadline_ms: int = 2000
    slug: str | None = None
    description: str = ""
    address: dict[str, Any] = field(default_factory=dict)
    amenities: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PropertyChanges:
    """What is to be different; None stays as it is."""

    name: str | None = None
    time_zone: str | None = None
    check_in: time | None = None
    check_out: time | None = None
    hold_minutes: int | None = None
    check_policy: str | None = None
    check_age_seconds: int | None = None
    check_deadline_ms: int | None = None
    slug: str | None = None
    description: str | None = None
    address: dict[str, Any] | None = None
    amenities: list[str] | None = None


def create(session: Session, new: NewProperty) -> Property:
    values = _cleaned(new)
    _in_order(values["check_in"], values["check_out"])

    row = _added(session, values, [new.slug] if new.slug is not None else _slugs(values["name"]))

    after = editing.snapshot(row, _COLUMNS)
    changes.record(session, "property", row.id, "created", after=after, property_id=row.id)
    return row


def update(
    session: Session, property_id: UUID, wanted: PropertyChanges, check: Check = editing.anything
) -> Property:
    """The time zone decides which instants a night takes, so it stays while anything is taken."""
    values = _cleaned(wanted)
    zone = values.get("time_zone")
    if zone is not None and zone != query.one(session, property_id).time_zone:
        units = units_query.living_ids(session, property_id=property_id)
        locks.units(session, units_query.scope(session, units).leaves)

    row = query.locked(session, property_id)
    check(row)
    editing.living(row, "property")
    if zone is not None and zone != row.time_zone:
        scope = units_query.scope(session, units_query.living_ids(session, property_id=row.id))
        locks.require(session, scope.leaves)
        cannot = f"the time zone stays {row.time_zone}"
        editing.unbound(session, scope, clock.now(), cannot, blackouts=True, field="time_zone")

    before = editing.snapshot(row, _COLUMNS)
    for column, value in values.items():
        setattr(row, column, value)
    _in_order(row.check_in, row.check_out)
    editing.flush(session, {"uq_properties_slug": (f"the slug {row.slug} is taken", "slug")})
    after = editing.snapshot(row, _COLUMNS)
    editing.record(session, "property", row, row.id, before, after)
    if any(before[column] != after[column] for column in ("check_in", "check_out", "time_zone")):
        outbox.structure_changed(session, row.id)
    if before["name"] != after["name"]:
        outbox.shown_changed(session, property_ids=[row.id])
    return row


def archive(session: Session, property_id: UUID, check: Check = editing.anything) -> None:
    """With its unit types and units; a second time does nothing."""
    query.one(session, property_id)
    units = units_query.living_ids(session, property_id=property_id)
    locks.units(session, units_query.scope(session, units).leaves)

    row = query.locked(session, property_id)
    if row.archived_at is not None:
        return
    check(row)
    units = units_query.living_ids(session, property_id=row.id)
    archiving.allowed(session, units, f"{row.name} cannot be archived", properties=[row.id])

    types = unit_types_query.living(session, row.id)
    archiving.mark(session, "unit", units_query.locked(session, units))
    archiving.mark(session, "unit_type", types)
    archiving.mark(session, "property", [row])
    outbox.inventory_changed(session, units, "property.archived", row.id)


def _added(session: Session, values: dict[str, Any], slugs: Iterable[str]) -> Property:
    """With the first of the slugs that nobody has, in whatever organization: only the constraint sees all."""
    slug = ""
    for slug in slugs:
        row = Property(organization_id=organization_of(session), id=new_id(), **(values | {"slug": slug}))
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
            return row
        except IntegrityError as error:
            if constraint(error) != "uq_properties_slug":
                raise
    raise Refused.because("taken", f"the slug {slug} is taken", "slug")


def _slugs(name: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall("[a-z0-9]+", plain))[:LONGEST_SLUG].strip("-") or "property"
    yield slug
    for number in range(2, NUMBERED_SLUGS + 1):
        yield f"{slug}-{number}"
    for _ in range(3):
        yield f"{slug}-{new_reference().lower()}"


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise Refused.because("unknown_time_zone", f"{name} is no time zone", "time_zone")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - _NO_PLACES


def _spelled(slug: str) -> str:
    if len(slug) > LONGEST_SLUG or not _SLUG.fullmatch(slug):
        message = f"a slug is made of a-z, 0-9 and single hyphens between them, at most {LONGEST_SLUG}"
        raise Refused.because("invalid_slug", message, "slug")
    return slug


def _hold(minutes: int) -> int:
    if not 1 <= minutes <= 1440:
        raise Refused.because("out_of_range", "a hold lasts 1 to 1440 minutes", "hold_minutes")
    return minutes


def _on_the_wall(field: str) -> Callable[[time], time]:
    def wall(value: time) -> time:
        if value.tzinfo is not None:
            message = "this is a time on the property's wall, without an offset"
            raise Refused.because("has_offset", message, field)
        return value

    return wall


def _in_order(check_in: time, check_out: time) -> None:
    if check_out > check_in:
        message = (
            f"check-out at {check_out:%H:%M} is after check-in at {check_in:%H:%M}: two guests would meet"
        )
        raise Refused.because("check_out_after_check_in", message, "check_out")


_RULES: Mapping[str, Callable[[Any], Any]] = {
    "name": editing.named,
    "slug": _spelled,
    "time_zone": _known_zone,
    "check_in": _on_the_wall("check_in"),
    "check_out": _on_the_wall("check_out"),
    "hold_minutes": _hold,
    **editing.CHECKS,
}
"""What a column's new value must be; Refused names the column. Others may be anything of their type."""


def _cleaned(given: NewProperty | PropertyChanges) -> dict[str, Any]:
    return editing.cleaned(asdict(given), _RULES)
