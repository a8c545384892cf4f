"""GET /feeds/{token}.ics: what is answered, and who is counted."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.feeds import FeedsApp
from hub.models.links import FeedFetches
from hub.queries import ledger as query
from sync.runtime import Runtime
from tests.api.feeds.reader import Seconds, ask, one, with_app
from tests.sync.exporting import Place, dates, events, july


def test_a_feed_is_a_calendar_that_nobody_keeps_or_finds(runtime: Runtime, path: str) -> None:
    answer = one(runtime, path)
    assert answer.status == 200
    assert [(event.start, event.end) for event in events(answer.body)] == dates(july(3, 7))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="calendar.ics"'
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "private, no-cache, max-age=0, must-revalidate"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["last-modified"] == "Mon, 01 Jun 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    "bad", ["/feeds/", "/feeds/x.ics", "/feeds/{}", "/feeds/{}.ics/", "/feeds/{}.ics\n", "/feeds/%00.ics"]
)
def test_an_address_that_cannot_be_is_answered_like_one_that_is_not(
    runtime: Runtime, path: str, bad: str
) -> None:
    token = path[len("/feeds/") : -len(".ics")]
    unknown = one(runtime, "/feeds/" + "x" * len(token) + ".ics")
    assert unknown.status == 404
    assert one(runtime, bad.format(token)) == unknown


def test_head_says_what_get_says_without_the_body(runtime: Runtime, path: str) -> None:
    get, head = one(runtime, path), one(runtime, path, "HEAD")
    assert (head.status, head.headers, head.body) == (200, get.headers, b"")


def test_a_feed_can_only_be_read(runtime: Runtime, path: str) -> None:
    answer = one(runtime, path, "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_gzip_is_the_same_calendar_under_another_tag(runtime: Runtime, path: str) -> None:
    plain, packed = one(runtime, path), one(runtime, path, accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    assert packed.headers["content-length"] == str(len(packed.body))
    assert one(runtime, path, accept_encoding="gzip") == packed


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"a,b" , W/{},"c"', "*"])
def test_who_has_the_feed_already_is_told_so(runtime: Runtime, path: str, form: str, method: str) -> None:
    for encodings in ({}, {"accept_encoding": "gzip"}):
        etag = one(runtime, path, **encodings).headers["etag"]
        answer = one(runtime, path, method, if_none_match=form.format(etag), **encodings)
        assert (answer.status, answer.headers["etag"], answer.body) == (304, etag, b"")
        assert "content-length" not in answer.headers


def test_a_tag_of_either_encoding_is_proof_of_having_it(runtime: Runtime, path: str) -> None:
    plain = one(runtime, path).headers["etag"]
    answer = one(runtime, path, if_none_match=plain, accept_encoding="gzip")
    assert (answer.status, answer.headers["etag"]) == (304, plain)


def test_who_has_another_feed_gets_this_one(runtime: Runtime, path: str) -> None:
    first = one(runtime, path)
    for tag in ('"other"', "", first.headers["etag"].strip('"')):
        assert one(runtime, path, if_none_match=tag).status == 200


def test_only_the_date_that_we_gave_proves_anything(runtime: Runtime, path: str) -> None:
    date = one(runtime, path).headers["last-modified"]
    assert one(runtime, path, if_modified_since=date).status == 304
    assert one(runtime, path, if_modified_since="Tue, 02 Jun 2026 08:00:00 GMT").status == 200
    assert one(runtime, path, if_modified_since="yesterday").status == 200
    assert one(runtime, path, if_modified_since=date, if_none_match='"other"').status == 200


def test_everybody_who_fetches_is_counted_and_written_when_the_door_closes(
    place: Place, link: UUID, path: str
) -> None:
    async def work(app: FeedsApp) -> None:
        etag = (await ask(app, path, "HEAD")).headers["etag"]
        full = [ask(app, path, user_agent="Airbnb-Calendar/1.0") for _ in range(150)]
        same = [ask(app, path, user_agent="Airbnb-Calendar/1.1", if_none_match=etag) for _ in range(100)]
        await asyncio.gather(*full, *same, ask(app, path))

    with_app(place.runtime, work)
    seen = place.do(lambda session: query.consumers(session, [link]))
    assert [(one.name, one.full, one.not_modified, one.revision) for one in seen] == [
        ("Airbnb", 150, 100, 1),
        ("unknown", 1, 0, 1),
    ]


def test_a_fetch_counts_for_the_revision_that_was_given(
    place: Place, link: UUID, path: str, seconds: Seconds
) -> None:
    async def work(app: FeedsApp) -> None:
        await ask(app, path, user_agent="Airbnb/1.0")
        place.book(place.units[0], july(10, 12))
        seconds.now += 1
        for _ in range(2):
            await ask(app, path, user_agent="Airbnb/1.0")

    with_app(place.runtime, work)
    rows = select(FeedFetches.revision, FeedFetches.full).where(FeedFetches.link_id == link)
    found = place.do(lambda session: session.execute(rows.order_by(FeedFetches.revision)).all())
    assert [tuple(row) for row in found] == [(1, 1), (2, 2)]


def test_headers_that_come_twice_are_one_list(runtime: Runtime, path: str) -> None:
    etag = one(runtime, path).headers["etag"]

    async def work(app: FeedsApp) -> list[int]:
        statuses = []
        for method in ("GET", "HEAD"):
            sent: list[Any] = []

            async def send(message: Any, sent: list[Any] = sent) -> None:
                sent.append(message)

            twice = [(b"if-none-match", b'"other"'), (b"if-none-match", etag.encode())]
            encodings = [(b"accept-encoding", b"br"), (b"accept-encoding", b"gzip")]
            scope = {"type": "http", "method": method, "path": path, "headers": [*twice, *encodings]}
            await app(scope, None, send)  # type: ignore[arg-type]
            statuses.append(sent[0]["status"])
        return statuses

    assert with_app(runtime, work) == [304, 304]


def test_the_hub_serves_its_feeds_beside_everything_else(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert [(event.start, event.end) for event in events(answer.content)] == dates(july(3, 7))
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_application_that_ended_may_start_again(runtime: Runtime, path: str) -> None:
    app = FeedsApp(lambda: runtime)

    async def start_and_end() -> int:
        async with app.running():
            return (await ask(app, path)).status

    assert [asyncio.run(start_and_end()) for _ in range(2)] == [200, 200]
