"""What was seen of an event: whether it is news, and whether it is our own write come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.calendars import CalendarEvent, Marker
from hub.ids import new_id
from sync.planning.observing import Shadow, Sight, recognised, sight

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
SEEN = Shadow("present", '"2"', NOW)


def an_event(**told: Any) -> CalendarEvent:
    return CalendarEvent(id="one", **told)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (an_event(etag='"3"', updated=LATER), Sight.NEWS),
        (an_event(etag='"3"', updated=NOW), Sight.NEWS),
        (an_event(etag='"2"', updated=NOW), Sight.KNOWN),
        (an_event(etag='"1"', updated=EARLIER), Sight.OLDER),
        (an_event(deleted=True, updated=LATER), Sight.NEWS),
        (an_event(deleted=True, updated=EARLIER), Sight.OLDER),
        (an_event(deleted=True), Sight.LOOK),
    ],
)
def test_a_listing_is_news_only_where_it_is_newer(event: CalendarEvent, expected: Sight) -> None:
    assert sight(SEEN, event, direct=False) is expected


def test_a_deletion_without_a_time_is_believed_of_the_event_itself() -> None:
    assert sight(SEEN, an_event(deleted=True), direct=True) is Sight.NEWS


def test_what_was_seen_more_than_once_is_news_whatever_its_clock_says() -> None:
    other = an_event(etag='"1"', updated=EARLIER)

    assert sight(SEEN, other, direct=True) is Sight.OLDER
    assert sight(SEEN, other, direct=True, certain=True) is Sight.NEWS
    assert sight(SEEN, an_event(deleted=True, updated=EARLIER), direct=True, certain=True) is Sight.NEWS
    assert sight(SEEN, an_event(etag='"2"', updated=NOW), direct=True, certain=True) is Sight.KNOWN


def test_what_is_gone_already_is_known_to_be() -> None:
    gone = Shadow("deleted", '"2"', NOW)

    assert sight(gone, an_event(deleted=True), direct=False) is Sight.KNOWN
    assert sight(gone, an_event(etag='"3"', updated=LATER), direct=False) is Sight.NEWS


def test_our_own_write_is_recognised_once() -> None:
    first, second = new_id(), new_id()
    event = an_event(marker=Marker("item", str(second), "signature"))

    assert recognised(event, {first, second}, None) == second
    assert recognised(event, {first, second}, first) == second
    assert recognised(event, {first, second}, second) is None


def test_a_write_that_was_overtaken_is_not_taken_for_new() -> None:
    first, second = new_id(), new_id()
    event = an_event(marker=Marker("item", str(first), "signature"))

    assert recognised(event, {first, second}, second) is None


@pytest.mark.parametrize("revision", ["", "nonsense", "01a2005d-0000-7000-8000-000000000000"])
def test_no_other_revision_is_ours(revision: str) -> None:
    assert recognised(an_event(marker=Marker("item", revision, "signature")), {new_id()}, None) is None
