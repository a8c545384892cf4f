"""
Real and awkward calendars, by others: none crashes the reader or costs much, and where independent
implementations agree on the occurrences of a window, we agree with them.

The corpus lies beside the checkout, not in it (some of its licences are copyleft). Compared are UID, start
and end of every occurrence, free ones (cancelled, transparent, without length) included, because the oracle
has them; times without a zone count as UTC, as they do there.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import AllDay, When, Window
from connectors.ical import reading
from connectors.ical.content import NotACalendar
from connectors.ical.frames import Request
from connectors.ical.lines import unfolded
from connectors.ical.options import FeedOptions
from connectors.ical.split import split
from connectors.ical.translate import Parsed, read
from connectors.ical.understand import Understood, reading_window, understand
from tests import corpus
from tests.connectors.ical.readers import peak, readers
from tests.connectors.ical.written import slowly
from tests.corpus import CORPUS, ORACLE

UTC_ZONE = ZoneInfo("UTC")
LISBON = ZoneInfo("Europe/Lisbon")
TODAY = Window(date(2026, 11, 1), date(2028, 5, 1))
AT_LEAST = 148

BROKEN_RDATE = (
    "one of its RDATEs is broken: nothing to the oracle, to us an event on its own dates, and listed"
)
EXCEPTIONS = {
    "icalendar/src/icalendar/fuzzing/corpus/issue_464_invalid_rdate.ics": BROKEN_RDATE,
    "icalendar/src/icalendar/tests/calendars/example.ics": (
        "its all-day events have DTEND on DTSTART: no length to the oracle, one night to us"
    ),
    "icalendar/src/icalendar/tests/events/issue_464_invalid_rdate.ics": BROKEN_RDATE,
}
SECONDS = 5.0
MEMORY = 150 * 1024 * 1024
"""Bytes of the reader at its peak"""

pytestmark = corpus.needed


def files() -> list[Path]:
    return sorted(CORPUS.rglob("*.ics"))


def is_whole(file: Path) -> bool:
    body = file.read_bytes().strip().upper()
    return body.startswith(b"BEGIN:VCALENDAR") and body.endswith(b"\nEND:VCALENDAR")


def oracle() -> list[dict[str, Any]]:
    if not ORACLE.exists():
        return []
    return [json.loads(line) for line in ORACLE.read_text(encoding="utf-8").splitlines()]


def stamps(when: When) -> tuple[str, str]:
    """Start and end as the oracle writes them."""
    if isinstance(when, AllDay):
        return f"{when.first:%Y%m%d}", f"{when.after:%Y%m%d}"
    return f"{when.starts_at:%Y%m%dT%H%M%SZ}", f"{when.ends_at:%Y%m%dT%H%M%SZ}"


def agrees(row: dict[str, Any]) -> bool:
    window = Window(*map(date.fromisoformat, row["window"]))
    try:
        found = read((CORPUS / row["file"]).read_bytes(), window, UTC_ZONE)
    except NotACalendar:
        return False
    ours = sorted((event.uid, *stamps(event.when)) for event in found.events)
    return ours == sorted(map(tuple, row["occurrences"]))


@cache
def read_today(file: Path) -> Parsed | str:
    """By this process, once; or why it is refused."""
    try:
        return read(file.read_bytes(), reading_window(TODAY), LISBON)
    except NotACalendar as refusal:
        return str(refusal)


def test_every_file_is_read_or_refused_and_whole_calendars_are_read() -> None:
    refused = []

    for file in files():
        found = read_today(file)
        if isinstance(found, str):
            refused.append(file)
        else:
            assert len({event.key for event in found.events}) == len(found.events), file

    assert len(files()) == 423
    assert not [file for file in refused if is_whole(file)]


def test_every_file_costs_little_and_says_the_same_in_its_process_and_in_ours() -> None:
    """In the process that the worker reads in, one file after another."""
    request = Request(TODAY, LISBON)
    slow: dict[str, float] = {}
    reading.close()
    for file in files():
        body = file.read_bytes()
        began = time.monotonic()
        try:
            found: Understood | str = reading.read(body, request)
        except NotACalendar as refusal:
            found = str(refusal)
        if (seconds := time.monotonic() - began) > SECONDS:
            slow[file.name] = seconds
        assert found == understood(file, request), file

    assert not slow
    for reader in readers():
        assert peak(reader.pid) < MEMORY


def understood(file: Path, request: Request) -> Understood | str:
    found = read_today(file)
    if isinstance(found, str):
        return found
    return understand(found, request.host, FeedOptions(), request.zone, request.window)


def test_every_file_says_the_same_fast_and_slow() -> None:
    """Split at once and read without a parser, or line by line and by icalendar alone."""
    window = Window(date(2019, 6, 1), date(2020, 6, 1), date(2030, 1, 1))
    at_once = 0
    for file in files():
        body = file.read_bytes()
        try:
            at_once += split(unfolded(body)) is not None
            found = read(body, window, UTC_ZONE)
        except NotACalendar as refusal:
            with pytest.raises(NotACalendar, match=re.escape(str(refusal))):
                slowly(body, window, UTC_ZONE)
        else:
            assert found == slowly(body, window, UTC_ZONE), file

    assert at_once > 300


@pytest.mark.parametrize("row", oracle(), ids=lambda row: row["file"].removesuffix(".ics"))
def test_we_agree_with_independent_readers_or_say_why_not(row: dict[str, Any]) -> None:
    body = (CORPUS / row["file"]).read_bytes()

    assert hashlib.sha256(body).hexdigest() == row["sha256"]
    assert agrees(row) is (row["file"] not in EXCEPTIONS)


def test_we_agree_on_enough_and_every_exception_is_of_the_oracle() -> None:
    rows = [row["file"] for row in oracle()]

    assert set(EXCEPTIONS) <= set(rows)
    assert len(rows) == 152
    assert len(rows) - len(EXCEPTIONS) >= AT_LEAST


def test_the_comparison_would_notice_a_difference() -> None:
    row = next(row for row in oracle() if row["occurrences"] and row["file"] not in EXCEPTIONS)

    assert agrees(row)
    assert not agrees(row | {"occurrences": row["occurrences"][1:]})
    later = datetime(2100, 1, 1, tzinfo=UTC).strftime("%Y%m%dT%H%M%SZ")
    assert not agrees(row | {"occurrences": [*row["occurrences"], ["x", later, later]]})
