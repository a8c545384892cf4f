"""Cursors say where a page begins, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pagination import Paging, decode, encode, next_cursor, shown
from hub.errors import Refused

instants = st.datetimes(
    min_value=datetime(2, 1, 2),
    max_value=datetime(9998, 12, 30),
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))]
    ),
)


@given(instants, st.uuids())
def test_a_cursor_is_read_back_as_the_position_it_was_made_of(at: datetime, last_id: UUID) -> None:
    cursor = encode((at, last_id))

    assert decode(cursor) == (at, last_id)
    assert len(cursor) <= 200
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?% ")


@given(st.text(max_size=200))
def test_any_text_is_a_cursor_or_is_refused_by_name(text: str) -> None:
    outcome = _outcome(text)

    assert outcome == [("invalid_cursor", "cursor")] or outcome == decode(text)


def _outcome(text: str) -> object:
    """The position, or codes and fields of the refusal; any other error is a defect."""
    try:
        return decode(text)
    except Refused as refused:
        return [(reason.code, reason.field) for reason in refused.reasons]


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        ["2027-01-01T00:00:00+00:00"],
        ["2027-01-01T00:00:00", "0" * 32],
        ["2027-01-01", "0" * 32],
        ["2027-01-01T00:00:00+00:00", "x"],
        ["2027-01-01T00:00:00+00:00", 7],
        [7, "0" * 32],
        ["2027-01-01T00:00:00+00:00", "0" * 32, 1],
    ],
)
def test_json_that_is_no_position_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        decode(_packed(value))


@given(st.lists(st.integers(0, 50), unique=True, max_size=40).map(sorted), st.integers(1, 10))
def test_pages_show_every_row_once_in_order(rows: list[int], limit: int) -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)

    def position(row: int) -> tuple[datetime, UUID]:
        return start + timedelta(minutes=row // 3), UUID(int=row)

    seen: list[int] = []
    paging = Paging(limit, None)
    while True:
        found = [row for row in rows if paging.after is None or position(row) > paging.after]
        found = found[: paging.fetch]
        seen += shown(found, paging)
        cursor = next_cursor(found, paging, position)
        if cursor is None:
            break
        paging = Paging(limit, decode(cursor))

    assert seen == rows
