"""The time after what a channel sold: it follows the unit type."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from hub.database import Database
from hub.models.external import ExternalBlock
from hub.models.properties import Unit
from hub.services import unit_types
from hub.services.unit_types import UnitTypeChanges
from tests import filled


def test_a_new_turnaround_counts_after_what_a_channel_sold(hub: Database) -> None:
    here = filled.a_full_organization(hub).organization_id
    with hub.unit_of_work(here) as session:
        block = session.scalars(select(ExternalBlock)).one()
        unit = session.scalars(select(Unit).where(Unit.id == block.unit_id)).one()
        assert block.free_at == block.ends_at

        unit_types.update(session, unit.unit_type_id, UnitTypeChanges(turnaround=2))

        session.refresh(block)
        # Two nights of the place's wall clock, which a change of the clocks may make an hour more or less.
        assert abs(block.free_at - block.ends_at - timedelta(days=2)) <= timedelta(hours=1)
