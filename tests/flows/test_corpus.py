"""Calendars by others through the whole hub: served over HTTP, pulled, stored, asked as availability."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.contract import AllDay, When, Window
from connectors.ical import translate
from connectors.transport import Network
from hub.config import Settings
from hub.database import Database
from hub.domain.periods import Hours
from hub.models.external import ExternalBlock
from hub.services import asking, availability
from sync import connecting, linking
from sync.attempts import Outcome
from sync.linking import Scope
from sync.pull import pull
from sync.remote import PAST
from sync.runtime import Runtime
from tests import corpus, factories, servers
from tests.conftest import FrozenClock
from tests.corpus import CORPUS, ORACLE
from tests.fakes.feed_server import FeedServer

CHUNKS = 8
HORIZON = timedelta(days=548)
"""The default of HUB_IMPORT_HORIZON_DAYS"""

pytestmark = corpus.needed

ALL_THE_SAME = {
    "icalendar/src/icalendar/fuzzing/corpus/issue_464_invalid_rdate.ics": "one of its RDATEs is broken",
    "icalendar/src/icalendar/tests/events/issue_464_invalid_rdate.ics": "one of its RDATEs is broken",
}
"""Nothing to the oracle; to us an event on its own dates, which can be read: file -> what is wrong with it"""

FREE_BY_ITS_OWN_WORD = (b"TRANSP:TRANSPARENT", b"STATUS:CANCELLED")
"""Such occurrences are in the oracle, and take nothing here; what has no length takes nothing either"""


@dataclass(frozen=True, slots=True)
class Oracle:
    """A file and the occurrences on which independent implementations agree."""

    file: str
    first: date
    occurrences: frozenset[tuple[datetime, datetime]]


@cache
def oracles() -> Sequence[Oracle]:
    lines = ORACLE.read_text().splitlines()
    return tuple(_oracle(json.loads(line)) for line in lines)


def _oracle(row: dict[str, Any]) -> Oracle:
    first = date.fromisoformat(row["window"][0])
    last = datetime.combine(first + PAST + HORIZON, time(), UTC)
    spans = {(_instant(start), _instant(end)) for _, start, end in row["occurrences"]}
    # Within our horizon; what has no length takes nothing.
    return Oracle(
        row["file"], first, frozenset(span for span in spans if span[0] < span[1] and span[0] < last)
    )


def _instant(text: str) -> datetime:
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def remote() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture(scope="module")
def runtime(database: servers.Database) -> Iterator[Runtime]:
    settings = Settings(database_url=database.app_url, lease_seconds=60)
    made = Runtime(settings, Database(database.app_url, factories.a_vault()), Network(["127.0.0.1"]))
    yield made
    made.close()


def imported(
    runtime: Runtime, remote: FeedServer, clock: FrozenClock, file: str, today: date
) -> tuple[UUID, UUID, Outcome]:
    """A yacht let by the hour, linked to the file's address, on that day."""
    clock.at(datetime.combine(today, time(12), UTC))
    organization_id = factories.an_organization(runtime.database, name=file).organization_id
    path = f"/{organization_id}.ics"
    remote.answer(path, body=(CORPUS / file).read_bytes())

    def link(session: Session) -> tuple[UUID, UUID]:
        (yacht,) = factories.rooms(session, 1, let_by="hour", category="yacht", turnaround=0)
        asking.property_of(session, yacht.property_id).time_zone = "UTC"
        connection = connecting.connect(session, "ical", "A channel", {})
        made = linking.link(
            session,
            connection.id,
            Scope(unit_id=yacht.id),
            "import",
            {"url": remote.url(path)},
            uid_domain="hub.example",
        )
        return yacht.property_id, made.id

    property_id, link_id = runtime.database.transact(organization_id, link)
    return organization_id, property_id, pull(runtime, organization_id, link_id)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_a_calendar_says_is_what_the_unit_loses(
    runtime: Runtime, remote: FeedServer, clock: FrozenClock, chunk: int
) -> None:
    wrong: dict[str, str] = {}
    for oracle in oracles()[chunk::CHUNKS]:
        organization_id, property_id, outcome = imported(
            runtime, remote, clock, oracle.file, oracle.first + PAST
        )
        found = runtime.database.transact(organization_id, blocks)
        if oracle.file in ALL_THE_SAME:
            assert (outcome.counts["problems"], len(found), oracle.occurrences) == (1, 1, frozenset())
            continue
        first = datetime.combine(oracle.first, time(), UTC)
        inside = {span for span in found if span[1] > first and span[0] < first + PAST + HORIZON}
        missing = oracle.occurrences - inside
        if missing <= said_to_be_free(oracle) and inside <= oracle.occurrences:
            for start, end in sorted(inside)[:3]:
                assert free(runtime, organization_id, property_id, start, end) == 0, oracle.file
        else:
            wrong[oracle.file] = f"{outcome}, {len(missing)} missing, {len(inside - oracle.occurrences)} more"
    assert not wrong


def test_no_calendar_is_forgotten_by_the_chunks() -> None:
    chunks = [oracle.file for chunk in range(CHUNKS) for oracle in oracles()[chunk::CHUNKS]]
    assert len(chunks) == len(set(chunks)) == 152
    assert set(ALL_THE_SAME) <= set(chunks)


def said_to_be_free(oracle: Oracle) -> set[tuple[datetime, datetime]]:
    """Occurrences that the calendar itself calls transparent or cancelled; none without such a word."""
    body = (CORPUS / oracle.file).read_bytes()
    if not any(word in body for word in FREE_BY_ITS_OWN_WORD):
        return set()
    window = Window(oracle.first, oracle.first + PAST + HORIZON)
    events = translate.read(body, window, ZoneInfo("UTC")).events
    return {span(event.when) for event in events if not event.busy}


def span(when: When) -> tuple[datetime, datetime]:
    if isinstance(when, AllDay):
        return datetime.combine(when.first, time(), UTC), datetime.combine(when.after, time(), UTC)
    return when.starts_at, when.ends_at


def blocks(session: Session) -> set[tuple[datetime, datetime]]:
    return {(row.starts_at, row.ends_at) for row in session.scalars(select(ExternalBlock))}


def free(
    runtime: Runtime, organization_id: UUID, property_id: UUID, starts_at: datetime, ends_at: datetime
) -> int:
    span = Hours(starts_at, ends_at)
    (found,) = runtime.database.transact(
        organization_id, lambda session: availability.of_property(session, property_id, span, 1)
    )
    assert found.free or {reason.code for reason in found.reasons} == {"sold_out"}
    return found.free
