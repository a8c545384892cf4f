"""What words mean, in many languages and spellings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ical.words import ARRIVAL, BLOCK, DEPARTURE, STAY, Edge, Terms, folded, read, words_of


@settings(deadline=None)
@given(st.text())
def test_what_is_folded_already_stays_as_it_is(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("  RESERVED \t\r\n by  ANNA ", "reserved by anna"),
        ("Re\u0301serve\u0301e — Amélie", "reservee - amelie"),
        ("Ｒｅｓｅｒｖｅｄ", "reserved"),
        ("Re\u00adser\u200bved", "reserved"),
        ("NICHT_VERFÜGBAR", "nicht verfugbar"),
        ("İptal Straße", "iptal strasse"),
        ("not\u00a0available", "not available"),
        ("ΚΡΆΤΗΣΗ", "κρατηση"),
    ],
)
def test_spellings_of_one_text_are_folded_alike(written: str, plain: str) -> None:
    assert folded(written) == plain


def spellings(table: dict[str, str]) -> list[str]:
    return [term.strip() for terms in table.values() for term in terms.split(",")]


@pytest.mark.parametrize("term", spellings(dict(STAY)))
def test_every_word_of_a_stay_is_read_as_one(term: str) -> None:
    if folded(term).startswith("reserve") and len(term) <= 7:
        term = f"{term} - Anna"
    for text in (term, term.upper(), f"{term} - Anna", f"Villa Rosa: {term}", f"{term} (2)"):
        found = read(text)

        assert (found.stay, found.block) == (True, False), text


@pytest.mark.parametrize("term", spellings(dict(BLOCK)))
def test_every_word_of_a_closure_is_read_as_one(term: str) -> None:
    for text in (term, term.upper(), f"Airbnb ({term})", f"{term} by Booking.com", f"Villa Rosa: {term}"):
        found = read(text)

        assert (found.stay, found.block) == (False, True), text


@pytest.mark.parametrize(
    "text",
    [
        "Réservé",
        "Réservé - Anna",
        "Réservé par Airbnb",
        "RÉSERVÉ (2 personnes)",
        "unter Vorbehalt: Familie Muster",
    ],
)
def test_more_ways_to_speak_of_a_stay(text: str) -> None:
    assert read(text).stay


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Anna Muster",
        "Busy",
        "Belegt",
        "Occupé",
        "CLOSED - Not available",
        "closed – not  available",
        "CLOSED - Anna",
        "Fully booked",
        "Reserved - Not available",
        "Buchung gesperrt",
        "Not reserved",
        "no reservations",
        "nicht gebucht",
        "non réservée",
        "Booking.com",
        "Bookings Ltd lunch",
        "Unreserved seats",
        "Reserve fund meeting",
        "Block C, lift",
        "???",
        "🏖",
    ],
)
def test_what_is_not_plain_means_nothing(text: str) -> None:
    found = read(text)

    assert found.stay == found.block, text


@pytest.mark.parametrize("text", ["Closed", "CLOSED for painting", "Geschlossen", "cerrado por obras"])
def test_closed_is_a_closure_where_nobody_is_named(text: str) -> None:
    assert read(text).block
    assert not read(text).stay


@pytest.mark.parametrize(
    ("table", "edge"),
    [(dict(ARRIVAL), Edge.ARRIVAL), (dict(DEPARTURE), Edge.DEPARTURE)],
    ids=["arrivals", "departures"],
)
def test_arrivals_and_departures_begin_or_end_with_their_word(table: dict[str, str], edge: Edge) -> None:
    for term in spellings(table):
        for text in (term, f"{term}: Anna", f"Anna Muster - {term.upper()}"):
            assert read(text).edge is edge, text
        assert read(f"Anna {term} Muster").edge is None


@pytest.mark.parametrize(
    "text",
    [
        "Check-in 15:00, check-out 11:00 check-out",
        "Late check-out Anna",
        "Früher Check-in",
        "Checking the boiler",
        "Checkmate",
        "Anna",
    ],
)
def test_what_only_resembles_an_arrival_is_none(text: str) -> None:
    assert read(text).edge is None


def test_phrases_are_whole_words() -> None:
    terms = Terms("not available, closed")

    assert terms.taken_out(words_of("it is not available now")) == ["it", "is", "now"]
    assert not terms.meets(words_of("not yet available"))
    assert not terms.meets(words_of("enclosed"))
    assert not terms.meets([])
