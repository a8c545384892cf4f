"""Changes of a place and its units, after which what its channels take is fitted anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub import clock
from hub.models.records import Fact
from hub.queries import links as links_query
from hub.services import properties, unit_types, units
from hub.services.properties import PropertyChanges
from hub.services.unit_types import UnitTypeChanges
from hub.services.units import UnitChanges
from sync.refit import refit
from sync.relay import relay
from tests import factories
from tests.sync.importing import Importer


def changes_property(importer: Importer, **changes: Any) -> None:
    importer.do(lambda session: properties.update(session, importer.property_id, PropertyChanges(**changes)))


def changes_type(importer: Importer, unit_type_id: UUID, **changes: Any) -> None:
    importer.do(lambda session: unit_types.update(session, unit_type_id, UnitTypeChanges(**changes)))


def is_made_of(importer: Importer, whole: UUID, parts: tuple[UUID, ...]) -> None:
    importer.do(lambda session: units.update(session, whole, UnitChanges(parts=parts)))


def settled(importer: Importer) -> None:
    """All facts are heard, those too that hearing them brought."""
    for _ in range(10):
        if not relay(importer.runtime):
            return
    raise AssertionError("the facts never end")


def facts(importer: Importer) -> list[str]:
    """How each fact of the organization stands."""
    return list(importer.do(lambda session: session.scalars(select(Fact.state)).all()))


def kinds(importer: Importer) -> list[str]:
    """Of all facts of the organization, in their order."""
    return list(importer.do(lambda session: session.scalars(select(Fact.kind).order_by(Fact.id)).all()))


def refits(importer: Importer, link_id: UUID) -> int:
    return importer.do(lambda session: refit(session, links_query.locked(session, link_id), clock.now()))


def add_units(importer: Importer, *names: str, **of_type: Any) -> tuple[UUID, ...]:
    """Of one new type; the type's id comes first."""

    def work(session: Any) -> tuple[UUID, ...]:
        kind = factories.a_unit_type(session, importer.property_id, **of_type)
        return kind.id, *(factories.a_unit(session, kind.id, name).id for name in names)

    return importer.do(work)


def add_whole(importer: Importer, parts: tuple[UUID, ...], **of_type: Any) -> tuple[UUID, UUID]:
    """A composite of a new type: the type's id and its own."""

    def work(session: Any) -> tuple[UUID, UUID]:
        kind = factories.a_unit_type(session, importer.property_id, **({"name": "Whole"} | of_type))
        return kind.id, factories.a_unit(session, kind.id, "Whole 1", parts=parts).id

    return importer.do(work)


def free_at(importer: Importer, link_id: UUID) -> set[datetime]:
    return {block.free_at for block in importer.blocks(link_id)}
