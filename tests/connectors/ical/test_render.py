"""Our feed: what we write is what anybody reads back, byte for byte the same each time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import AllDay, Feed, FeedEntry, Mark, Timed, When, Window
from connectors.ical import translate
from connectors.ical.render import render
from hub.domain.periods import Hours, Nights

ZONES = [
    ZoneInfo(name) for name in ("Europe/Lisbon", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Apia")
]
EVER = Window(date(1990, 1, 1), date(2090, 1, 1))
HOP = "00112233445566aa.8899aabbccddeeff"
STAMP = datetime(2026, 11, 21, 12, tzinfo=UTC)

# Control characters are in no calendar (RFC 5545, 3.1); they are left out, as the last test shows.
CONTROL = "".join(chr(code) for code in (*range(9), *range(11, 32), 127))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=CONTROL))
uids = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=120)
days = st.dates(date(1991, 1, 1), date(2089, 1, 1))
seconds = st.datetimes(datetime(1991, 1, 1), datetime(2089, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
nights = st.builds(lambda day, n: Nights(day, day + timedelta(days=n)), days, st.integers(1, 60))
hours = st.builds(lambda at, n: Hours(at, at + timedelta(seconds=n)), seconds, st.integers(1, 10**6))
halves = st.integers(0, 2**64 - 1).map("{:016x}".format)
hops = st.builds("{}.{}".format, halves, halves)
entries = st.builds(
    FeedEntry,
    uid=uids,
    span=nights | hours,
    summary=texts,
    modified_at=seconds,
    sequence=st.integers(0, 2**31 - 1),
    description=texts,
    mark=st.none() | st.builds(Mark, texts, st.lists(hops, max_size=5).map(tuple)),
)
feeds = st.builds(
    Feed,
    name=texts,
    entries=st.lists(entries, max_size=8, unique_by=lambda entry: entry.uid).map(tuple),
    modified_at=seconds,
    refresh=st.timedeltas(timedelta(minutes=1), timedelta(days=2)),
)


def entry(uid: str = "a@hub", **changes: object) -> FeedEntry:
    span = Nights(date(2026, 12, 1), date(2026, 12, 4))
    return replace(FeedEntry(uid, span, "Reserved", STAMP, 0), **changes)  # type: ignore[arg-type]


def feed(*entries: FeedEntry) -> Feed:
    return Feed("Harbour view", entries, STAMP, timedelta(minutes=15))


def when(span: Nights | Hours) -> When:
    if isinstance(span, Nights):
        return AllDay(span.arrival, span.departure)
    return Timed(span.starts_at, span.ends_at)


@settings(deadline=None)
@given(feeds, st.sampled_from(ZONES))
def test_what_is_rendered_is_read_back(feed: Feed, zone: ZoneInfo) -> None:
    read = translate.read(render(feed), EVER, zone)

    got = {
        (e.uid, e.recurrence_id, e.when, e.summary, e.description, e.sequence, e.busy) for e in read.events
    }
    assert got == {
        (e.uid, None, when(e.span), e.summary, e.description, e.sequence, True) for e in feed.entries
    }
    assert len(read.events) == len(feed.entries)
    assert read.problems == ()


@settings(deadline=None)
@given(feeds)
def test_the_icalendar_library_reads_the_same(feed: Feed) -> None:
    calendar = icalendar.Calendar.from_ical(render(feed))

    got = {
        (str(e["UID"]), e.decoded("DTSTART"), e.decoded("DTEND"), str(e["SUMMARY"]), e["SEQUENCE"])
        for e in calendar.walk("VEVENT")
    }
    assert got == {
        (
            e.uid,
            *(
                (e.span.arrival, e.span.departure)
                if isinstance(e.span, Nights)
                else (e.span.starts_at, e.span.ends_at)
            ),
            e.summary,
            e.sequence,
        )
        for e in feed.entries
    }
    assert not [error for component in calendar.walk() for error in component.errors]


@settings(deadline=None)
@given(feeds, st.randoms(use_true_random=False))
def test_equal_feeds_are_equal_bytes_in_whatever_order_they_come(feed: Feed, shuffle: random.Random) -> None:
    shuffled = list(feed.entries)
    shuffle.shuffle(shuffled)

    assert render(replace(feed, entries=tuple(shuffled))) == render(feed)


@settings(deadline=None)
@given(feeds)
def test_no_line_is_longer_than_75_octets_and_all_end_alike(feed: Feed) -> None:
    body = render(feed)

    lines = body.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 for line in lines)
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    for line in lines:
        line.decode("utf-8")  # no character is cut in two


def test_a_feed_looks_like_this() -> None:
    hourly = entry(
        "b@hub",
        span=Hours(datetime(2026, 12, 5, 9, tzinfo=UTC), datetime(2026, 12, 5, 13, 30, tzinfo=UTC)),
        description="pier 3, berth 7; bring\nrope",
        mark=Mark("x@ota", (HOP, HOP.replace("a", "b"))),
        sequence=2,
    )

    assert render(feed(hourly, entry())).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Channel Hub//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Harbour view",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "BEGIN:VEVENT",
        "UID:a@hub",
        "DTSTAMP:20261121T120000Z",
        "LAST-MODIFIED:20261121T120000Z",
        "SEQUENCE:0",
        "DTSTART;VALUE=DATE:20261201",
        "DTEND;VALUE=DATE:20261204",
        "SUMMARY:Reserved",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:b@hub",
        "DTSTAMP:20261121T120000Z",
        "LAST-MODIFIED:20261121T120000Z",
        "SEQUENCE:2",
        "DTSTART:20261205T090000Z",
        "DTEND:20261205T133000Z",
        "SUMMARY:Reserved",
        "DESCRIPTION:pier 3\\, berth 7\\; bring\\nrope",
        "X-CHANNEL-HUB-ORIGIN:x@ota",
        f"X-CHANNEL-HUB-VIA:{HOP},{HOP.replace('a', 'b')[:23]}",
        f" {HOP.replace('a', 'b')[23:]}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@settings(deadline=None)
@given(st.lists(st.builds(Mark, uids, st.lists(hops, max_size=32).map(tuple)), max_size=5))
def test_marks_are_read_back(given_marks: list[Mark]) -> None:
    body = render(feed(*(entry(f"{n}@hub", mark=mark) for n, mark in enumerate(given_marks))))

    assert [event.mark for event in translate.read(body, EVER, ZONES[0]).events] == given_marks


def test_what_is_no_hop_is_not_said() -> None:
    forged = ("no hop", f"{HOP}\r\nBEGIN:VALARM", HOP.upper(), HOP)

    body = render(feed(entry(mark=Mark("x@ota", forged)), entry("b@hub", mark=Mark("y@ota", forged[:3]))))

    assert body.count(b"X-CHANNEL-HUB-VIA") == 1
    assert f"X-CHANNEL-HUB-VIA:{HOP}\r\n".encode() in body


def test_an_empty_feed_is_a_valid_calendar_with_a_component() -> None:
    calendar = icalendar.Calendar.from_ical(render(feed()))

    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]
    assert translate.read(render(feed()), EVER, ZONES[0]).events == ()


def test_a_span_that_ends_within_a_second_is_not_cut_short() -> None:
    start = datetime(2026, 12, 5, 9, tzinfo=UTC)

    body = render(feed(entry(span=Hours(start, start + timedelta(microseconds=1)))))

    assert b"DTSTART:20261205T090000Z\r\nDTEND:20261205T090001Z" in body


def test_characters_that_no_calendar_may_hold_are_left_out() -> None:
    body = render(feed(entry(summary="a\x00b\x1fc\ud800d\r\ne\rf")))

    assert b"SUMMARY:abcd\\ne\\nf\r\n" in body
