"""An event that finds no unit, and one that could be read only in part."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from connectors.contract import AllDay
from hub.models.external import ConflictRecord
from sync import conflicts
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.flows.conflicts.playing import logged, looks_again, span
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import Importer
from tests.sync.refitting import changes_type, settled
from tests.sync.theirs import family, instead, once, synced, tells, weekly


def unreadable(uid: str, first: int, after: int, name: str = "Ada Lovelace") -> str:
    """Its end cannot be read, and what stands there names somebody."""
    return nights(uid, day(first), day(after)).replace(
        f"DTEND;VALUE=DATE:{day(after):%Y%m%d}", f"DTEND;VALUE=DATE:{name}"
    )


# Without a unit


def test_an_event_for_which_all_is_sold(importer: Importer) -> None:
    booked = [importer.book(span(20, 23), unit) for unit in importer.units]
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)

    importer.pull(link)

    (conflict,) = importer.conflicts()
    assert (conflict.type, conflict.unit_id, conflict.local) == ("UNPLACED", None, {})
    importer.cancel(booked[0])
    settled(importer)
    assert importer.conflicts() == []
    assert importer.names(link) == ["Room 1"]


def test_an_event_whose_unit_is_no_longer_what_its_calendar_speaks_of(importer: Importer) -> None:
    """The event was there first."""
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(property_id=importer.property_id, category="room")
    importer.pull(link)

    changes_type(importer, importer.unit_type_id, category="home")
    settled(importer)
    (conflict,) = importer.conflicts()
    assert conflict.type == "UNPLACED"

    changes_type(importer, importer.unit_type_id, category="room")
    settled(importer)
    assert importer.conflicts() == []


def test_what_somebody_writes_in_a_calendar_of_both_directions_when_all_is_sold(importer: Importer) -> None:
    for unit in importer.units:
        importer.book(span(20, 23), unit)
    link = synced(importer, unit_type_id=importer.unit_type_id)
    tells(importer, link, once("a", AllDay(day(20), day(23))))

    (conflict,) = importer.conflicts()
    assert conflict.type == "UNPLACED"

    tells(importer, link, once("a", AllDay(day(40), day(42))))
    assert importer.conflicts() == []
    assert importer.names(link) == ["Room 1"]


# Read in part


def test_an_event_whose_end_cannot_be_read_stays_busy_and_is_told_without_its_words(
    importer: Importer,
) -> None:
    importer.says(unreadable("a", 20, 23))
    link = importer.link(name="Seaside")

    importer.pull(link)

    (conflict,) = importer.conflicts()
    (event,) = importer.events(link)
    assert (conflict.type, conflict.event_id, conflict.local) == ("UNPARSEABLE", event.id, {})
    assert conflict.unit_id == importer.units[0]
    assert conflict.remote["problem"]
    assert "Ada" not in str(conflict.remote)
    assert importer.periods(link), "it blocks what could be read of it"

    importer.says(nights("a", day(20), day(23)))
    importer.pull(link)
    assert importer.conflicts() == []
    assert logged(importer) == ["opened", "closed"]


def test_an_event_that_was_read_well_and_is_not_any_more(importer: Importer, clock: FrozenClock) -> None:
    """Its time may be the same; and it closes when the event goes."""
    importer.says(nights("a", day(20), day(21)), nights("x", day(40), day(41)))
    link = importer.link()
    importer.pull(link)
    assert importer.conflicts() == []

    importer.says(unreadable("a", 20, 21), nights("x", day(40), day(41)))
    importer.pull(link)
    (conflict,) = importer.conflicts()
    assert conflict.type == "UNPARSEABLE"

    importer.says(nights("x", day(40), day(41)))
    importer.pull_until_agreed(link, clock)
    assert importer.conflicts() == []


def test_a_series_that_cannot_be_read_is_told_once(importer: Importer) -> None:
    """In a calendar of both directions; each occurrence has the same problem."""
    link = synced(importer)
    series = weekly("a", AllDay(day(20), day(21)), problem="its time zone 'Mars' is not known")
    tells(importer, link, series)

    (conflict,) = importer.conflicts()
    assert conflict.type == "UNPARSEABLE"
    assert len(importer.events(link)) > 10

    tells(importer, link, weekly("a", AllDay(day(21), day(22)), problem="its time zone 'Mars' is not known"))
    assert len(importer.conflicts()) == 1

    tells(importer, link, weekly("a", AllDay(day(21), day(22))))
    assert importer.conflicts() == []


MARS = "its time zone 'Mars' is not known"


def a_series(importer: Importer, state: str) -> tuple[UUID, ConflictRecord]:
    """Read in part, and what a person said of it."""
    link = synced(importer)
    tells(importer, link, weekly("a", AllDay(day(1), day(2)), problem=MARS))
    (conflict,) = importer.conflicts()
    importer.run_sql("UPDATE conflicts SET state = :state", state=state)
    return link, conflict


@pytest.mark.parametrize("state", ["open", "ignored", "accepted"])
def test_what_was_said_of_a_series_is_said_of_its_next_occurrence(
    importer: Importer, clock: FrozenClock, state: str
) -> None:
    link, conflict = a_series(importer, state)
    first, second, *_ = importer.events(link)
    assert conflict.event_id == first.id

    clock.advance(timedelta(days=4))
    assert importer.do(lambda session: conflicts.close_past(session, 100)) == 0
    looks_again(importer)

    (left,) = importer.conflicts(state)
    assert (left.id, left.event_id, left.remote["from"]) == (conflict.id, second.id, str(second.first))
    assert importer.conflicts("closed") == []
    assert logged(importer) == ["opened", "went_on"]
    if state != "open":
        assert importer.conflicts() == []


@pytest.mark.parametrize("state", ["open", "ignored", "accepted"])
def test_a_series_of_which_the_first_occurrence_alone_can_be_read(importer: Importer, state: str) -> None:
    link, conflict = a_series(importer, state)
    _, second, *_ = importer.events(link)

    read = instead("a", day(1), AllDay(day(1), day(2)))
    tells(importer, link, family(link, weekly("a", AllDay(day(1), day(2)), problem=MARS), read))

    (left,) = importer.conflicts(state)
    assert (left.id, left.event_id) == (conflict.id, second.id)

    tells(importer, link, weekly("a", AllDay(day(1), day(2))))
    assert importer.conflicts(state) == []
    assert importer.conflicts("closed")[0].resolution == "its cause is gone"


def test_a_series_of_a_feed_goes_on_when_its_first_occurrence_is_gone(
    importer: Importer, clock: FrozenClock
) -> None:
    """The event itself is not there any more to say what it recurred with."""
    rule = "RRULE:FREQ=WEEKLY;COUNT=3\r\n"
    broken = unreadable("a", 1, 2).replace("END:VEVENT", f"{rule}END:VEVENT")
    importer.says(broken)
    link = importer.link()
    importer.pull(link)
    (conflict,) = importer.conflicts()
    assert len(importer.events(link)) == 3

    importer.says(broken.replace(rule, f"{rule}EXDATE;VALUE=DATE:{day(1):%Y%m%d}\r\n"))
    importer.pull_until_agreed(link, clock)

    (left,) = importer.conflicts()
    assert (left.id, left.event_id) == (conflict.id, importer.events(link)[0].id)
    assert left.event_id != conflict.event_id


def test_the_last_occurrence_of_a_series_leaves_nothing(importer: Importer, clock: FrozenClock) -> None:
    link = synced(importer)
    tells(importer, link, weekly("a", AllDay(day(1), day(2)), rule="FREQ=WEEKLY;COUNT=2", problem=MARS))
    clock.advance(timedelta(days=20))

    assert importer.do(lambda session: conflicts.close_past(session, 100)) == 1
    looks_again(importer)
    assert importer.conflicts() == []


def test_what_could_not_be_read_at_all_is_told_with_the_run(importer: Importer) -> None:
    """There is no event, and no time that anybody could decide on."""
    broken = nights("a", day(20), day(23)).replace("DTSTART;", "X-NOTHING;").replace("DTEND;", "X-NOTHING;")
    importer.channel.answer("/room.ics", Answer(body=calendar(broken, nights("b", day(30), day(31)))))
    link = importer.link()

    outcome = importer.pull(link)

    assert importer.conflicts() == []
    assert outcome.counts["problems"] == 1
    assert "could not be read" in " ".join(outcome.summary)


def test_it_closes_when_it_is_over(importer: Importer, clock: FrozenClock) -> None:
    importer.says(unreadable("a", 2, 3))
    importer.pull(importer.link())
    assert len(importer.conflicts()) == 1

    clock.advance(timedelta(days=5))
    assert importer.do(lambda session: conflicts.close_past(session, 100)) == 1

    (closed,) = importer.conflicts("closed")
    assert closed.resolution == "it is over"
    relay(importer.runtime)
    assert importer.conflicts() == []
