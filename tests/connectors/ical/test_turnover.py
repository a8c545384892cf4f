"""Three events a stay: which arrivals and departures are explained by a stay, and which count."""

from __future__ import annotations

import pytest

from connectors.contract import Nature, RemoteEvent, When
from connectors.ical import notes
from connectors.ical.turnover import NOTES
from connectors.ical.words import Edge
from tests.connectors.ical.meant import meant, nights, saying
from tests.connectors.ical.reading import days, times

SMOOBU = "-//Smoobu//EN"
STAY = saying("Anna Muster", uid="stay")  # from the 1st to the 5th of July
ARRIVAL = saying("Check-in: Anna Muster", uid="in", when=days("2026-07-01", "2026-07-02"))
DEPARTURE = saying("Check-out: Anna Muster", uid="out", when=days("2026-07-05", "2026-07-06"))


def test_three_events_a_stay_take_the_nights_of_one() -> None:
    found = meant(ARRIVAL, STAY, DEPARTURE, producer=SMOOBU).events

    assert [(event.uid, event.busy, event.note) for event in found] == [
        ("in", False, notes.ARRIVAL),
        ("stay", True, ""),
        ("out", False, notes.DEPARTURE),
    ]
    assert nights(found) == nights([STAY])


def test_who_arrives_or_departs_is_a_guest() -> None:
    (alone,) = meant(STAY, producer=SMOOBU).events
    found = meant(ARRIVAL, STAY, DEPARTURE, producer=SMOOBU).events

    assert alone.nature is Nature.UNKNOWN
    assert [event.nature for event in found] == [Nature.UNKNOWN, Nature.STAY, Nature.UNKNOWN]


def test_one_of_the_two_is_enough_for_a_channel_that_is_known_to_list_them() -> None:
    assert [event.busy for event in meant(STAY, DEPARTURE, producer=SMOOBU).events] == [True, False]
    assert [event.busy for event in meant(ARRIVAL, STAY, producer=SMOOBU).events] == [False, True]


def test_elsewhere_only_both_together_are_explained() -> None:
    assert [event.busy for event in meant(ARRIVAL, STAY, DEPARTURE).events] == [False, True, False]
    assert [event.busy for event in meant(STAY, DEPARTURE).events] == [True, True]
    assert [event.busy for event in meant(ARRIVAL, STAY).events] == [True, True]


@pytest.mark.parametrize(
    "when",
    [
        days("2026-07-02", "2026-07-06"),
        days("2026-06-30", "2026-07-04"),
        times("2026-07-01 14:00", "2026-07-01 15:00"),
    ],
)
def test_without_their_stay_they_count(when: When) -> None:
    elsewhere = saying("Anna Muster", uid="stay", when=when)

    for others in ((), (elsewhere,)):
        assert all(event.busy for event in meant(ARRIVAL, DEPARTURE, *others).events)


@pytest.mark.parametrize("others", [(), (saying("Blocked", uid="stay"),)])
def test_both_make_the_stay_that_is_not_listed(others: tuple[RemoteEvent, ...]) -> None:
    found = meant(ARRIVAL, *others, DEPARTURE, producer=SMOOBU).events

    assert (found[0].busy, found[0].when, found[0].nature) == (True, STAY.when, Nature.STAY)
    assert (found[-1].busy, found[-1].note) == (False, notes.DEPARTURE)
    assert not any(event.part for event in found)


@pytest.mark.parametrize(
    ("edge", "night"),
    [(ARRIVAL, days("2026-07-01", "2026-07-02")), (DEPARTURE, days("2026-07-04", "2026-07-06"))],
)
def test_one_alone_tells_a_part_of_a_stay(edge: RemoteEvent, night: When) -> None:
    (found,) = meant(edge, producer=SMOOBU).events

    assert (found.busy, found.when, found.nature, found.part) == (True, night, Nature.STAY, True)


@pytest.mark.parametrize("uids", [("a", "b", "c", "d"), ("a", "c", "b", "d"), ("d", "c", "b", "a")])
def test_on_a_day_of_turnover_one_departs_before_the_next_arrives(uids: tuple[str, ...]) -> None:
    said = [("Check-in", 1), ("Check-out", 10), ("Check-in", 10), ("Check-out", 20)]
    events = [
        saying(words, uid=uid, when=days(f"2026-07-{day:02}", f"2026-07-{day + 1:02}"))
        for (words, day), uid in zip(said, uids, strict=True)
    ]

    found = meant(*sorted(events, key=lambda event: event.uid), producer=SMOOBU).events

    assert nights(found) == nights([saying("both", when=days("2026-07-01", "2026-07-20"))])


@pytest.mark.parametrize(
    "departure",
    [
        saying("Check-out: Bert Muster", uid="out", when=DEPARTURE.when),
        saying("Check-out: Anna Muster", uid="out", when=days("2026-06-30", "2026-07-01")),
        saying("Check-out: Anna Muster", uid="out", when=days("2026-09-30", "2026-10-01")),
    ],
)
def test_what_is_not_of_one_stay_makes_none(departure: RemoteEvent) -> None:
    found = meant(ARRIVAL, departure, producer=SMOOBU).events

    assert [(event.busy, event.part) for event in found] == [(True, True), (True, True)]


def test_a_stay_that_does_not_count_or_could_not_be_read_explains_nothing() -> None:
    free = saying("Anna Muster", uid="stay", busy=False)
    unread = saying("Anna Muster", uid="stay")
    object.__setattr__(unread, "problem", "its end cannot be read")

    for stay in (free, unread):
        found = meant(ARRIVAL, stay, DEPARTURE).events
        assert [found[0].busy, found[2].busy] == [True, True]


def test_each_stay_explains_one_arrival_and_one_departure() -> None:
    second = saying("Check-out: somebody", uid="out-2", when=DEPARTURE.when)
    third = saying("Check-out: somebody else", uid="out-3", when=DEPARTURE.when)
    other = saying("Bert Muster", uid="stay-2", when=days("2026-07-03", "2026-07-05"))

    one = meant(STAY, DEPARTURE, second, third, producer=SMOOBU).events
    two = meant(STAY, other, DEPARTURE, second, third, producer=SMOOBU).events

    assert [event.uid for event in one if not event.busy] == ["out"]
    assert [event.uid for event in two if not event.busy] == ["out", "out-2"]


@pytest.mark.parametrize(
    ("arrival", "departure"),
    [
        (times("2026-07-01 14:00", "2026-07-01 15:00"), times("2026-07-05 10:00", "2026-07-05 11:00")),
        (days("2026-07-01", "2026-07-02"), times("2026-07-05 09:00", "2026-07-05 22:59")),
    ],
)
def test_times_are_explained_as_well(arrival: When, departure: When) -> None:
    timed = saying("Anna", uid="stay", when=times("2026-07-01 15:00", "2026-07-05 10:00"))
    marks = (saying("Arrival", uid="in", when=arrival), saying("Departure", uid="out", when=departure))

    for stay in (STAY, timed):
        assert [event.busy for event in meant(*marks, stay).events] == [False, False, True]


@pytest.mark.parametrize(
    "when", [days("2026-07-01", "2026-07-03"), times("2026-07-01 20:00", "2026-07-02 19:00")]
)
def test_what_takes_more_than_its_day_counts(when: When) -> None:
    """It may take a night that is not its stay's."""
    longer = saying("Check-in: Anna", uid="in", when=when)
    one_night = saying("Anna", uid="stay", when=days("2026-07-01", "2026-07-02"))
    departure = saying("Check-out: Anna", uid="out", when=days("2026-07-02", "2026-07-03"))

    found = meant(longer, one_night, departure, producer=SMOOBU).events

    assert found[0].busy


def test_a_late_departure_counts() -> None:
    late = saying("Late check-out: Anna", uid="out", when=DEPARTURE.when)

    assert all(event.busy for event in meant(STAY, late, producer=SMOOBU).events)


def test_a_closure_is_no_departure_whatever_it_is_called() -> None:
    closed = saying("Checkout blocked", uid="out", when=DEPARTURE.when)

    assert all(event.busy for event in meant(STAY, closed, producer=SMOOBU).events)


def test_the_edges_have_notes_for_both() -> None:
    assert set(NOTES) == set(Edge)
