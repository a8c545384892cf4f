"""A unit with a booking, and the address of its feed."""

from __future__ import annotations

from uuid import UUID

import pytest

from sync.runtime import Runtime
from tests.api.feeds.reader import Reading, Seconds
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    return Seconds(monkeypatch)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(monkeypatch)


@pytest.fixture
def place(runtime: Runtime) -> Place:
    return Place.build(runtime)


@pytest.fixture
def link(place: Place) -> UUID:
    """Of the first unit, which is booked from the 3rd to the 7th of July."""
    place.book(place.units[0], july(3, 7))
    return place.link(unit_id=place.units[0])


@pytest.fixture
def path(place: Place, link: UUID) -> str:
    return f"/feeds/{place.token(link)}.ics"
