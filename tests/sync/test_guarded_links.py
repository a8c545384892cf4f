"""What becomes of a link's guard when people pause it, resume it or give it another address."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from sync import linking
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer

QUARTER = timedelta(minutes=15)


@pytest.fixture
def link(importer: Importer, clock: FrozenClock) -> UUID:
    """Four stays were held, and two readings agreed that there is none."""
    importer.says(*(nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in range(4)))
    link = importer.link()
    importer.pull(link)
    importer.says()
    for _ in range(2):
        clock.advance(QUARTER)
        importer.pull(link)
    assert readings(importer, link) == 1
    clock.advance(QUARTER)
    return link


def readings(importer: Importer, link: UUID) -> int:
    """How many more must agree."""
    guard = importer.state(link).guard
    assert guard is not None
    return int(guard["readings"])


def test_a_guarded_link_that_was_paused_is_guarded_when_it_is_resumed(importer: Importer, link: UUID) -> None:
    before = importer.state(link)
    importer.do(lambda session: linking.pause(session, link))
    importer.do(lambda session: linking.resume(session, link))

    after = importer.state(link)
    assert (after.state, after.state_reason) == ("guarded", before.state_reason)
    assert after.guard == before.guard


def test_readings_of_another_address_do_not_agree_with_those_before(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says(feed="/new.ics")
    url = {"url": importer.channel.url("/new.ics")}
    importer.do(lambda session: linking.change(session, link, settings=url))

    for left in (2, 1):
        clock.advance(QUARTER)
        importer.pull(link)
        assert len(importer.blocks(link)) == 4
        assert readings(importer, link) == left
    clock.advance(QUARTER)
    importer.pull(link)

    assert importer.blocks(link) == []


def test_without_another_address_the_next_reading_frees_it(importer: Importer, link: UUID) -> None:
    """The control of the test before."""
    importer.pull(link)

    assert importer.blocks(link) == []
