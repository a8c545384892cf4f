"""Codes and the last digits of telephone numbers, in the texts of many channels."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ical.particulars import code_of, phone_digits_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMABC12345", "HMABC12345"),
        ("Guest of Airbnb, HMXY12345Z, two nights", "HMXY12345Z"),
        ("Vrbo HA-4BX8VK", "HA-4BX8VK"),
        ("Confirmation code: GY-a1B2c3D4", "GY-a1B2c3D4"),
        ("Booking number: 4012345678", "4012345678"),
        ("BOOKING NO. 4012345678, 2 guests", "4012345678"),
        ("Reservation ID : 31415926", "31415926"),
        ("Reservation #5544", "5544"),
        ("booking ref AB-1234", "AB-1234"),
        ("Booking number:\n4012345678", "4012345678"),
        ("Number of the booking: 998877", "998877"),
        ("Buchungsnummer 4012345678", "4012345678"),
        ("Reservierungscode: X7Y8Z", "X7Y8Z"),
        ("Bestätigungsnummer: 77-1234", "77-1234"),
        ("Numéro de réservation : AB-1234", "AB-1234"),
        ("Code de confirmation: 8Q7W", "8Q7W"),
        ("Código de confirmación: XY12Z", "XY12Z"),
        ("Número de reserva 123456", "123456"),
        ("localizador de la reserva 8Z7Y6", "8Z7Y6"),
        ("Numero di prenotazione: 998877", "998877"),
        ("Codice di conferma: 12AB34", "12AB34"),
        ("Número da reserva: 5566", "5566"),
        ("Código de confirmação: 9A8B", "9A8B"),
        ("Reserveringsnummer: NL-20417", "NL-20417"),
        ("Boekingsnummer 20417", "20417"),
        ("Bokningsnummer: 20417", "20417"),
    ],
)
def test_codes_that_are_announced_or_known_by_their_form(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4012345678",
        "Anna Muster, 2 guests, 4 nights",
        "Booking.com",
        "Booking number:",
        "Booking number: to come",
        "booking nonsense7",
        "booking identity1",
        "Number of guests: 12345",
        "HMABCDEFGH is all letters",
        "XHMABC12345",
        "HMABC123456",
        "Booking ref: +44 7700 900123",
        "Booking number 07700 900123",
        "Booking number: 030/901820",
        "Reservation code: anna5@example.com",
        "Confirmation code: 2026-12-24",
        "Confirmation code: 24-12-2026",
        "Reservation ID 20260701",
        "Reservation ID 01072026T1500",
        "Reservation code 2026-07-01T10:00",
        "a long booking number: " + "7" * 40,
    ],
)
def test_what_is_not_announced_or_something_else_is_no_code(text: str) -> None:
    assert code_of(text) == ""


@settings(deadline=None)
@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.sampled_from(
        ["%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d%m%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d"]
    ),
    st.sampled_from(
        ["Reservation code: {}", "Booking number {}", "Check-in: {}", "Buchungsnummer: {} 15:00"]
    ),
)
def test_a_date_is_never_a_code(day: date, form: str, text: str) -> None:
    assert code_of(text.format(day.strftime(form))) == ""


@settings(deadline=None)
@given(
    st.lists(st.text("0123456789", min_size=2, max_size=4), min_size=2, max_size=4),
    st.sampled_from([" ", "-", ".", "/", " / "]),
    st.sampled_from(
        ["Phone: {}", "Tel.: {}", "Booking number: {}", "Phone: +{}\nBooking", "Reservation ID: +{}"]
    ),
)
def test_a_telephone_number_is_never_a_code(groups: list[str], between: str, text: str) -> None:
    number = between.join(["0170", *groups])

    assert code_of(text.format(number)) == "" or len(number.replace("-", "")) < 7


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("Phone Number (Last 4 Digits): 1234", "1234"),
        ("Téléphone (4 derniers chiffres) : 5678", "5678"),
        ("Telefonnummer (letzte 4 Ziffern): 9012", "9012"),
        ("Teléfono (últimos 4 dígitos): 3456", "3456"),
        ("Telefono (ultime 4 cifre): 7890", "7890"),
        ("Telefone (últimos 4 dígitos): 2468", "2468"),
        ("Telefoonnummer (laatste 4 cijfers): 1122", "1122"),
        ("Nights: 2\nPHONE: \n+39 340 000 6025\nEMAIL: none", "6025"),
        ("Phone: +351 912 345 678", "5678"),
        ("Tel. +49 (0)30 901820", "1820"),
        ("Mobile: (555) 010-4477", "4477"),
        ("Phone: not given\nWhatsApp 07700 900123", "0123"),
    ],
)
def test_the_last_digits_of_a_telephone_number(text: str, digits: str) -> None:
    assert phone_digits_of(text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1234",
        "+44 7700 900123",
        "Phone: 1234",
        "Phone: none",
        "Phone: 2026-07-01",
        "Phone Number (Last 4 Digits): ",
        "Hotel 12345678",
        "Telegraph road 1234567",
    ],
)
def test_what_no_telephone_announces_is_no_number(text: str) -> None:
    assert phone_digits_of(text) == ""
