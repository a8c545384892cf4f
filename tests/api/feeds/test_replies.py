"""Encodings and validators of a feed's answer."""

from __future__ import annotations

import gzip
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.feed_replies import reply, takes_gzip
from hub.ids import new_id
from sync.feeds import Served

BODY = b"BEGIN:VCALENDAR\r\n" * 50
REPLY = reply(
    Served(
        organization_id=new_id(),
        link_id=new_id(),
        body=BODY,
        gzip_body=gzip.compress(BODY, mtime=0),
        etag='"abc"',
        modified_at=datetime(2026, 6, 1, 8, tzinfo=UTC),
        revision=1,
    )
)


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (b"gzip", True),
        (b"GZIP", True),
        (b"x-gzip", True),
        (b"deflate, gzip;q=1.0, *;q=0.5", True),
        (b"gzip;q=0.001", True),
        (b"*", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"gzip;q=0, *", False),
        (b"*;q=0", False),
        (b"br, deflate", False),
        (b"identity", False),
        (b"gzipped", False),
        (b"", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(header: bytes, taken: bool) -> None:
    assert takes_gzip(header) is taken


def test_a_feed_that_packing_does_not_shrink_goes_out_plain() -> None:
    served = Served(new_id(), new_id(), b"tiny", None, '"abc"', datetime(2026, 6, 1, tzinfo=UTC), 1)
    assert reply(served).variant(b"gzip").body == b"tiny"


tags = st.text(string.ascii_letters + string.digits + "-,", max_size=8).map(lambda tag: f'"{tag}"')


@given(st.lists(st.tuples(st.booleans(), tags), max_size=6))
def test_a_list_of_tags_matches_when_it_holds_one_of_ours(listed: list[tuple[bool, str]]) -> None:
    header = " ,".join(("W/" if weak else "") + tag for weak, tag in listed).encode()
    ours = {'"abc"', '"abc-gzip"'} & {tag for _, tag in listed}
    found = REPLY.known(header, None, b"gzip")
    assert (found is not None) == bool(ours)
    assert found is None or found.etag.decode() in ours


@given(st.binary(max_size=40))
def test_no_header_however_odd_breaks_the_answer(header: bytes) -> None:
    assert REPLY.variant(header) in (REPLY.plain, REPLY.packed)
    REPLY.known(header, header, header)
