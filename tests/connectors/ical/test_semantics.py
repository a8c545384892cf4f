"""What feeds mean where they are written oddly: nothing that is taken is read as free, nothing is guessed."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Mark, RemoteEvent, Window
from connectors.ical.content import NotACalendar
from connectors.ical.notes import SHOWN_AS_FREE
from connectors.ical.translate import read
from tests.connectors.ical.reading import LISBON, WINDOW, calendar, days, event, events, only, parsed, times

ONE_DAY = ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"]


def free_busy(*lines: str) -> str:
    return "\n".join(["BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY"])


# What is a calendar


def test_an_event_alone_is_a_calendar() -> None:
    (found,) = read(event(*ONE_DAY, "RRULE:FREQ=DAILY;COUNT=1").encode(), WINDOW, LISBON).events

    assert (found.uid, found.when) == ("a", days("2026-07-01", "2026-07-02"))


@pytest.mark.parametrize(
    "body",
    [
        event(*ONE_DAY)[:-1],
        event(*ONE_DAY)[:-10],
        event(*ONE_DAY) + "\n" + event(*ONE_DAY, uid="b"),
        event(*ONE_DAY) + "\n" + calendar().decode(),
        event(*ONE_DAY) + "\nSUMMARY:beside",
        event(*ONE_DAY) + "\n" + free_busy(),
        event("DTSTART:soon"),
        event(),
    ],
)
def test_an_event_alone_must_be_whole_alone_and_dated(body: str) -> None:
    """Of several, one may have been lost; of none, all would be free."""
    with pytest.raises(NotACalendar, match="it does not begin with BEGIN:VCALENDAR"):
        read(body.encode(), WINDOW, LISBON)


@pytest.mark.parametrize("junk", ["D", " ", "<br/>", "<!-- served in 3 ms -->", "\n<b>Warning</b>", "\n\n\n"])
def test_what_stands_behind_the_end_does_not_undo_it(junk: str) -> None:
    body = calendar(event(*ONE_DAY)).rstrip() + junk.encode()

    assert len(read(body, WINDOW, LISBON).events) == 1


def test_a_cancellation_among_several_calendars_is_one() -> None:
    body = calendar("METHOD:CANCEL", event(*ONE_DAY)) + calendar("METHOD:PUBLISH")

    with pytest.raises(NotACalendar) as raised:
        read(body, WINDOW, LISBON)

    assert raised.value.code == "cancellation"


def test_the_program_that_wrote_it_is_told() -> None:
    assert (
        parsed("PRODID:-//admin.booking.com//NONSGML v1.0//EN").producer
        == "-//admin.booking.com//NONSGML v1.0//EN"
    )
    assert parsed("PRODID;X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//X//EN").producer == "-//Airbnb Inc//X//EN"
    assert parsed().producer == ""


# Encodings and lines


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\r\r\n", "\r\r\r\n"])
def test_encodings_and_line_ends_of_every_kind(encoding: str, ends: str) -> None:
    folded = calendar(event(*ONE_DAY, "SUMMARY:Zür\n ich, geschlo\n\tssen")).decode().replace("\r\n", "\n")

    (found,) = read(folded.replace("\n", ends).encode(encoding), WINDOW, LISBON).events

    assert found.summary == "Zürich, geschlossen"
    assert found.when == days("2026-07-01", "2026-07-02")


def test_one_line_in_another_encoding_spoils_no_other() -> None:
    body = calendar(event(*ONE_DAY, "SUMMARY:Zürich"), event(*ONE_DAY, "SUMMARY:Bäle", uid="b"))

    found = read(body.replace("Bäle".encode(), "Bäle".encode("cp1252")), WINDOW, LISBON)

    assert [e.summary for e in found.events] == ["Zürich", "Bäle"]


def test_a_text_with_bare_line_ends_loses_no_more_than_its_rest() -> None:
    found = only("DESCRIPTION:Dear guest,\nwelcome!\nBring: towels", *ONE_DAY)

    assert (found.description, found.when) == ("Dear guest,", days("2026-07-01", "2026-07-02"))


# Components within one another


@pytest.mark.parametrize(
    "parts",
    [
        ["BEGIN:VTIMEZONE", "TZID:X", "BEGIN:STANDARD", event(*ONE_DAY)],
        ["BEGIN:VEVENT", "UID:cut", event(*ONE_DAY)],
        [free_busy("UID:f", event(*ONE_DAY))],
        ["BEGIN:VTODO", event(*ONE_DAY), "END:VTODO"],
        [
            "BEGIN:VEVENT",
            "UID:a",
            free_busy("UID:b", "FREEBUSY:20260801T100000Z/PT1H"),
            *ONE_DAY,
            "END:VEVENT",
        ],
    ],
)
def test_no_event_is_lost_in_what_was_not_closed(parts: list[str]) -> None:
    assert [e.when for e in events(*parts) if e.uid == "a"] == [days("2026-07-01", "2026-07-02")]


# Free and busy


def test_busy_periods_are_events() -> None:
    """RFC 5545, 3.6.4: what is not said to be free is busy."""
    found = events(
        free_busy(
            "UID:f@x",
            "DTSTART:20260101T000000Z",
            "DTEND:20261231T000000Z",
            "FREEBUSY;FBTYPE=BUSY:20260701T100000Z/20260701T120000Z",
            "FREEBUSY:20260702T100000Z/PT3H,20260703T100000Z/20260703T110000Z",
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260704T100000Z/PT1H",
            "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260705T100000Z/PT1H",
            "FREEBUSY;FBTYPE=FREE:20260801T100000Z/PT9H",
            'FREEBUSY;FBTYPE="FREE":20260802T100000Z/PT9H',
        )
    )

    assert [(e.key, e.when, e.busy) for e in found] == [
        (f"f@x/202607{day}T100000Z", times(f"2026-07-{day} 10:00", f"2026-07-{day} {end}:00"), True)
        for day, end in (("01", 12), ("02", 13), ("03", 11), ("04", 11), ("05", 11))
    ]


def test_busy_periods_without_a_name_and_in_other_forms() -> None:
    found = events(
        free_busy("FREEBUSY;TZID=Europe/Paris:20260701T100000/20260701T120000"),
        free_busy("FREEBUSY:20260702/20260704", "FREEBUSY:20260801T100000/PT1H"),
    )

    assert [(e.key, e.when) for e in found] == [
        ("free-busy/20260701T100000", times("2026-07-01 08:00", "2026-07-01 10:00")),
        ("free-busy/20260702", days("2026-07-02", "2026-07-04")),
        ("free-busy/20260801T100000", times("2026-08-01 09:00", "2026-08-01 10:00")),
    ]


def test_a_busy_period_that_cannot_be_read_is_listed_and_loses_no_other() -> None:
    found = parsed(free_busy("FREEBUSY:sometime,20260702T100000Z/soon,20260703T100000Z/PT1H"))

    assert [e.when for e in found.events] == [
        times("2026-07-02 10:00", "2026-07-03 00:00"),
        times("2026-07-03 10:00", "2026-07-03 11:00"),
    ]
    assert found.problems == (
        "event 1 of the feed has no date that can be read",
        "free-busy/20260702T100000Z: a date is not written as the standard asks",
    )


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (["TRANSP:TRANSPARENT"], SHOWN_AS_FREE),
        (["TRANSP:TRANSPARENT", "STATUS:CANCELLED"], ""),
        (["STATUS:CANCELLED"], ""),
        (["TRANSP:OPAQUE"], ""),
        (["TRANSP:TRANSPARENT", "RRULE:FREQ=DAILY;COUNT=1"], SHOWN_AS_FREE),
    ],
)
def test_what_only_its_calendar_shows_as_free_says_so(lines: list[str], note: str) -> None:
    assert only(*ONE_DAY, *lines).note == note


def test_an_instant_that_is_shown_as_free_is_only_without_length() -> None:
    assert only("DTSTART:20260701T100000Z", "TRANSP:TRANSPARENT").note == ""


# The ends of time


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "UTC"])
@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:99991231"],
        ["DTSTART:00010101T000000", "DTEND:99991231T235959"],
        ["DTSTART;TZID=Asia/Tokyo:00010101T000000", "DTEND;TZID=America/New_York:99991231T235959"],
        ["DTSTART:00010101T000000Z", "DURATION:P3650000D"],
        ["DTSTART;VALUE=DATE:20260101", "DURATION:P999999999D"],
        ["DTSTART:20260101T000000Z", "DURATION:P999999999D"],
        ["DTSTART:0001-01-01", "DTEND:9999-12-31"],
    ],
)
def test_since_ever_and_for_ever_are_busy_now(lines: list[str], zone: str) -> None:
    window = Window(date(2026, 7, 1), date(2026, 8, 1))

    (found,) = events(event(*lines), window=window, zone=ZoneInfo(zone))

    assert found.busy


# Marks of hubs

HOPS = ("0123456789abcdef.0123456789abcdef", "fedcba9876543210.fedcba9876543210")


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        (
            ["X-CHANNEL-HUB-ORIGIN:u\\,1@hub.example", f"X-CHANNEL-HUB-VIA:{','.join(HOPS)}"],
            Mark("u,1@hub.example", HOPS),
        ),
        ([f"X-CHANNEL-HUB-VIA:{HOPS[0]}\\,\n {HOPS[1]}", "X-CHANNEL-HUB-ORIGIN:u"], Mark("u", HOPS)),
        (["X-CHANNEL-HUB-ORIGIN:u"], Mark("u", ())),
        (
            ["X-CHANNEL-HUB-ORIGIN:u", f"X-CHANNEL-HUB-VIA:spoilt,{HOPS[1]},{HOPS[0][:-1]},"],
            Mark("u", HOPS[1:]),
        ),
        ([f"X-CHANNEL-HUB-VIA:{HOPS[0]}"], None),
        (["X-CHANNEL-HUB-ORIGIN:"], None),
        (["X-CHANNEL-HUB-ORIGIN:" + "x" * 401], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("odd", [[], ["summary:for icalendar"]])
def test_marks_of_hubs_are_read(lines: list[str], mark: Mark | None, odd: list[str]) -> None:
    assert only(*ONE_DAY, *lines, *odd).mark == mark


def test_every_occurrence_has_the_mark_of_its_series() -> None:
    found = events(event(*ONE_DAY, "RRULE:FREQ=DAILY;COUNT=2", "X-CHANNEL-HUB-ORIGIN:u"))

    assert [e.mark for e in found] == [Mark("u", ()), Mark("u", ())]


# Several of one name


def test_of_a_property_that_an_event_may_have_once_the_first_counts() -> None:
    found = only(
        *ONE_DAY, "SUMMARY:first", "SUMMARY:second", "DTSTART;VALUE=DATE:20260801", "SEQUENCE:2", "SEQUENCE:3"
    )

    assert (found.summary, found.when, found.sequence) == ("first", days("2026-07-01", "2026-07-02"), 2)


def test_a_plain_event_and_an_odd_one_of_one_uid_are_told_apart_as_two_plain_ones() -> None:
    plain, odd = event(*ONE_DAY), event("DTSTART;VALUE=DATE:20260801", "summary:for icalendar")

    found: tuple[RemoteEvent, ...] = events(plain, odd)

    assert [e.key for e in found] == ["a/20260701", "a/20260801"]
