"""What was read before is not read again, and nothing is read differently for that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import RemoteEvent, Window
from connectors.ical import judged, translate
from connectors.ical.content import NotACalendar, TooComplex
from connectors.ical.memo import Memo
from connectors.ical.plain import plain
from connectors.ical.translate import Known, Parsed, read
from tests.connectors.ical.reading import calendar, event
from tests.connectors.ical.written import WELL_FORMED, WINDOW, ZONE, bodies, slowly

LATER = Window(WINDOW.first + timedelta(days=40), WINDOW.after + timedelta(days=40), WINDOW.singles_after)
TOKYO = ZoneInfo("Asia/Tokyo")


def outcome(reading: Any, *arguments: Any) -> Parsed | str:
    try:
        found: Parsed = reading(*arguments)
    except NotACalendar as refusal:
        return str(refusal)
    return found


@settings(deadline=None)
@given(bodies())
def test_fast_or_slow_a_feed_says_the_same(body: bytes) -> None:
    """Split at once and read without a parser, or line by line and by icalendar alone."""
    assert outcome(read, body, WINDOW, ZONE) == outcome(slowly, body)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(WELL_FORMED, st.sampled_from([WINDOW, LATER]), st.sampled_from([ZONE, TOKYO])), max_size=4
    )
)
def test_whatever_was_read_before_a_feed_says_the_same(
    feeds: list[tuple[list[str], Window, ZoneInfo]],
) -> None:
    known: Known = Memo(1 << 20)

    for lines, window, zone in [*feeds, *feeds]:
        body = "\n".join(lines).encode()
        assert outcome(read, body, window, zone, known) == outcome(read, body, window, zone)


def feed(changed: int = -1, stamp: str = "20261121T120000Z") -> bytes:
    """100 stays in 2027, a series, and an event that only icalendar can read."""
    stays = (
        event(
            f"DTSTART;VALUE=DATE:{date(2027, 1, 1) + timedelta(days=number):%Y%m%d}",
            f"DTSTAMP:{stamp}",
            f"SUMMARY:{'Changed' if number == changed else 'Reserved'}",
            uid=f"stay {number}",
        )
        for number in range(100)
    )
    series = event("DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=WEEKLY", f"LAST-MODIFIED:{stamp}", uid="series")
    odd = event("DTSTART:2026-07-01", f"CREATED:{stamp}", uid="odd")
    return calendar(*stays, series, odd)


def test_the_comparison_would_notice_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(block: bytes, floating: ZoneInfo) -> RemoteEvent | str | None:
        found = plain(block, floating)
        return replace(found, summary="other") if isinstance(found, RemoteEvent) else found

    assert outcome(read, feed(), WINDOW, ZONE) == outcome(slowly, feed())
    monkeypatch.setattr(translate, "plain", wrong)
    assert outcome(read, feed(), WINDOW, ZONE) != outcome(slowly, feed())


@pytest.fixture
def known() -> Known:
    return Memo(1 << 20)


class Looked:
    """How often an event was looked at, plainly or by the judge."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plain = mock.Mock(side_effect=plain)
        self.judged = mock.Mock(side_effect=judged.component)
        monkeypatch.setattr(translate, "plain", self.plain)
        monkeypatch.setattr(judged, "component", self.judged)

    def counts(self) -> tuple[int, int]:
        found = self.plain.call_count, self.judged.call_count
        self.plain.reset_mock()
        self.judged.reset_mock()
        return found


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    return Looked(monkeypatch)


def test_only_what_changed_is_read(known: Known, looked: Looked) -> None:
    read(feed(), WINDOW, ZONE, known)
    assert looked.counts() == (102, 2)

    again = read(feed(stamp="20270101T000000Z"), WINDOW, ZONE, known)
    assert looked.counts() == (0, 0)

    changed = read(feed(changed=5), WINDOW, ZONE, known)
    assert looked.counts() == (1, 0)
    assert [event.summary for event in changed.events if event.uid == "stay 5"] == ["Changed"]
    assert [a.uid for a, b in zip(again.events, changed.events, strict=True) if a != b] == ["stay 5"]


def test_another_window_only_expands_the_series_anew(known: Known, looked: Looked) -> None:
    read(feed(), WINDOW, ZONE, known)
    looked.counts()

    found = read(feed(), LATER, ZONE, known)

    assert looked.counts() == (0, 1)
    assert found == read(feed(), LATER, ZONE)


def test_another_zone_reads_all_anew(known: Known, looked: Looked) -> None:
    read(feed(), WINDOW, ZONE, known)
    looked.counts()

    read(feed(), WINDOW, TOKYO, known)

    assert looked.counts() == (102, 2)


def test_a_zone_that_the_feed_defines_otherwise_reads_anew(known: Known) -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:19700101T000000\n{}\nEND:STANDARD\nEND:VTIMEZONE"
    )
    offsets = "TZOFFSETFROM:{0}\nTZOFFSETTO:{0}"
    booked = event("DTSTART;TZID=Odd:20260701T100000", "DURATION:PT1H")

    for offset in ("+0300", "-0300", "nonsense"):
        body = calendar(zone.format(offsets.format(offset)), booked)
        for _ in range(2):
            assert read(body, WINDOW, ZONE, known) == read(body, WINDOW, ZONE)


def test_a_reading_that_was_given_up_goes_on_where_it_was(known: Known, looked: Looked) -> None:
    class Purse:
        left = 2

        def __call__(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise TooComplex("no more")

    with pytest.raises(TooComplex):
        read(feed(), WINDOW, ZONE, known, Purse())
    before, _ = looked.counts()
    found = read(feed(), WINDOW, ZONE, known)
    after, _ = looked.counts()

    assert before + after == 102
    assert before > 50
    assert found == read(feed(), WINDOW, ZONE)


# The memo itself


def test_what_is_least_used_goes_first() -> None:
    memo: Memo[str] = Memo(3 * 1000)
    for name in "abc":
        memo.put(name, name.upper(), 600)
    assert memo.get("a") == "A"

    memo.put("d", "D", 600)

    assert [memo.get(name) for name in "abcd"] == ["A", None, "C", "D"]


def test_what_is_put_twice_counts_once() -> None:
    memo: Memo[str] = Memo(2 * 1000)
    memo.put("a", "A", 600)
    for _ in range(10):
        memo.put("b", "B", 600)

    assert (memo.get("a"), memo.get("b"), len(memo)) == ("A", "B", 2)


def test_what_is_larger_than_the_memo_is_not_kept() -> None:
    memo: Memo[str] = Memo(1000)
    memo.put("a", "A", 10_000)

    assert memo.get("a") is None
    assert len(memo) == 0
