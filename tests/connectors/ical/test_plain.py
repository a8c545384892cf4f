"""Events read without a parser are read as icalendar reads them; and nearly all of them are."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Mark, RemoteEvent
from connectors.ical import judged
from connectors.ical.lines import unfolded
from connectors.ical.plain import plain
from connectors.ical.split import split
from tests.connectors.ical.reading import days, times
from tests.connectors.ical.written import DAYS, LINES, MOMENTS, TEXTS, TIMES, ZONE
from tests.laws import examples

SAMPLES = Path(__file__).parent / "samples"

ORDINARY = st.one_of(
    st.builds("DTSTART;VALUE=DATE:{}".format, DAYS),
    st.builds("DTSTART:{}".format, TIMES),
    st.builds("DTSTART;TZID=America/New_York:{}".format, TIMES),
)
ENDS = st.one_of(
    st.builds("DTEND;VALUE=DATE:{}".format, DAYS),
    st.builds("DTEND:{}".format, TIMES),
    st.builds("DTEND;TZID=Europe/Paris:{}".format, TIMES),
    st.sampled_from(["DURATION:P3D", "X-NOTHING:1"]),
)
RESTS = st.lists(
    st.one_of(
        st.builds("SUMMARY:{}".format, TEXTS),
        st.builds("DESCRIPTION:{}".format, TEXTS),
        st.sampled_from(
            ["SEQUENCE:3", "STATUS:CONFIRMED", "STATUS:CANCELLED", "TRANSP:TRANSPARENT", "LOCATION:x"]
        ),
        st.builds("X-CHANNEL-HUB-ORIGIN:{}".format, TEXTS),
    ),
    max_size=4,
)


def check_judged_the_same(block: bytes, zone: ZoneInfo) -> RemoteEvent | str | None:
    """What is read without a parser, once it is known that the judge reads the same."""
    found = plain(block, zone)
    if isinstance(found, RemoteEvent):
        assert judged.single(block, zone) == found
    return found


@settings(deadline=None, max_examples=examples(300))
@given(ORDINARY, ENDS, RESTS, st.sampled_from(["Europe/Lisbon", "Asia/Kathmandu", "Pacific/Apia"]))
def test_ordinary_events_are_read_as_the_judge_reads_them(
    start: str, end: str, rest: list[str], zone: str
) -> None:
    check_judged_the_same("\n".join(["UID:a@b", start, end, *rest]).encode(), ZoneInfo(zone))


@settings(deadline=None, max_examples=examples(300))
@given(st.lists(LINES, max_size=6), MOMENTS, st.sampled_from(["utf-8", "cp1252"]))
def test_whatever_the_lines_they_are_read_as_the_judge_reads_them(
    lines: list[str], start: str, encoding: str
) -> None:
    check_judged_the_same("\n".join(["UID:a", f"DTSTART{start}", *lines]).encode(encoding, "replace"), ZONE)


def test_the_events_of_channels_need_no_parser() -> None:
    for name in ("airbnb", "booking", "vrbo"):
        content = split(unfolded((SAMPLES / f"{name}.ics").read_bytes()))
        assert content is not None
        for block in content.events:
            assert isinstance(check_judged_the_same(block, ZONE), RemoteEvent)


def test_all_that_is_kept_of_an_event() -> None:
    hops = "0123456789abcdef.0123456789abcdef", "fedcba9876543210.fedcba9876543210"
    lines = [
        *("UID:a\\,b", "DTSTART;TZID=Europe/Paris:20260701T100000", "DTEND:20260701T100000Z"),
        *("SUMMARY;LANGUAGE=fr:Réservé\\; oui", "DESCRIPTION:one\\ntwo", "SEQUENCE:7", "LOCATION:nowhere"),
        *("X-CHANNEL-HUB-ORIGIN:u\\,1@hub", f"X-CHANNEL-HUB-VIA:{hops[0]},{hops[1]},spoilt"),
    ]

    assert check_judged_the_same("\n".join(lines).encode(), ZONE) == RemoteEvent(
        uid="a,b",
        recurrence_id=None,
        when=times("2026-07-01 08:00", "2026-07-01 10:00"),
        busy=True,
        summary="Réservé; oui",
        description="one\ntwo",
        sequence=7,
        mark=Mark("u,1@hub", hops),
    )


def test_an_event_of_a_series_is_only_named() -> None:
    for line in ("RRULE:FREQ=DAILY", "RDATE;VALUE=DATE:20260705", "RECURRENCE-ID;TZID=X:20260702T100000"):
        assert plain(f"UID:a\nDTSTART;VALUE=DATE:20260701\n{line}".encode(), ZONE) == "a"


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART;VALUE=DATE:20260701",
        "UID:\nDTSTART;VALUE=DATE:20260701",
        "UID:a",
        "UID:a\nDTSTART:20260231",
        "UID:a\nDTSTART:2026-07-01",
        "UID:a\nDTSTART;TZID=Mars/Olympus:20260701T100000",
        "UID:a\nDTSTART;TZID=W. Europe Standard Time:20260701T100000",
        "UID:a\nDTSTART;VALUE=DATE:20260704\nDTEND;VALUE=DATE:20260701",
        "UID:a\nDTSTART;VALUE=DATE:20260701\nDTEND:20260701T100000Z",
        "UID:a\nDTSTART;VALUE=DATE:20260701\nDURATION:PT36H",
        "UID:a\nDTSTART;VALUE=DATE:20260701\nDTSTART;VALUE=DATE:20260702",
        "UID:a\nDTSTART;VALUE=DATE:20260701\nSEQUENCE:many",
        "UID:a\nDTSTART;VALUE=DATE:20260701\nEXDATE;VALUE=DATE:20260701",
        "UID:a\nDTSTART;VALUE=DATE:20260701\nsummary:x",
        'UID:a\nDTSTART;VALUE=DATE:20260701\nDESCRIPTION;ALTREP="x:y":z',
        "UID:a\nDTSTART:00010101T000000Z",
        "UID:" + "x" * 401 + "\nDTSTART;VALUE=DATE:20260701",
        "UID:\xfc\nDTSTART;VALUE=DATE:20260701",
    ],
)
def test_whatever_is_not_plain_is_left_to_the_judge(lines: str) -> None:
    assert plain(lines.encode("latin-1"), ZONE) is None


def test_a_date_that_ends_on_the_day_it_begins_is_one_night() -> None:
    found = check_judged_the_same(b"UID:a\nDTSTART;VALUE=DATE:20260701\nDTEND;VALUE=DATE:20260701", ZONE)

    assert isinstance(found, RemoteEvent)
    assert found.when == days("2026-07-01", "2026-07-02")
