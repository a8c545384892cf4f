"""A feed is split at once where it is well formed, and always as the reader that goes line by line says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from connectors.ical import limits
from connectors.ical.content import KEPT, Content, NotACalendar, TooComplex, read_content
from connectors.ical.lines import name_of, unfolded
from connectors.ical.split import split
from tests.connectors.ical.written import ALARM, HARBOUR, WELL_FORMED, bodies

SAMPLES = Path(__file__).parent / "samples"


def kept(content: Content) -> Content:
    """With the lines of events that matter alone: the one keeps all, the other only these."""
    events = (filter(_matters, block.split(b"\n")) for block in content.events)
    return replace(content, events=[b"\n".join(lines) for lines in events])


def _matters(line: bytes) -> bool:
    return name_of(line) in KEPT


def at_once(text: bytes) -> Content | str | None:
    try:
        found = split(text)
    except NotACalendar as refusal:
        return str(refusal)
    return found and kept(found)


def line_by_line(text: bytes) -> Content | str:
    try:
        return kept(read_content(text))
    except NotACalendar as refusal:
        return str(refusal)


@settings(deadline=None)
@given(bodies())
def test_whatever_the_bytes_both_say_the_same(body: bytes) -> None:
    text = unfolded(body)

    assert at_once(text) in (line_by_line(text), None)


@settings(deadline=None)
@given(WELL_FORMED)
def test_what_is_well_formed_takes_no_second_look(lines: list[str]) -> None:
    text = "\n".join(lines).encode()

    found = at_once(text)

    assert found is not None
    assert found == line_by_line(text)


def test_all_that_channels_write_is_split_at_once() -> None:
    for sample in SAMPLES.glob("*.ics"):
        assert split(unfolded(sample.read_bytes())) is not None


def calendar(*lines: str) -> bytes:
    return "\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", "")).encode()


def test_what_is_said_anew_each_time_is_left_out() -> None:
    event = ("BEGIN:VEVENT", "DTSTAMP:{}", "UID:a", "LAST-MODIFIED;X=1:{}", "CREATED:{}", "END:VEVENT")
    first, second = (
        split(calendar(*(line.format(at) for line in event)))
        for at in ("20260101T000000Z", "20270101T000000Z")
    )

    assert first == second
    assert first is not None
    assert first.events == [b"UID:a"]


def test_alarms_are_left_out_and_zones_are_kept() -> None:
    found = split(calendar(*HARBOUR, "BEGIN:VEVENT", "UID:a", *ALARM, "SUMMARY:x", "END:VEVENT"))

    assert found is not None
    assert found.events == [b"UID:a\nSUMMARY:x"]
    assert found.time_zones == ["\n".join(HARBOUR[1:-1]).encode()]


@pytest.mark.parametrize(
    "lines",
    [
        ["BEGIN:VEVENT", "UID:a", "BEGIN:VEVENT", "UID:b", "END:VEVENT", "END:VEVENT"],
        ["BEGIN:VTODO", "BEGIN:VEVENT", "UID:a", "END:VEVENT", "END:VTODO"],
        ["BEGIN:VEVENT", "UID:a", "BEGIN:VALARM", "END:VEVENT"],
        ["BEGIN:VEVENT", "UID:a", "END:VEVENT-X:1", "UID:b", "END:VEVENT"],
        ["BEGIN:VEVENT", "UID:a", "Begin the day", "END:VEVENT"],
        ["BEGIN:VEVENT", "UID:a\x00", "END:VEVENT"],
        ["BEGIN:VEVENT", "UID:a", "BEGIN:PARTICIPANT", "UID:b", "END:PARTICIPANT", "END:VEVENT"],
    ],
)
def test_whatever_cannot_be_accounted_for_is_left_to_the_other(lines: list[str]) -> None:
    assert split(calendar(*lines)) is None


@pytest.mark.parametrize("reader", [split, read_content])
@pytest.mark.parametrize(
    ("limit", "most", "reason"),
    [
        ("MOST_LINES", 10, "it has more than 10 lines"),
        ("MOST_COMPONENTS", 5, "it has more than 5 components"),
        ("DEEPEST", 2, "it has more than 2 components within one another"),
    ],
)
def test_what_is_too_large_is_refused_by_both(
    monkeypatch: pytest.MonkeyPatch, reader: object, limit: str, most: int, reason: str
) -> None:
    text = calendar("BEGIN:X", "BEGIN:Y", "END:Y", "END:X", *["BEGIN:VEVENT", "UID:a", "END:VEVENT"] * 4)
    assert callable(reader)
    reader(text)
    monkeypatch.setattr(limits, limit, most)

    with pytest.raises(TooComplex, match=reason) as raised:
        reader(text)

    assert raised.value.code == "too_complex"
