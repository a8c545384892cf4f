"""A calendar is read more often while somebody is about to arrive, whoever sold the stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.domain.periods import Nights
from hub.services import blackouts
from hub.services.blackouts import BlackoutRequest
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import DOMAIN, Importer
from tests.sync.refitting import add_whole

LONGEST_NEAR = timedelta(minutes=7.5) * 1.25
SHORTEST_FAR = timedelta(minutes=15) * 0.75
TOMORROW = (1, 3)


def comes_again_after(importer: Importer, link: UUID, clock: FrozenClock) -> timedelta:
    importer.pull(link)
    return importer.state(link).next_pull_at - clock.instant


def test_without_an_arrival_the_interval_is_the_links(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))

    assert comes_again_after(importer, importer.link(), clock) >= SHORTEST_FAR


def test_what_the_channel_sold_counts(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(1), day(3)))
    link = importer.link()
    importer.pull(link)

    assert comes_again_after(importer, link, clock) <= LONGEST_NEAR


SCOPES: dict[str, Callable[[Importer], dict[str, Any]]] = {
    "the unit": lambda importer: {"unit_id": importer.units[0]},
    "its type": lambda importer: {"unit_type_id": importer.unit_type_id},
    "its category": lambda importer: {"property_id": importer.property_id, "category": "room"},
    "the property": lambda importer: {"property_id": importer.property_id},
    "a whole that it is part of": lambda importer: {"unit_id": add_whole(importer, importer.units)[1]},
}


@pytest.mark.parametrize("scope", SCOPES)
def test_what_we_sold_of_the_links_units_counts(importer: Importer, clock: FrozenClock, scope: str) -> None:
    importer.says()
    importer.book(Nights(*map(day, TOMORROW)), importer.units[0])

    assert comes_again_after(importer, importer.link(**SCOPES[scope](importer)), clock) <= LONGEST_NEAR


@pytest.mark.parametrize(
    "other", ["another unit", "another category", "under way", "later", "a blackout", "cancelled"]
)
def test_nothing_else_does(importer: Importer, clock: FrozenClock, other: str) -> None:
    importer.says()
    scope: dict[str, Any] = {"unit_id": importer.units[0]}
    if other == "another unit":
        importer.book(Nights(*map(day, TOMORROW)), importer.units[1])
    elif other == "another category":
        importer.book(Nights(*map(day, TOMORROW)), importer.units[0])
        scope = {"property_id": importer.property_id, "category": "car"}
    elif other == "under way":
        importer.book(Nights(day(1), day(9)), importer.units[0])
        clock.advance(timedelta(days=2))
    elif other == "later":
        importer.book(Nights(day(5), day(9)), importer.units[0])
    elif other == "a blackout":
        closed = BlackoutRequest(importer.units[0], Nights(*map(day, TOMORROW)), "maintenance")
        importer.do(lambda session: blackouts.add(session, closed, DOMAIN))
    else:
        importer.cancel(importer.book(Nights(*map(day, TOMORROW)), importer.units[0]))

    assert comes_again_after(importer, importer.link(**scope), clock) >= SHORTEST_FAR


def test_the_next_guest_counts_while_one_is_there(importer: Importer, clock: FrozenClock) -> None:
    importer.says()
    importer.book(Nights(day(1), day(4)), importer.units[0])
    importer.book(Nights(day(4), day(6)), importer.units[0])
    clock.advance(timedelta(days=3))

    assert comes_again_after(importer, importer.link(), clock) <= LONGEST_NEAR
