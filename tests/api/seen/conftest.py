"""Consumers of our feeds, on the first of June."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.houses import House
from tests.api.seen.fetching import Reader, exported
from tests.conftest import FrozenClock


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(datetime(2026, 6, 1, 8, tzinfo=UTC))


@pytest.fixture
def link(house: House) -> dict[str, Any]:
    """Our feed of the first room, for Airbnb."""
    return exported(house)


@pytest.fixture
def airbnb(house: House) -> Reader:
    return Reader(house, "Airbnb/1.0", "192.0.2.9")


@pytest.fixture
def google(house: House) -> Reader:
    return Reader(house, "Google-Calendar-Importer", "198.51.100.7")
