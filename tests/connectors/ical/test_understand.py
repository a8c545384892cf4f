"""What events mean: whose they are, by channel, words and UID."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.contract import Mark, Nature, RemoteEvent, Timed, Window
from connectors.ical.options import FeedOptions
from connectors.ical.understand import reading_window, understand
from tests.connectors.ical.meant import Said, meant, only_meant, saying
from tests.connectors.ical.reading import LISBON, WINDOW, days

AIRBNB = "-//Airbnb Inc//Hosting Calendar 1.0//EN"
BOOKING = "-//admin.booking.com//NONSGML v1.0//EN"
VRBO = "-//HomeAway.com, Inc.//EN"
TRIPADVISOR = "-//TripAdvisor LLC//EN"


# Nature


@pytest.mark.parametrize(
    ("producer", "summary", "description", "nature"),
    [
        (AIRBNB, "Reserved", "", Nature.STAY),
        (AIRBNB, "Anything", "https://www.airbnb.com/hosting/reservations/details/HMABC12345", Nature.STAY),
        (AIRBNB, "Airbnb (Closed)", "", Nature.BLOCK),
        (AIRBNB, "Anna", "", Nature.UNKNOWN),
        (BOOKING, "CLOSED - Not available", "", Nature.UNKNOWN),
        (BOOKING, "closed – Anna", "", Nature.STAY),
        (BOOKING, "Fermé - Non disponible", "", Nature.UNKNOWN),
        (BOOKING, "CLOSED - Not available", "Booking number: 4012345678", Nature.STAY),
        (VRBO, "Reserviert - Anna", "", Nature.STAY),
        (VRBO, "Gesperrt", "", Nature.BLOCK),
        (VRBO, "Okänt - Anna", "", Nature.UNKNOWN),
        (TRIPADVISOR, "Tripadvisor: Anna", "", Nature.STAY),
        ("", "Tripadvisor: Anna", "", Nature.UNKNOWN),
        ("", "Reserved", "", Nature.STAY),
        ("", "Blocked", "Reservation code: ABC123", Nature.UNKNOWN),
        ("", "Anna Muster", "Reservation code: ABC123", Nature.STAY),
        ("", "Anna Muster", "a word about Reserved seats", Nature.UNKNOWN),
        ("", "", "", Nature.UNKNOWN),
    ],
)
def test_nature_is_told_by_channel_and_words(
    producer: str, summary: str, description: str, nature: Nature
) -> None:
    assert only_meant(saying(summary, description), producer=producer).nature is nature


@pytest.mark.parametrize(
    ("uid", "nature"),
    [
        ("20260701-20260705", Nature.BLOCK),
        ("07012026-0701-2026-0705-202607052026", Nature.BLOCK),
        ("9c5b94b1-35ad-49bb-b118-8e8fc24abf80", Nature.UNKNOWN),
        ("12345", Nature.UNKNOWN),
    ],
)
def test_a_closure_of_vrbo_is_known_by_its_uid_whatever_its_language(uid: str, nature: Nature) -> None:
    event = saying("Pas de mots connus", uid=uid)

    assert only_meant(event, producer=VRBO).nature is nature
    assert only_meant(event).nature is Nature.UNKNOWN


def test_equal_summaries_with_other_descriptions_are_told_apart() -> None:
    events = [
        saying("Anna", uid="a"),
        saying("Anna", "Reservation code: ABC123", uid="b"),
        saying("Anna", "Reservation code: XYZ789", uid="c"),
        saying("Anna", uid="d"),
    ]

    assert [event.code for event in meant(*events).events] == ["", "ABC123", "XYZ789", ""]


def test_all_else_that_was_read_is_kept() -> None:
    event = RemoteEvent(
        uid="a",
        recurrence_id="20260701",
        when=days("2026-07-01", "2026-07-02"),
        busy=True,
        summary="Reserved",
        description="Phone: +44 7700 900123",
        sequence=7,
        problem="its SEQUENCE cannot be read",
        mark=Mark("x", ()),
    )
    feed = Said((event,), problems=("a",), title="The flat", producer="-//x//EN")

    found = understand(feed, "", FeedOptions(), LISBON, WINDOW)

    assert found.events == (replace(event, nature=Nature.STAY, phone_digits="0123"),)
    assert (found.problems, found.title, found.source) == (("a",), "The flat", "unknown")


def test_decomposed_letters_do_not_hide_a_code() -> None:
    event = saying("Anna", "Nume\u0301ro de re\u0301servation : AB12")

    assert only_meant(event).code == "AB12"


# The window


def test_what_is_over_when_the_window_begins_is_left_out() -> None:
    window = Window(date(2026, 7, 5), date(2027, 7, 5))
    begin = datetime(2026, 7, 4, 23, tzinfo=UTC)  # midnight in Lisbon
    hour = timedelta(hours=1)
    events = [
        saying("a", uid="ends", when=days("2026-07-01", "2026-07-05")),
        saying("b", uid="goes on", when=days("2026-07-01", "2026-07-06")),
        saying("c", uid="ends at midnight", when=Timed(begin - hour, begin)),
        saying("d", uid="ends after midnight", when=Timed(begin - hour, begin + hour)),
        saying("e", uid="moment at midnight", when=Timed(begin, begin), busy=False),
    ]

    found = meant(*events, window=window).events

    assert [event.uid for event in found] == ["goes on", "ends after midnight", "moment at midnight"]


def test_more_is_read_than_wanted_by_what_options_can_add() -> None:
    window = Window(date(2026, 7, 5), date(2027, 7, 5), date(2028, 1, 1))

    assert reading_window(window) == Window(date(2026, 7, 2), date(2027, 7, 5), date(2028, 1, 1))
    assert reading_window(Window(date.min, date.max)).first == date.min
