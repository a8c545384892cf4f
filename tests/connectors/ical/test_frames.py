"""What goes over the pipes arrives as it was sent."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay, Mark, Nature, RemoteEvent, Timed, Window
from connectors.ical.frames import Refusal, Request, result_of, written
from connectors.ical.understand import Understood

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FEW = st.one_of(st.just("Reserved"), TEXTS)
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
WHENS = st.one_of(
    st.builds(AllDay, st.dates(), st.dates()),
    st.builds(Timed, INSTANTS, INSTANTS),
)
EVENTS = st.builds(
    RemoteEvent,
    uid=FEW,
    recurrence_id=st.none() | FEW,
    when=WHENS,
    busy=st.booleans(),
    summary=FEW,
    description=FEW,
    sequence=st.integers(0, 2**31 - 1),
    problem=st.none() | FEW,
    note=FEW,
    nature=st.sampled_from(Nature),
    code=FEW,
    phone_digits=FEW,
    mark=st.none() | st.builds(Mark, FEW, st.lists(FEW, max_size=3).map(tuple)),
    part=st.booleans(),
)
ANSWERS = st.builds(
    Understood,
    events=st.lists(EVENTS, max_size=5).map(tuple),
    problems=st.lists(TEXTS, max_size=3).map(tuple),
    title=TEXTS,
    source=TEXTS,
    returns_ours=st.booleans(),
    whole_days=st.booleans(),
)


@given(st.one_of(ANSWERS, st.builds(Refusal, TEXTS, TEXTS)))
def test_an_answer_arrives_as_it_was_given(result: Understood | Refusal) -> None:
    assert result_of(written(result)) == result


@given(
    st.dates(date(2000, 1, 1), date(3000, 1, 1)),
    st.integers(0, 1000),
    st.none() | st.dates(),
    st.sampled_from(["Europe/Lisbon", "UTC"]),
    TEXTS,
)
def test_a_request_arrives_as_it_was_made(
    first: date, days: int, singles: date | None, zone: str, host: str
) -> None:
    options = {"checkout_offset": 1, "only": ["Zürich"]}
    asked = Request(Window(first, first + timedelta(days=days), singles), ZoneInfo(zone), host, "5e", options)

    assert Request.of(asked.header()) == asked


def test_what_all_events_have_in_common_is_said_once() -> None:
    day = date(2026, 7, 1)
    events = tuple(
        RemoteEvent(f"stay {n}", None, AllDay(day, day + timedelta(days=n + 1)), True, "Reserved")
        for n in range(9)
    )

    columns = json.loads(written(Understood(events, (), "", "", False, False)))["columns"]

    assert columns["summary"] == "Reserved"
    assert columns["busy"] is True
    assert columns["timed"] is False
    assert len(columns["uid"]) == len(columns["bounds"]) / 2 == 9


SAID = {"problems": [], "title": "", "source": "", "returns_ours": True, "whole_days": False}
COLUMNS: dict[str, Any] = json.loads(
    written(
        Understood(
            (RemoteEvent("a", None, AllDay(date(2026, 7, 1), date(2026, 7, 2)), True),),
            (),
            "",
            "",
            True,
            False,
        )
    )
)["columns"]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"ready",
        b"[]",
        b"{}",
        b'{"said": {}, "columns": null}',
        b'{"said": {"code": "x"}, "columns": null}',
        b'{"said": {"problems": []}, "columns": {}, "number": 2}',
        b'{"said": {"problems": [], "title": "", "source": "", "returns_ours": true, "whole_days": false},'
        b' "columns": {"uid": ["a"]}, "number": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"said": SAID, "columns": COLUMNS | {"bounds": [10**30, 1]}, "number": 1}).encode(),
        json.dumps({"said": SAID, "columns": COLUMNS | {"nature": "king"}, "number": 1}).encode(),
    ],
)
def test_what_no_reader_says_is_not_taken_for_an_answer(frame: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, OverflowError, RecursionError)):
        result_of(frame)
