"""Which organization, unit, property or link a command means, from what a person typed."""

from __future__ import annotations

import re
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.orm import Session

from hub.database import Database, organization_of
from hub.errors import NotFound, Refused
from hub.models.base import Owned
from hub.models.bookings import Booking
from hub.models.links import Link
from hub.models.organizations import Organization
from hub.models.properties import Property, Unit, UnitType

T = TypeVar("T")
Kind = TypeVar("Kind", bound=Owned)

SHORTEST_ENDING = 4
SHOWN_ENDING = 8
"""Of an id: unique among any that one person looks at"""
_ENDING = re.compile(f"[0-9a-f]{{{SHORTEST_ENDING},32}}")


def all_organizations(database: Database) -> dict[UUID, str]:
    """Names by id, the oldest first."""
    with database.unit_of_work(None) as session:
        ids = list(session.scalars(text("SELECT all_organizations()")))
    names = {}
    for organization_id in ids:
        with database.unit_of_work(organization_id) as session:
            names[organization_id] = session.get_one(Organization, organization_id).name
    return names


def first(database: Database) -> UUID:
    """The oldest organization."""
    return next(iter(all_organizations(database)))


def organization(database: Database, given: str | None) -> UUID:
    """By id or name; the only one where nothing was given."""
    known = all_organizations(database)
    if not known:
        raise NotFound.because("no_organization", "there is no organization yet; `hub up` makes the first")
    if given is None:
        if len(known) > 1:
            listed = ", ".join(known.values())
            raise Refused.because(
                "which", f"there are several organizations ({listed}); say which", "--organization"
            )
        return next(iter(known))
    found = [key for key, name in known.items() if given in (str(key), name)]
    return _only(found, "organization", given, "--organization")


def unit(session: Session, given: str) -> Unit:
    """By id or name."""
    if (number := as_id(given)) is not None:
        rows = [row] if (row := session.get(Unit, (organization_of(session), number))) else []
    else:
        rows = list(session.scalars(select(Unit).where(Unit.name == given, Unit.archived_at.is_(None))))
    return _only(rows, "unit", given, "--unit")


def place(session: Session, given: str) -> Property:
    """By id, slug or name."""
    if (number := as_id(given)) is not None:
        rows = [row] if (row := session.get(Property, (organization_of(session), number))) else []
    else:
        named = (Property.name == given) | (Property.slug == given)
        rows = list(session.scalars(select(Property).where(named, Property.archived_at.is_(None))))
    return _only(rows, "property", given, "--property")


def link(session: Session, given: str) -> Link:
    """By id, or by the end of one."""
    return by_ending(session, Link, given, "link", "LINK")


def by_ending(session: Session, kind: type[Kind], given: str, what: str, option: str) -> Kind:
    """The row whose id ends like that; ids of one moment begin alike, so beginnings tell little apart."""
    ending = given.strip().lower().replace("-", "")
    if not _ENDING.fullmatch(ending):
        words = f"give an id, or at least the last {SHORTEST_ENDING} characters of one"
        raise Refused.because("no_id", words, option)
    statement = select(kind).where(func.replace(cast(kind.id, Text), "-", "").endswith(ending)).limit(2)
    rows = list(session.scalars(statement))
    if len(rows) > 1:
        raise Refused.because("which", f"several {what}s end in {given}; give more of the id", option)
    return _only(rows, what, given, option)


def ending(row_id: UUID) -> str:
    """What a table shows of an id, and a command takes."""
    return row_id.hex[-SHOWN_ENDING:]


def unit_type(session: Session, given: str) -> UnitType:
    """By id or name."""
    if (number := as_id(given)) is not None:
        rows = [row] if (row := session.get(UnitType, (organization_of(session), number))) else []
    else:
        named = select(UnitType).where(UnitType.name == given, UnitType.archived_at.is_(None))
        rows = list(session.scalars(named))
    return _only(rows, "unit type", given, "--type")


def booking(session: Session, given: str) -> Booking:
    """By id or reference."""
    number = as_id(given)
    meant = Booking.id == number if number is not None else Booking.reference == given.upper()
    return _only(list(session.scalars(select(Booking).where(meant))), "booking", given, "--booking")


def as_id(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


def _only(found: list[T], what: str, given: str, option: str) -> T:
    if not found:
        raise NotFound.because("not_found", f"there is no {what} {given}", option)
    if len(found) > 1:
        raise Refused.because("which", f"several {what}s are called {given}; give an id", option)
    return found[0]
