"""Feeds as channels write them, and what is read of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Window
from connectors.ical import limits
from connectors.ical.content import NotACalendar
from connectors.ical.translate import read
from tests.connectors.ical.reading import LISBON, WINDOW, calendar, days, event, only, parsed, times

SAMPLES = Path(__file__).parent / "samples"
ONE_DAY = ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"]


# Recorded samples


def test_airbnb_with_its_malformed_prodid_and_folded_description() -> None:
    stay, block = read((SAMPLES / "airbnb.ics").read_bytes(), WINDOW, LISBON).events

    assert (stay.summary, stay.when) == ("Reserved", days("2026-12-04", "2026-12-09"))
    assert stay.description.splitlines() == [
        "Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMABCDEF12",
        "Phone Number (Last 4 Digits): 1234",
    ]
    assert (block.summary, block.when) == ("Airbnb (Not available)", days("2026-12-15", "2026-12-20"))
    assert stay.busy
    assert block.busy


def test_booking_com() -> None:
    first, second = read((SAMPLES / "booking.ics").read_bytes(), WINDOW, LISBON).events

    assert {first.summary, second.summary} == {"CLOSED - Not available"}
    assert second.when == days("2026-12-23", "2027-01-02")


def test_vrbo_with_a_duration_and_another_language() -> None:
    stay, block = read((SAMPLES / "vrbo.ics").read_bytes(), WINDOW, LISBON).events

    assert (stay.summary, stay.when) == ("Réservée - Amélie", days("2026-12-05", "2026-12-08"))
    assert (block.uid, block.when) == ("20270110-20270112", days("2027-01-10", "2027-01-12"))


def test_google_with_a_series_an_exception_and_a_moved_occurrence() -> None:
    found = read((SAMPLES / "mixed.ics").read_bytes(), WINDOW, LISBON)

    assert found.title == "Boathouse, north pier"
    weekly = [(e.recurrence_id, e.when, e.summary) for e in found.events if e.uid == "weekly@google.com"]
    assert weekly == [
        ("20270301T100000Z", times("2027-03-01 10:00", "2027-03-01 11:00"), "Cleaning"),
        ("20270308T100000Z", times("2027-03-09 14:00", "2027-03-09 15:00"), "Cleaning (moved)"),
        ("20270322T100000Z", times("2027-03-22 10:00", "2027-03-22 11:00"), "Cleaning"),
        # From here on it is summer: ten o'clock on the wall stays ten o'clock.
        ("20270329T090000Z", times("2027-03-29 09:00", "2027-03-29 10:00"), "Cleaning"),
        ("20270405T090000Z", times("2027-04-05 09:00", "2027-04-05 10:00"), "Cleaning"),
    ]


# What is a calendar


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b" \r\n\r\n", "it is empty"),
        (b"<!DOCTYPE html><html></html>", "it is a web page"),
        (b"\xef\xbb\xbf  <html>", "it is a web page"),
        (b"{}", "it does not begin with BEGIN:VCALENDAR"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "it does not begin with BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\r\n", "it breaks off before END:VCALENDAR"),
        (calendar(event(*ONE_DAY))[:-20], "it breaks off before END:VCALENDAR"),
        (calendar() + calendar(event(*ONE_DAY))[:-20], "it breaks off before END:VCALENDAR"),
        (calendar().replace(b"END:VCALENDAR", b" END:VCALENDAR"), "it breaks off before END:VCALENDAR"),
    ],
)
def test_what_is_no_complete_calendar_is_none_at_all(body: bytes, reason: str) -> None:
    with pytest.raises(NotACalendar, match=reason) as raised:
        read(body, WINDOW, LISBON)

    assert raised.value.code == "not_a_calendar"


@settings(deadline=None)
@given(st.integers(0, len((SAMPLES / "mixed.ics").read_bytes()) - 3))
def test_a_calendar_cut_anywhere_is_none_at_all(length: int) -> None:
    body = (SAMPLES / "mixed.ics").read_bytes()

    with pytest.raises(NotACalendar):
        read(body[:length], WINDOW, LISBON)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(noise: bytes) -> None:
    for body in (noise, b"BEGIN:VCALENDAR\n" + noise + b"\nEND:VCALENDAR"):
        try:
            found = read(body, WINDOW, LISBON)
        except NotACalendar:
            continue
        assert len({event.key for event in found.events}) == len(found.events)


LINES = st.sampled_from(
    [
        *(
            "BEGIN:VEVENT",
            "END:VEVENT",
            "BEGIN:VALARM",
            "END:VALARM",
            "BEGIN:VTIMEZONE",
            "END:VTIMEZONE",
            "UID:a",
        ),
        *(
            "BEGIN:VCALENDAR",
            "END:VCALENDAR",
            "DTSTART:20260701",
            "DTSTART:20260701T100000Z",
            "DTEND:20260702",
        ),
        *(
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=X",
            "RRULE:FREQ=DAILY;UNTIL=2026",
            "RDATE:20260705",
            "RDATE:x",
            "EXDATE:20260701",
        ),
        *(
            "RECURRENCE-ID:20260702",
            "RECURRENCE-ID:x",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20260703",
            "SEQUENCE:2",
        ),
        *("SEQUENCE:x", "TZID:Z", "DURATION:P1D", "DURATION:-P1D", "STATUS:CANCELLED", ";;;", ":", "SUMMARY"),
        *(
            "DTSTART;TZID=Z:20260701T100000",
            "EXDATE;TZID=Z:20260702T100000",
            "DTSTART:00010101",
            "DTEND:99991231T235959Z",
        ),
    ]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=25))
def test_no_order_of_lines_crashes_the_reader(lines: list[str]) -> None:
    body = "\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]).encode()

    try:
        found = read(body, Window(date(2026, 6, 1), date(2026, 8, 1)), LISBON)
    except NotACalendar:
        return

    keys = [event.key for event in found.events]
    assert len(set(keys)) == len(keys)


def test_a_cancellation_is_no_calendar() -> None:
    with pytest.raises(NotACalendar) as raised:
        read(calendar("METHOD:CANCEL", event(*ONE_DAY)), WINDOW, LISBON)

    assert raised.value.code == "cancellation"


def test_an_empty_calendar_is_one() -> None:
    assert parsed().events == ()


def test_several_calendars_in_one_body_are_read_as_one() -> None:
    body = calendar(event(*ONE_DAY, uid="a")) + b"\r\n" + calendar(event(*ONE_DAY, uid="b"))

    assert [found.uid for found in read(body, WINDOW, LISBON).events] == ["a", "b"]


def test_too_many_events_are_refused_rather_than_some_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_EVENTS", 10)
    single = [event(*ONE_DAY, uid=str(number)) for number in range(11)]

    for feed in (single, [event(*ONE_DAY, "RRULE:FREQ=DAILY;COUNT=11")]):
        with pytest.raises(NotACalendar) as raised:
            parsed(*feed)
        assert raised.value.code == "too_many_events"


# Bytes and text


def test_line_ends_boms_and_folds_of_every_kind() -> None:
    plain = calendar(event(*ONE_DAY, "SUMMARY:Zürich"))
    inside_character = plain.replace("ü".encode(), "ü".encode()[:1] + b"\r\n " + "ü".encode()[1:])

    for body in (
        plain,
        b"\xef\xbb\xbf" + plain,
        plain.replace(b"\r\n", b"\n"),
        plain.replace(b"\r\n", b"\r"),
        plain.decode().encode("utf-16"),
        plain.decode().encode("cp1252"),
        inside_character,
        b"\r\n\r\n" + plain + b"\r\n\r\n",
        plain.replace(b"VEVENT", b"vevent").replace(b"VCALENDAR", b"vCalendar"),
    ):
        assert [found.summary for found in read(body, WINDOW, LISBON).events] == ["Zürich"]


def test_text_is_unescaped_once_and_holds_no_control_characters() -> None:
    found = only(
        *ONE_DAY,
        r"SUMMARY:a\, b\; c\\n d\ne" + "\x00\x1f",
        'DESCRIPTION;ALTREP="x:y":https://e.example/?q=%2C',
    )

    assert found.summary == "a, b; c\\n d\ne"
    assert found.description == "https://e.example/?q=%2C"


def test_what_is_nested_in_an_event_says_nothing_about_it() -> None:
    alarm = ["BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "SUMMARY:wake up", "UID:other", "END:VALARM"]

    found = only(*ONE_DAY, *alarm, "SUMMARY:stay")

    assert (found.uid, found.summary, found.when) == ("a", "stay", days("2026-07-01", "2026-07-02"))


# One bad event never loses the others


@pytest.mark.parametrize(
    "bad",
    [
        ["DTSTART:"],
        ["DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=SOMETIMES"],
        ["DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=DAILY;UNTIL=x"],
        ["DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=MONTHLY;BYMONTHDAY=99"],
        ["DTSTART;VALUE=DATE:20260701", "SEQUENCE:many"],
        ["DTSTART;VALUE=DATE:20260701", "EXDATE:never"],
        ["DTSTART;VALUE=DATE:20260701", "RECURRENCE-ID:once"],
        ["DTSTART;VALUE=DATE:20260701", "no colon in this line"],
        ["BEGIN:VALARM", "DTSTART:20260701"],
    ],
)
def test_one_bad_event_is_listed_and_loses_no_other(bad: list[str]) -> None:
    found = parsed(event(*bad, uid="bad"), event(*ONE_DAY, uid="good"))

    assert [(e.uid, e.when, e.problem) for e in found.events if e.uid == "good"] == [
        ("good", days("2026-07-01", "2026-07-02"), None)
    ]
    readable = [e for e in found.events if e.uid == "bad"]
    assert all(e.busy for e in readable)
    if "VALUE=DATE" in bad[0]:
        assert readable[0].when == days("2026-07-01", "2026-07-02")
    else:
        assert found.problems


def test_an_event_that_breaks_off_is_busy_and_listed() -> None:
    body = calendar("BEGIN:VEVENT", "UID:a", *ONE_DAY, event(*ONE_DAY, uid="b"))

    found = read(body, WINDOW, LISBON)

    assert [(e.uid, e.busy, e.problem) for e in found.events] == [
        ("a", True, "it breaks off before END:VEVENT"),
        ("b", True, None),
    ]
