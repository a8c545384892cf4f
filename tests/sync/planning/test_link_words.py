"""Each state of a link has its words, and what to do where somebody has to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.models.links import LINK_STATES
from sync.planning.link_words import TABLE, told

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Row:
    state: str = "active"
    state_reason: str | None = None
    polled: bool | None = True
    emptying: bool = False
    guard: dict[str, Any] | None = None
    failures: int = 0
    verified_at: datetime | None = NOW
    rests_until: datetime | None = None
    calendar_key: bytes | None = None


CASES = (
    (
        Row(state="paused", state_reason="by hand"),
        r"paused \(by hand\): its calendar is not read",
        "resume it",
    ),
    (Row(state="needs_auth"), "signed out", "sign in again, then resume"),
    (Row(state="lost"), "lost: there is no calendar", "new address"),
    (Row(emptying=True), "being emptied", "remove it once more"),
    (
        Row(state="guarded", guard={"readings": 2}),
        "guarded: its calendar lost much at once",
        "keep it if it is not; left alone, it is freed once 2 further readings agree$",
    ),
    (
        Row(state="guarded", guard={"readings": 1}, calendar_key=b"key"),
        "many of its events were deleted at once, and what they stand for stays taken",
        "put the events back if it was not; left alone, it is freed once 1 further reading agrees$",
    ),
    (Row(polled=False), "the channel fetches our calendar", None),
    (Row(failures=3, state_reason="no answer"), r"failing: 3 attempts .*\(no answer\)", "latest runs"),
    (Row(failures=2), "did not answer just now", None),
    (Row(verified_at=None), "new: ", None),
    (Row(rests_until=NOW + timedelta(hours=1)), "resting until 2026-11-22 13:00 UTC", None),
    (Row(guard={"readings": 1}), "in order; .* once 1 further reading agree", None),
    (Row(rests_until=NOW), "in order$", None),
)


@pytest.mark.parametrize(("row", "words", "to_do"), CASES)
def test_how_a_link_stands_is_said_in_words(row: Row, words: str, to_do: str | None) -> None:
    said = told(row, NOW)

    assert re.match(f"^.*{words}", said.words), said.words
    if to_do is None:
        assert said.to_do is None
    else:
        assert said.to_do is not None
        assert re.search(to_do, said.to_do), said.to_do


def test_every_state_and_every_row_of_the_table_is_said_of_some_link() -> None:
    first = {next(n for n, one in enumerate(TABLE) if one.holds(row, NOW)) for row, _, _ in CASES}

    assert first == set(range(len(TABLE)))
    assert {row.state for row, _, _ in CASES} == set(LINK_STATES)


@pytest.mark.parametrize("state", [state for state in LINK_STATES if state != "active"])
def test_in_every_state_but_the_usual_one_somebody_is_told_what_to_do(state: str) -> None:
    assert told(Row(state=state, guard={"readings": 2}), NOW).to_do
    assert told(Row(), NOW).to_do is None
