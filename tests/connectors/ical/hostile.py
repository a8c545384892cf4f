"""Feeds that are written to cost more than they say: what each is called, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

MIB = 1024 * 1024
MOST = 8 * MIB
DAY = "DTSTART;VALUE=DATE:20260710"
HOUR = ("DTSTART:20260701T100000Z", "DTEND:20260701T110000Z")


def event(*lines: str, uid: str = "bad") -> str:
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""))


FIRST = event("DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260703", "SUMMARY:Reserved", uid="good")
LAST = event("DTSTART;VALUE=DATE:20260801", "DTEND;VALUE=DATE:20260803", uid="good too")


def feed(*parts: str) -> bytes:
    """The parts between two good events."""
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//H//H//EN\n"
    return "".join((head, FIRST, *parts, LAST, "END:VCALENDAR\n")).encode()


def alone(*lines: str) -> bytes:
    return feed(event(*lines))


def filled(text: str, size: int = MOST - 1000) -> str:
    """The text as often as it fits."""
    return text * (size // len(text))


def numbers(first: int, last: int) -> str:
    return ",".join(map(str, range(first, last + 1)))


def dates(number: int) -> str:
    """Days of a thousand years, in no order."""
    return ",".join(f"{2026 + n % 1000}{n % 12 + 1:02}{n % 28 + 1:02}" for n in range(number))


def events(number: int, *lines: str) -> str:
    return "".join(event(*lines, uid=f"x{n}") for n in range(number))


ALL_TIMES = f"BYHOUR={numbers(0, 23)};BYMINUTE={numbers(0, 59)};BYSECOND={numbers(0, 59)}"
EVERY_DAY = "BYDAY=MO,TU,WE,TH,FR,SA,SU"

RULES = {
    "every second": "FREQ=SECONDLY",
    "every second, a thousand million times": "FREQ=SECONDLY;COUNT=1000000000",
    "every day, a thousand million times": "FREQ=DAILY;COUNT=1000000000",
    "every second of every day": f"FREQ=DAILY;{ALL_TIMES}",
    "every second of every year": f"FREQ=YEARLY;{EVERY_DAY};{ALL_TIMES}",
    "every second of every hour": f"FREQ=HOURLY;{ALL_TIMES}",
    "a step of nothing": "FREQ=DAILY;INTERVAL=0",
    "a step of nothing by the second": "FREQ=SECONDLY;INTERVAL=0",
    "a step backwards": "FREQ=DAILY;INTERVAL=-1",
    "a step beyond time": "FREQ=DAILY;INTERVAL=2147483647",
    "a step beyond numbers": "FREQ=DAILY;INTERVAL=" + "9" * 900,
    "30 February, yearly": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "30 February, daily": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "30 February, hourly": "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "30 February, by the second": "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "30 February, five times": "FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=30",
    "the 54th Monday": "FREQ=YEARLY;BYDAY=54MO",
    "the 53rd week in June": "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "the 366th day in January": "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1",
    "the 366th of one": "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=366",
    "all positions": f"FREQ=YEARLY;{EVERY_DAY};BYSETPOS={numbers(1, 180)}",
    "more positions than a year has": f"FREQ=YEARLY;{EVERY_DAY};BYSETPOS={numbers(-366, -1)}",
    "until the end of time": "FREQ=HOURLY;UNTIL=99991231T235959Z",
    "the same hour over and over": "FREQ=DAILY;BYHOUR=" + ",".join(["3"] * 300),
    "a part without end": "FREQ=DAILY;BYDAY=" + "MO," * 100_000 + "MO",
}
"""In about 200 bytes each"""

STARTS = {
    "daily since the year 1": ("RRULE:FREQ=DAILY", "DTSTART:00010101T000000Z", "DURATION:PT1H"),
    "hourly since the year 1": ("RRULE:FREQ=HOURLY", "DTSTART:00010101T000000Z", "DURATION:PT1H"),
    "yearly since the year 1": ("RRULE:FREQ=YEARLY", "DTSTART:00010101T000000Z", "DURATION:PT1H"),
    "by the minute since 1970": ("RRULE:FREQ=MINUTELY", "DTSTART:19700101T000000Z", "DURATION:PT1S"),
    "daily, and each for ever": ("RRULE:FREQ=DAILY", DAY, "DTEND;VALUE=DATE:99991231"),
    "daily, and each since ever": ("RRULE:FREQ=DAILY", "DTSTART:00010101T000000", "DTEND:99991231T235959"),
    "a duration beyond time": (DAY, "DURATION:P999999999999D"),
    "1,000 rules of one event": (DAY, *["RRULE:FREQ=DAILY;COUNT=1000"] * 1000),
    "200,000 RDATEs": (DAY, "RDATE;VALUE=DATE:" + dates(200_000)),
    "200,000 EXDATEs": (DAY, "RRULE:FREQ=DAILY;COUNT=30", "EXDATE;VALUE=DATE:" + dates(200_000)),
}

ZONED = ("DTSTART;TZID=Odd:20260701T100000", "DTEND;TZID=Odd:20260701T110000")
OBSERVED = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\n{}END:STANDARD\n"


def zone(observances: str) -> bytes:
    """An event in a zone that the feed defines."""
    return feed(f"BEGIN:VTIMEZONE\nTZID:Odd\n{observances}END:VTIMEZONE\n", event(*ZONED))


def exceptions(number: int, *lines: str, how: str = "") -> bytes:
    """A daily series and so many exceptions."""
    days = dates(number).split(",")
    changed = (event(DAY, f"RECURRENCE-ID{how};VALUE=DATE:{day}", *lines) for day in days)
    return feed(event("DTSTART;VALUE=DATE:20250101", "RRULE:FREQ=DAILY", "SEQUENCE:5"), *changed)


def long_line(before: str, inside: str, behind: str = "") -> Callable[[], bytes]:
    """An event with one line of 8 MB."""
    return lambda: feed(event(DAY, before + filled(inside) + behind))


SERIES: dict[str, Callable[[], bytes]] = {
    "20,000 series every second": lambda: feed(events(20_000, *HOUR, "RRULE:FREQ=SECONDLY")),
    "100 events of 300 RDATEs": lambda: feed(events(100, DAY, "RDATE;VALUE=DATE:" + dates(300))),
    "200,000 RDATEs, a line each": lambda: feed(
        event(DAY, *(f"RDATE;VALUE=DATE:{day}" for day in dates(200_000).split(",")))
    ),
    "50,000 events of one UID": lambda: feed(*[event(DAY)] * 50_000),
    "12,000 events of one UID": lambda: feed(
        *(
            event(f"DTSTART;VALUE=DATE:{20260701 + n % 28}", f"DURATION:P{n // 28 + 1}D")
            for n in range(12_000)
        )
    ),
    "6,000 exceptions of one series": lambda: exceptions(6000),
    "300 exceptions that last": lambda: exceptions(300, how=";RANGE=THISANDFUTURE"),
    "300 exceptions that recur": lambda: exceptions(300, "RRULE:FREQ=DAILY"),
    "5,000 events without a UID": lambda: feed(*[event(DAY).replace("UID:bad\n", "")] * 5_000),
}

LENGTHS: dict[str, Callable[[], bytes]] = {
    "a description of 8 MB": long_line("DESCRIPTION:", "x"),
    "a property that nobody knows of 8 MB": long_line("X-NOISE:", "x"),
    "a UID of 8 MB": lambda: feed(event(DAY, uid=filled("x"))),
    "a start of 8 MB": lambda: feed(event("DTSTART;X=" + filled("y") + ";VALUE=DATE:20260710")),
    "a start of 8 MB of quotes": lambda: feed(event('DTSTART;X="' + filled('";"') + '";VALUE=DATE:20260710')),
    "a rule of 8 MB": long_line("RRULE:FREQ=DAILY;BYDAY=", "MO,", "MO"),
    "8 MB of folds": long_line("DESCRIPTION:", "\r\n x"),
    "8 MB of folds with nothing in them": long_line("DESCRIPTION:", "\n "),
    "8 MB of folds of both kinds": long_line("DESCRIPTION:", "\t\n\t\n "),
    "8 MB of folds and empty lines": long_line("DESCRIPTION:", "\t\n\n\t"),
    "8 MB of quotes": long_line("SUMMARY;X=", '"', ":x"),
    "8 MB of semicolons": long_line("SUMMARY", ";", ":x"),
    "8 MB of parameters": long_line("SUMMARY", ";A=B", ":x"),
    "8 MB of backslashes": long_line("SUMMARY:", "\\"),
    "8 MB of commas": long_line("EXDATE:", ","),
    "8 MB of spaces": long_line("SUMMARY", " ", ":x"),
    "8 MB of colons": long_line("SUMMARY", ":"),
    "8 MB of carets": long_line('SUMMARY;X="', "^'", '":x'),
    "8 MB of time zones": lambda: feed(event("DTSTART" + filled(";TZID=/a/b") + ":20260710T100000")),
    "a time zone of 8 MB": lambda: feed(event("DTSTART;TZID=/" + filled("a/") + ":20260710T100000")),
    "a time zone of 1 MB in a list": lambda: feed(
        event(DAY, "RDATE;TZID=/" + filled("a/", MIB) + ":20260711T100000")
    ),
    "more bytes than may be": lambda: feed(event(DAY, "DESCRIPTION:" + filled("x", MOST + 1))),
}

LINES: dict[str, Callable[[], bytes]] = {
    "8 MB of line ends": lambda: feed(filled("\n")),
    "8 MB of carriage returns": lambda: feed(filled("\r")),
    "8 MB of line ends, each twice": lambda: feed(filled("\r\r\n")),
    "8 MB of NULs": lambda: feed(filled("\0")),
    "a NUL in every line": lambda: feed(
        event("DTSTART;VALUE=DATE:2026\x000710", filled("SUMMARY:\0\n", MIB))
    ),
    "a million lines": lambda: feed(filled("X:1\n")),
    "400,000 summaries": lambda: feed(event(DAY, filled("SUMMARY:x\n", 4 * MIB))),
    "500,000 BEGINs": lambda: feed("BEGIN:X\n" * 490_000),
    "500,000 BEGINs of events": lambda: feed("BEGIN:VEVENT\n" * 490_000),
    "500,000 ENDs": lambda: feed("END:X\n" * 490_000),
    "200,000 events with nothing in them": lambda: feed("BEGIN:VEVENT\nEND:VEVENT\n" * 200_000),
    "components 100,000 deep": lambda: feed(*(f"BEGIN:X{n}\n" for n in range(100_000))),
    "calendars 100,000 deep": lambda: feed("BEGIN:VCALENDAR\n" * 100_000),
    "100,000 alarms without an end": lambda: feed(event(DAY, "BEGIN:VALARM\n" * 100_000)),
    "60,000 alarms": lambda: feed(event(DAY, "BEGIN:VALARM\nEND:VALARM\n" * 60_000)),
    "100,000 events": lambda: feed(events(100_000, DAY)),
    "8 MB of junk": lambda: bytes(range(256)) * (MOST // 256),
    "4 MB of junk in an event": lambda: feed(event(DAY, "@@")).replace(b"@@", bytes(range(256)) * 16_000),
    "8 MB in UTF-16": lambda: (
        feed(event(DAY, "SUMMARY:" + filled("x", 4 * MIB - 1000))).decode().encode("utf-16")
    ),
    "400,000 busy periods": lambda: feed(
        "BEGIN:VFREEBUSY\nUID:fb\nFREEBUSY:"
        + ",".join(["20260101T000000Z/PT1H"] * 380_000)
        + "\nEND:VFREEBUSY\n"
    ),
}

ZONES: dict[str, Callable[[], bytes]] = {
    "40,000 zones": lambda: feed("BEGIN:VTIMEZONE\nTZID:Odd\nEND:VTIMEZONE\n" * 40_000),
    "100,000 observances": lambda: zone(OBSERVED.format("") * 70_000),
    "a rule of a zone that never applies": lambda: zone(
        OBSERVED.format("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n")
    ),
    "900 rules of a zone": lambda: zone(OBSERVED.format("RRULE:FREQ=YEARLY;BYMONTH=3\n") * 900),
    "a zone that changes every second": lambda: zone(OBSERVED.format("RRULE:FREQ=SECONDLY\n")),
    "a zone that changes at all times": lambda: zone(
        OBSERVED.format(f"RRULE:FREQ=YEARLY;{EVERY_DAY};{ALL_TIMES}\n")
    ),
    "a zone with 450,000 RDATEs": lambda: zone(
        OBSERVED.format("RDATE:" + ",".join(["20260101T000000"] * 450_000) + "\n")
    ),
    "a zone with 9,000 lines of RDATEs": lambda: zone(OBSERVED.format("RDATE:20260101T000000\n" * 9_000)),
}

BODIES: dict[str, Callable[[], bytes]] = {
    **{name: partial(alone, *HOUR, f"RRULE:{rule}") for name, rule in RULES.items()},
    **{name: partial(alone, *lines) for name, lines in STARTS.items()},
    **SERIES,
    **LENGTHS,
    **LINES,
    **ZONES,
}
