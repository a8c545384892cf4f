"""What the reading process does between its pipes: it remembers, and knows when it has had too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Window
from connectors.ical import frames, limits
from connectors.ical import reader as program
from connectors.ical.frames import Refusal
from connectors.ical.translate import read
from connectors.ical.understand import Understood
from tests.connectors.ical.readers import REQUEST, feed


@pytest.mark.parametrize("trouble", ["peak", "memory", "refused"])
def test_only_a_fresh_reader_takes_a_lack_of_memory_for_the_feeds_fault(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    ours = program.Reader()
    monkeypatch.setattr(program, "_peak", lambda: 0)
    monkeypatch.setattr(program, "_memory", lambda: 0)
    if trouble == "refused":
        monkeypatch.setattr(program, "read", Mock(side_effect=MemoryError))
    else:
        monkeypatch.setattr(program, f"_{trouble}", lambda: limits.MEMORY_BYTES + 1)

    assert ours.answer(REQUEST, [feed()]) == Refusal("too_complex", "it takes too much memory to read")
    with pytest.raises(program.Worn):
        ours.answer(REQUEST, [feed()])


def test_equal_feeds_of_two_links_share_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = program.Reader()
    monkeypatch.setattr(program, "_peak", lambda: 0)
    monkeypatch.setattr(program, "_memory", lambda: 0)
    reading_it = Mock(side_effect=read)
    monkeypatch.setattr(program, "read", reading_it)

    def answer(sha256: str, **otherwise: Any) -> Understood | Refusal:
        return ours.answer(replace(REQUEST, sha256=sha256, **otherwise), [feed()])

    first = answer("5e", host="one.example")
    assert answer("5e", host="two.example") == first
    assert reading_it.call_count == 1
    answer("5f")
    answer("5e", zone=ZoneInfo("Asia/Tokyo"))
    answer("5e", window=Window(date(2026, 1, 2), date(2028, 1, 2)))
    answer("")
    answer("")
    assert reading_it.call_count == 6


def test_an_answer_that_is_too_large_is_a_refusal_of_a_fresh_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, told = program.Reader(), list[bytes]()
    framing = frames.written

    def refused(result: Understood | Refusal) -> bytes:
        if isinstance(result, Understood):
            raise MemoryError
        return framing(result)

    monkeypatch.setattr(program, "_peak", lambda: 0)
    monkeypatch.setattr(program, "_memory", lambda: 0)
    monkeypatch.setattr(program, "_tell", told.append)
    monkeypatch.setattr(frames, "written", refused)

    assert program._answered(ours, REQUEST, [feed()])
    assert told[0] == frames.MORE
    assert frames.result_of(told[1]) == Refusal("too_large", "what it says takes too much memory")
    assert not program._answered(ours, REQUEST, [feed()])
    assert told[2:] == [frames.AGAIN]
