"""A transaction of a new organization, in a June in which July is still to be sold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from hub.database import Database
from tests import factories
from tests.conftest import FrozenClock


@pytest.fixture
def in_june(clock: FrozenClock) -> None:
    """Of the year in which `selling.JULY` is."""
    clock.at(datetime(2030, 6, 1, tzinfo=UTC))


@pytest.fixture
def session(hub: Database) -> Iterator[Session]:
    """Rolled back where the test leaves it by an error."""
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        yield session
