"""Over random calendars: who undoes the latest sync has the availability that was there before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from hub.domain.periods import Nights
from sync import undoing
from sync.planning import guard
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import MADRID, day, nights
from tests.sync.importing import Importer
from tests.sync.rehearsed import MANY
from tests.sync.undone import closed, free, undo

MORNING = datetime(2026, 6, 1, 10, tzinfo=MADRID)
NAMES = "abcde"
OPEN, SHUT = "Reserved", "Not available"
Said = dict[str, tuple[int, int, str]]
READINGS = st.lists(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.tuples(st.integers(5, 30), st.integers(1, 6), st.sampled_from([OPEN, SHUT])),
        max_size=5,
    ),
    min_size=2,
    max_size=5,
)
"""What a calendar says, time after time: by name, when each event begins and how many nights it has"""

FOUND_ANOTHER_UNIT: list[Said] = [
    {"a": (10, 2, OPEN), "d": (18, 5, SHUT), "c": (17, 5, SHUT), "b": (9, 6, OPEN), "e": (12, 3, OPEN)},
    {"d": (6, 5, SHUT)},
    {"c": (16, 4, OPEN), "b": (14, 3, OPEN), "e": (14, 2, OPEN), "d": (7, 6, SHUT), "a": (13, 5, SHUT)},
    {"b": (26, 3, OPEN), "a": (18, 1, SHUT), "c": (14, 1, SHUT), "e": (19, 5, OPEN), "d": (9, 3, OPEN)},
]
"""What the last of these frees lets an event move that had found no unit for all of its time"""


def says(importer: Importer, said: Said) -> None:
    importer.says(*(nights(name, day(n), day(n + long), words) for name, (n, long, words) in said.items()))


def read(importer: Importer, link: UUID, clock: FrozenClock, readings: list[Said]) -> tuple[Any, UUID | None]:
    """What was free before the latest sync that changed anything, and that sync."""
    clock.at(MORNING)  # for each example anew, or days go by
    found: tuple[Any, UUID | None] = ({}, None)
    for said in readings:
        says(importer, said)
        for _ in range(2):  # the second of the two agrees that what is missing is gone
            before = free(importer)
            outcome = importer.pull(link)
            if outcome.state == "changed":
                found = before, outcome.run_id
            elif outcome.counts.get("renamed") or outcome.counts.get("reworded"):
                found = {}, None  # they may be other stays since, and are left
            clock.advance(guard.APART + timedelta(minutes=1))
    return found


@pytest.mark.parametrize("of_type", [False, True])
@MANY
@given(readings=READINGS)
@example(readings=FOUND_ANOTHER_UNIT)
@example(readings=[{}, {"a": (10, 2, OPEN)}, {"b": (10, 2, OPEN)}])
def test_what_was_taken_before_it_is_taken_after_it_is_undone_and_the_rest_is_free(
    reaching: Runtime, channel: FeedServer, clock: FrozenClock, readings: list[Said], *, of_type: bool
) -> None:
    importer = Importer.build(reaching, channel)
    link = importer.link(unit_type_id=importer.unit_type_id) if of_type else importer.link()
    before, run = read(importer, link, clock, readings)
    if run is None:
        return

    done = undo(importer, run)

    event(", ".join(part.split(" ", 1)[1] for part in done.headline.split(", ")) if done.steps else "nothing")
    after = free(importer)
    assert all(after[unit_id] <= before[unit_id] for unit_id in before), "what was taken is taken"
    if not of_type:  # of several units, an event that had found none takes what became free meanwhile
        assert after == before
    was = closed(importer)
    assert not any(one.done for one in undo(importer, run).steps)
    if importer.state(link).guard is None:  # what waits to be freed may be freed by the next reading
        importer.pull(link)
        assert (free(importer), closed(importer)) == (after, was), "read again it says the same"


@MANY
@given(readings=READINGS, sold=st.lists(st.tuples(st.integers(5, 30), st.integers(1, 4)), max_size=3))
def test_what_was_sold_meanwhile_stays_sold_once_and_all_else_is_as_before(
    reaching: Runtime,
    channel: FeedServer,
    clock: FrozenClock,
    readings: list[Said],
    sold: list[tuple[int, int]],
) -> None:
    importer = Importer.build(reaching, channel, units=1)
    before, run = read(importer, importer.link(), clock, readings)
    if run is None:
        return
    (unit_id,) = importer.units
    meanwhile: set[Any] = set()
    for first, long in sold:
        span = Nights(day(first), day(first + long))
        if set(span) <= free(importer)[unit_id]:
            importer.book(span, unit_id)
            meanwhile.update(span)

    planned = importer.do(lambda session: undoing.plan(session, run))
    done = undo(importer, run)

    assert planned.headline == done.headline
    assert free(importer)[unit_id] == before[unit_id] - meanwhile
