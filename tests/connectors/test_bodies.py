"""Bodies are unpacked in steps, whole, and not a byte beyond their end."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import bodies
from connectors.dialling import TooMuch
from connectors.errors import Unavailable

PACKED = {"content-encoding": "gzip"}


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 2000), st.integers(1, 97), st.integers(1, 64))
def test_whatever_the_steps_and_pieces_the_body_is_the_same(
    stretch: bytes, times: int, piece: int, step: int
) -> None:
    body = stretch * times
    packed = gzip.compress(body)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "STEP", step * 100)
        patch.setattr(bodies, "MOST_PIECES", len(pieces))
        steps = list(bodies.unpacked(pieces, PACKED, "h.example"))

    assert b"".join(steps) == body
    assert all(len(one) <= step * 100 for one in steps)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_packed_body_that_is_cut_anywhere_is_no_body(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    cut = data.draw(st.integers(1, len(packed) - 1))

    with pytest.raises((Unavailable, zlib.error)):
        list(bodies.unpacked([packed[:cut]], PACKED, "h.example"))


@pytest.mark.parametrize("after", [b"\0" * 600, b"\r\n", b""])
def test_padding_after_the_end_is_forgiven(after: bytes) -> None:
    packed = gzip.compress(b"calendar")

    assert b"".join(bodies.unpacked([packed + after, after], PACKED, "h.example")) == b"calendar"


@pytest.mark.parametrize("pieces", [1, 2])
def test_anything_else_after_the_end_is_not(pieces: int) -> None:
    packed = [gzip.compress(b"calendar"), gzip.compress(b"another")]

    with pytest.raises(Unavailable, match="more than it had packed"):
        list(bodies.unpacked(packed if pieces == 2 else [b"".join(packed)], PACKED, "h.example"))


def test_too_many_pieces_are_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_PIECES", 10)

    assert len(list(bodies.unpacked([b"x"] * 10, {}, "h.example"))) == 10
    with pytest.raises(TooMuch):
        list(bodies.unpacked([b"x"] * 11, {}, "h.example"))
