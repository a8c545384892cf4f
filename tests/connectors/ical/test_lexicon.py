"""What texts mean is remembered from feed to feed, within bounds; what is understood is the same."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import AllDay, Mark, Nature, RemoteEvent, Window
from connectors.ical.meaning import Lexicon
from connectors.ical.options import FeedOptions
from connectors.ical.particulars import phone_digits_of
from connectors.ical.translate import Parsed
from connectors.ical.understand import understand

LISBON = ZoneInfo("Europe/Lisbon")
WINDOW = Window(date(2026, 12, 1), date(2027, 12, 1))
AIRBNB = "-//Airbnb Inc//Hosting Calendar 1.0//EN"
ROOM_FOR_TEN = 10 * 450


def _stay(number: int) -> RemoteEvent:
    url = f"https://www.airbnb.com/hosting/reservations/details/HM{number:08}"
    words = f"Reservation URL: {url}\nPhone: +351 91234{number:04}"
    when = AllDay(date(2026, 12, 1 + number % 20), date(2026, 12, 3 + number % 20))
    return RemoteEvent(f"{number}@airbnb.com", None, when, True, "Reserved", words)


def _understood(
    numbers: range, lexicon: Lexicon | None = None, producer: str = AIRBNB
) -> tuple[RemoteEvent, ...]:
    feed = Parsed(tuple(map(_stay, numbers)), (), "", producer)
    return understand(feed, "www.airbnb.com", FeedOptions(), LISBON, WINDOW, lexicon).events


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts in which a telephone number was sought."""
    texts: list[str] = []

    def seeking(text: str) -> str:
        texts.append(text)
        return phone_digits_of(text)

    monkeypatch.setattr("connectors.ical.meaning.phone_digits_of", seeking)
    return texts


def test_a_text_that_was_read_before_is_not_searched_again(searched: list[str]) -> None:
    lexicon = Lexicon(1 << 20)
    without = _understood(range(30))
    first = _understood(range(30), lexicon)
    assert searched
    del searched[:]

    again = _understood(range(30), lexicon)

    assert searched == []
    assert without == first == again
    assert again[7].phone_digits == "0007"
    assert again[7].code == "HM00000007"


def test_what_one_channel_means_by_a_text_is_not_what_another_means() -> None:
    lexicon = Lexicon(1 << 20)
    _understood(range(5), lexicon)

    other = _understood(range(5), lexicon, "-//Smoobu//EN")

    assert len(lexicon) == 10
    assert other == _understood(range(5), None, "-//Smoobu//EN")


def test_a_feed_that_does_not_quite_fit_in_is_not_forgotten_each_time() -> None:
    lexicon = Lexicon(ROOM_FOR_TEN)
    for _ in range(3):
        assert _understood(range(12), lexicon) == _understood(range(12))
        assert 8 <= len(lexicon) <= 12


def test_however_many_feeds_it_stays_within_its_bounds_and_learns_what_is_new(searched: list[str]) -> None:
    lexicon = Lexicon(ROOM_FOR_TEN)
    for turn in range(60):
        _understood(range(turn * 5, turn * 5 + 5), lexicon)
        assert len(lexicon) <= 12
    for _ in range(9):
        _understood(range(900, 905), lexicon)
    del searched[:]

    _understood(range(900, 905), lexicon)

    assert searched == []


def test_nothing_of_an_event_is_lost_when_it_is_understood() -> None:
    when = AllDay(date(2026, 12, 5), date(2026, 12, 8))
    event = RemoteEvent("1@airbnb.com", "20261205", when, False, "Reserved", "d", 3, "p", "n")
    event = replace(event, mark=Mark("o", ("a.b",)))
    told = {"nature", "code", "phone_digits", "part"}
    plain = RemoteEvent("", None, AllDay(date.min, date.max), True)
    others = {field.name for field in fields(RemoteEvent)} - told
    assert all(getattr(event, name) != getattr(plain, name) for name in others)

    (found,) = understand(Parsed((event,), (), "", AIRBNB), "", FeedOptions(), LISBON, WINDOW).events

    assert replace(found, nature=Nature.UNKNOWN) == event
