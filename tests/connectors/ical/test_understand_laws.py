"""The laws of understanding: nothing busy is freed for not being understood, and no text costs much."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import AllDay, RemoteEvent, Timed
from connectors.ical import notes
from connectors.ical.options import FeedOptions
from connectors.ical.understand import understand
from connectors.ical.words import Edge, read
from tests.connectors.ical.meant import Said, meant, nights, only_meant, saying
from tests.connectors.ical.reading import LISBON, WINDOW

AIRBNB = "-//Airbnb Inc//Hosting Calendar 1.0//EN"
VRBO = "-//HomeAway.com, Inc.//EN"
SMOOBU = "-//Smoobu//EN"
SAMBOAT = "-//SamBoat//EN"
PRODUCERS = st.sampled_from(["", AIRBNB, "-//admin.booking.com//EN", VRBO, SMOOBU, "-//Guesty//EN", SAMBOAT])

SUMMARIES = st.one_of(
    st.sampled_from(
        [
            *(
                "Reserved",
                "Reserved - Anna",
                "Réservée - Zoé",
                "CLOSED - Not available",
                "Blocked",
                "Anna",
                "",
            ),
            *(
                "Check-in: Anna",
                "Check-out",
                "Departure",
                "Anreise",
                "Late check-out",
                "Airbnb (Not available)",
            ),
        ]
    ),
    st.text(max_size=30),
)
FIRST = datetime(2026, 7, 1, tzinfo=UTC)
ALL_DAY = st.builds(
    lambda first, nights: AllDay(date(2026, 7, first), date(2026, 7, first) + timedelta(days=nights)),
    st.integers(1, 8),
    st.integers(1, 4),
)
TIMED = st.builds(
    lambda begin, hours: Timed(FIRST + timedelta(hours=begin), FIRST + timedelta(hours=begin + hours)),
    st.integers(0, 24 * 8),
    st.integers(1, 30),
)
EVENTS = st.lists(
    st.builds(
        saying,
        SUMMARIES,
        st.one_of(
            st.just(""), st.text(max_size=40), st.just("Reservation code: ABC123\nPhone: +44 7700 900123")
        ),
        when=st.one_of(ALL_DAY, TIMED),
        busy=st.booleans(),
    ),
    max_size=12,
).map(lambda events: [replace(event, uid=f"{number}@example.com") for number, event in enumerate(events)])
HOURS = st.integers(0, 23).map(wall_time)


@settings(deadline=None)
@given(EVENTS, PRODUCERS)
def test_only_an_arrival_or_a_departure_becomes_free(events: list[RemoteEvent], producer: str) -> None:
    found = meant(*events, producer=producer).events

    assert [event.uid for event in found] == [event.uid for event in events]
    for before, after in zip(events, found, strict=True):
        assert before.busy or not after.busy
        if before.busy and not after.busy:
            edge = Edge.ARRIVAL if after.note == notes.ARRIVAL else Edge.DEPARTURE
            assert read(before.summary).edge is edge


@settings(deadline=None)
@given(EVENTS, PRODUCERS, HOURS, HOURS)
def test_no_night_is_lost(
    events: list[RemoteEvent], producer: str, check_in: wall_time, check_out: wall_time
) -> None:
    """Whenever guests come and go; none is gained but where hours take whole days, or edges tell of stays."""
    found = meant(*events, producer=producer).events
    counting = [event.uid for event in found if event.busy]

    before = nights((event for event in events if event.uid in counting), LISBON, check_in, check_out)
    after = nights(found, LISBON, check_in, check_out)

    assert before <= after
    if producer not in (SAMBOAT, SMOOBU):
        assert before == after


def test_as_dates_whole_days_would_lose_a_night() -> None:
    """What the law above would find: an early morning belongs to the night before."""
    early = saying("Booked", when=Timed(FIRST + timedelta(hours=30), FIRST + timedelta(hours=31)))
    as_dates = replace(early, when=AllDay(date(2026, 7, 2), date(2026, 7, 3)))

    whole = meant(early, producer=SAMBOAT).events

    assert nights([early]) <= nights(whole)
    assert not nights([early]) <= nights([as_dates])


@settings(deadline=None)
@given(EVENTS)
def test_an_arrival_that_is_explained_takes_no_night_but_its_stays(events: list[RemoteEvent]) -> None:
    found = meant(*events, producer=SMOOBU).events
    explained = {event.uid for event in found if event.note == notes.ARRIVAL}

    all_day = [event for event in events if isinstance(event.when, AllDay)]

    assert nights(event for event in all_day if event.uid in explained) <= nights(found)


@settings(deadline=None)
@given(EVENTS, PRODUCERS, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(
    events: list[RemoteEvent], producer: str, whole_days: bool, random: Random
) -> None:
    options = FeedOptions(whole_days=whole_days, ignore=("anna",), checkout_offset=-1)
    shuffled = list(events)
    random.shuffle(shuffled)

    one = meant(*events, producer=producer, options=options)
    other = meant(*shuffled, producer=producer, options=options)

    assert sorted(one.events, key=lambda event: event.key) == sorted(
        other.events, key=lambda event: event.key
    )
    assert (one.problems, one.source) == (other.problems, other.source)


@settings(deadline=None)
@given(EVENTS, PRODUCERS, st.integers(0, 2))
def test_a_later_checkout_frees_nothing(events: list[RemoteEvent], producer: str, offset: int) -> None:
    without = meant(*events, producer=producer).events
    options = FeedOptions(checkout_offset=offset)

    assert nights(without) <= nights(meant(*events, producer=producer, options=options).events)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=400), st.text(max_size=40), PRODUCERS)
def test_no_text_trips_it_up(summary: str, description: str, uid: str, producer: str) -> None:
    event = saying(summary, description, uid=uid)

    found = only_meant(event, producer=producer)

    assert found.busy
    assert found.phone_digits == "" or (len(found.phone_digits) == 4 and found.phone_digits.isdigit())
    assert len(found.code) <= 24


# Cost

HOSTILE = [
    *(
        "Reserved - ",
        "not reserved ",
        "check in ",
        "closed - not available ",
        "owner ",
        "réservée ",
        "not ",
        "é ",
    ),
    *(
        "Booking number: ",
        "booking number 1-",
        "Reservation #",
        "numero de la ",
        "/details/",
        "?code=",
        "HM",
        "GY-",
    ),
    *(
        "Phone (",
        "phone 1 ",
        "Tel. +",
        "(Last 4 Digits): ",
        "tel\n",
        "book\n",
        "1-",
        "1 (",
        "(",
        " ",
        "-",
        "\ufdfa",
    ),
    *("x@", "a.", "20260701-", "_an_", "tripadvisor", "[b] - "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_cost_time_in_proportion_to_their_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        event = saying(text, text, uid=text)
        begun = time.process_time()
        only_meant(event, producer=AIRBNB, options=FeedOptions(only=("reserved", piece + "ab")))
        only_meant(event, producer=VRBO)
        only_meant(event, producer="-//Guesty//EN")
        return time.process_time() - begun

    # Twenty times as long: what grows with the square would take four hundred times as long.
    assert min(seconds(10_000), seconds(10_000)) < max(0.1, 100 * seconds(500))


def test_a_feed_of_20_000_events_is_understood_at_once() -> None:
    events = tuple(
        saying(
            "Reserved",
            f"Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM{number:08}\n"
            "Phone Number (Last 4 Digits): 1234",
            uid=f"{number}@airbnb.com",
        )
        for number in range(20_000)
    )
    feed = Said(events, producer=AIRBNB)

    begun = time.process_time()
    found = understand(feed, "", FeedOptions(), LISBON, WINDOW)
    took = time.process_time() - begun

    assert found.events[-1].code == "HM00019999"
    assert took < 1  # a fifth of it on an idle machine would be much
