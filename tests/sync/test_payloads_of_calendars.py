"""Of calendars that are synced event by event what was listed is kept, but for the words of our events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.calendars import CalendarEvent, Marker, Page
from connectors.contract import AllDay
from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync import listing, payloads
from sync.calendars import LinkedCalendar
from sync.runtime import Runtime
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.reading_payloads import kept, read_by

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


def test_a_pass_keeps_what_it_listed_without_the_words_of_our_own_events(both: Synced) -> None:
    both.book(STAY)
    both.there.person.add(AllDay(TODAY + timedelta(days=50), TODAY + timedelta(days=52)), "Painters")
    both.rest()
    both.there.person.edit(both.there.beginning(str(STAY.arrival)), "Grace Hopper, needs a cot")
    both.rest()

    bodies = [json.loads(body) for run in both.runs() for body in read_by(both, run.id)]

    told = [one for body in bodies for one in body["events"]]
    assert "Painters" in {one.get("summary") for one in told}
    assert [one for one in told if "marker" in one], "our own events are listed"
    assert "Grace" not in json.dumps(bodies)
    assert len(kept(both)) == len(bodies)


@pytest.mark.parametrize("looked_up", [True, False], ids=["", "control"])
def test_an_event_of_ours_that_lost_its_marker_is_known_by_its_id(
    both: Synced, monkeypatch: pytest.MonkeyPatch, looked_up: bool
) -> None:
    changes = LinkedCalendar.changes

    def bare(*args: Any) -> Page:
        page = changes(*args)
        return replace(page, events=tuple(replace(one, marker=None) for one in page.events))

    both.book(STAY)
    both.there.person.add(AllDay(TODAY + timedelta(days=50), TODAY + timedelta(days=52)), "Painters")
    both.rest()
    both.there.person.edit(both.there.beginning(str(STAY.arrival)), "Grace Hopper, needs a cot")
    both.there.expires()
    monkeypatch.setattr(LinkedCalendar, "changes", bare)
    if not looked_up:
        monkeypatch.setattr(listing, "_unmarked", lambda *_: frozenset())

    both.sync()

    (*_, last) = both.runs()
    said = b"".join(read_by(both, last.id)).decode()
    assert "Painters" in said
    assert ("Grace" in said) == (not looked_up)


def test_an_exception_of_a_series_that_a_person_made_of_our_event_says_none_of_its_words() -> None:
    exception = CalendarEvent(id="b-1", summary="Ada", series="b")
    page = Page((exception,), None, None, full=False)

    assert b"Ada" not in payloads.written(page, {"b"})
    assert b"Ada" in payloads.written(page, {"c"})


def test_a_pass_that_brought_nothing_keeps_nothing(both: Synced) -> None:
    both.book(STAY)
    both.rest()
    before = len(kept(both))

    both.sync()

    assert len(kept(both)) == before


def test_the_same_page_gives_the_same_bytes_in_any_order() -> None:
    ours = CalendarEvent(id="b", summary="Ada", marker=Marker("item", "op", "proof"))
    theirs = CalendarEvent(id="a", summary="Painters", when=AllDay(STAY.arrival, STAY.departure))
    one, other = (Page(events, None, None, full=True) for events in ((ours, theirs), (theirs, ours)))

    assert payloads.written(one) == payloads.written(other)
    assert b"Ada" not in payloads.written(one)


def test_a_pass_keeps_no_more_than_a_feed_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MOST_BYTES", 1_000)
    heard = payloads.Heard()
    for number in range(20):
        event_there = CalendarEvent(id=f"event-{number}", summary="x" * 200)
        heard.hear(Page((event_there,), None, None, full=True))
    heard.hear(Page((), None, {}, full=True))

    assert 0 < len(heard.bodies) < 20
    assert sum(body.size for body in heard.bodies) <= 1_000
