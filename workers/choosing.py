"""Which organization, unit or property a command means, from what a person typed."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.database import Database, organization_of
from hub.errors import NotFound, Refused
from hub.models.organizations import Organization
from hub.models.properties import Property, Unit

T = TypeVar("T")


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
