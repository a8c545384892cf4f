"""Feeds for Hypothesis: written as the standard asks, and in most other ways."""

from __future__ import annotations

from datetime import date
from unittest import mock
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from connectors.contract import Window
from connectors.ical import translate
from connectors.ical.translate import Parsed

ZONE = ZoneInfo("Europe/Lisbon")
WINDOW = Window(date(2026, 6, 1), date(2026, 9, 1), date(2027, 6, 1))

UIDS = st.sampled_from(
    ["UID:a", "UID:b", "UID:c@x", "UID:d\\,e", "UID: f ", "UID;X=1:a", "uid:g", "UID:", "UID"]
)
DAYS = st.sampled_from(["20260701", "20260702", "20260703", "20260810", "20270105", "20250101"])
CLOCKS = st.sampled_from(["100000", "000000", "013000", "235959", "240000", "1000"])
ZONES = st.sampled_from(
    [
        *("", "", "", ";TZID=Europe/Paris", ";TZID=America/New_York", ";TZID=Mars/Olympus", ";TZID=Harbour"),
        *(";TZID=W. Europe Standard Time", ';TZID="Europe/Paris"', ";TZID=/x.org/Europe/Berlin"),
        ";tzid=Asia/Tokyo",
    ]
)
TIMES = st.builds("{}T{}{}".format, DAYS, CLOCKS, st.sampled_from(["", "Z"]))
MOMENTS = st.one_of(
    st.builds(";VALUE=DATE:{}".format, DAYS),
    st.builds(";VALUE=DATE:{}".format, DAYS),
    st.builds(":{}".format, DAYS),
    st.builds("{}:{}".format, ZONES, TIMES),
    st.builds("{}:{}".format, ZONES, TIMES),
    st.builds("{}:{}".format, ZONES, DAYS),
    st.sampled_from(
        [":", "", ":soon", ":2026-07-01", ":20260231", ":00010101", ":99991231T235959Z", ";VALUE=DATE:2026"]
    ),
    st.sampled_from(
        [";VALUE=DATE-TIME:20260701T100000Z", ";VALUE=DATE:20260701T000000Z", ": 20260701", ":20260701 "]
    ),
)
TEXTS = st.sampled_from(
    [
        "",
        "Reserved",
        "CLOSED - Not available",
        "a\\, b\\; c\\nd\\\\e\\:f\\x",
        "Zürich",
        "日本",
        "x" * 1200,
        "a\tb",
        " a ",
    ]
)
LINES = st.one_of(
    UIDS,
    st.builds("DTSTART{}".format, MOMENTS),
    st.builds("DTEND{}".format, MOMENTS),
    st.builds("dtstart{}".format, MOMENTS),
    st.builds("SUMMARY:{}".format, TEXTS),
    st.builds("SUMMARY;LANGUAGE=en-us:{}".format, TEXTS),
    st.builds('DESCRIPTION;ALTREP="x:y":{}'.format, TEXTS),
    st.builds("DESCRIPTION:{}".format, TEXTS),
    st.builds("X-CHANNEL-HUB-ORIGIN:{}".format, TEXTS),
    st.sampled_from(
        [
            "DURATION:P2D",
            "DURATION:PT90M",
            "DURATION:P1W",
            "DURATION:-P1D",
            "DURATION:x",
            "DURATION:P99999999D",
        ]
    ),
    st.sampled_from(
        ["STATUS:CANCELLED", "STATUS:CONFIRMED", "STATUS: cancelled ", "TRANSP:TRANSPARENT", "TRANSP:OPAQUE"]
    ),
    st.sampled_from(
        ["SEQUENCE:2", "SEQUENCE:x", "SEQUENCE:-1", "SEQUENCE:99999999999", "SEQUENCE:+3", "SEQUENCE"]
    ),
    st.sampled_from(
        ["RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=X", "RRULE:FREQ=WEEKLY;UNTIL=20260801", "rrule:FREQ=DAILY"]
    ),
    st.sampled_from(
        ["RDATE;VALUE=DATE:20260705,20260706", "RDATE:x", "RDATE:", "EXDATE;VALUE=DATE:20260702", "EXDATE:x"]
    ),
    st.sampled_from(
        ["RECURRENCE-ID;VALUE=DATE:20260702", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260703", "RECURRENCE-ID:x"]
    ),
    st.sampled_from(
        [
            "DTSTAMP:20261121T120000Z",
            "CREATED:x",
            "LAST-MODIFIED;X=1:y",
            "LOCATION:here",
            "X-A;B=C:d",
            "no colon",
        ]
    ),
    st.sampled_from(
        ["X-CHANNEL-HUB-VIA:0123456789abcdef.0123456789abcdef,fedcba9876543210.0123456789abcdef,x"]
    ),
    st.sampled_from(["", ";;;", ":", "SUMMARY foo:bar"]),
)
ALARM = ["BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "UID:other", "END:VALARM"]
HARBOUR = [
    "BEGIN:VTIMEZONE",
    "TZID:Harbour",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0545",
]
HARBOUR += ["TZOFFSETTO:+0545", "END:STANDARD", "END:VTIMEZONE"]
BUSY = ["BEGIN:VFREEBUSY", "UID:fb", "FREEBUSY:20260701T100000Z/PT3H,20260702T100000Z/20260702T110000Z"]
BUSY += ["FREEBUSY;FBTYPE=FREE:20260801T100000Z/PT3H", "END:VFREEBUSY"]

EVENTS = st.builds(
    lambda uid, start, rest, alarm: [
        "BEGIN:VEVENT",
        uid,
        "DTSTART" + start,
        *rest,
        *(ALARM if alarm else []),
        "END:VEVENT",
    ],
    UIDS,
    MOMENTS,
    st.lists(LINES, max_size=5),
    st.booleans(),
)
OF_CALENDARS = st.sampled_from(
    [
        ["X-WR-TIMEZONE:Asia/Tokyo"],
        ["X-WR-CALNAME:My\\, own"],
        ["PRODID:-//X//Y//EN"],
        ["METHOD:PUBLISH"],
        HARBOUR,
        BUSY,
        ["BEGIN:VTODO", "UID:todo", "DTSTART:20260701", "END:VTODO"],
        ["END:VCALENDAR", "BEGIN:VCALENDAR"],
    ]
)
WELL_FORMED = st.lists(st.one_of(EVENTS, EVENTS, OF_CALENDARS), max_size=8).map(
    lambda parts: [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        *(line for part in parts for line in part),
        "END:VCALENDAR",
    ]
)
"""Lines of calendars whose components are in order, whatever is in them"""

BRACKETS = st.builds(
    "{}:{}".format,
    st.sampled_from(["BEGIN", "END", "begin", "End", "BEGIN;X=1", "BEGIN "]),
    st.sampled_from(
        [
            "VEVENT",
            "VEVENT",
            "vevent",
            "VEVENT ",
            "VALARM",
            "VTIMEZONE",
            "VCALENDAR",
            "STANDARD",
            "VFREEBUSY",
            "X",
        ]
    ),
)
CONFUSING = st.sampled_from(["Begin the day", "END-OF:x", "BEGINNING:x", "End", "BEGIN"])
ANY_ORDER = st.lists(
    st.one_of(BRACKETS, CONFUSING, LINES, OF_CALENDARS.map("\n".join), EVENTS.map("\n".join)), max_size=12
).map(lambda lines: ["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """With line ends, folds and encodings of all kinds."""
    text = "\n".join(draw(st.one_of(WELL_FORMED, WELL_FORMED, ANY_ORDER))) + draw(
        st.sampled_from(["\n", "", "\n\n", "\n \n"])
    )
    ends = draw(st.sampled_from(["\n", "\r\n", "\r\n", "\r", "\r\r\n"]))
    body = bytearray(
        text.replace("\n", ends).encode(
            draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
        )
    )
    for place in draw(st.lists(st.integers(0, len(body)), max_size=4)):
        body[place:place] = ends.encode() + draw(st.sampled_from([b" ", b" ", b"\t", b"\0", b"\n\t"]))
    return bytes(body)


def slowly(body: bytes, window: Window = WINDOW, zone: ZoneInfo = ZONE) -> Parsed:
    """As the judges read it alone: line by line, and every event by icalendar."""
    with (
        mock.patch.object(translate, "split", return_value=None),
        mock.patch.object(translate, "plain", return_value=None),
    ):
        return translate.read(body, window, zone)
