"""The usual pull brings nothing: it costs a handful of statements, and hides nothing of what happens then."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.errors import NotFound
from hub.ids import new_id
from hub.queries import links, pulls
from sync import linking, requests
from tests.concurrency.together import PATIENCE, until
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import FEED, Importer, Meanwhile

WHOLE = calendar(nights("a", day(20), day(23)))
LASTING = timedelta(seconds=60)
FEW = 8
"""Statements, BEGIN and COMMIT included"""

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%lease_until = ''epoch''%'
"""


@pytest.fixture
def pulled(importer: Importer) -> UUID:
    """A link that has been pulled, and whose channel says 304 from now on."""
    importer.answers(Answer(body=WHOLE, etag='"1"'))
    link = importer.link()
    assert importer.pull(link).state == "changed"
    return link


@contextmanager
def statements(importer: Importer) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(" ".join(statement.split()))

    engine = importer.runtime.database.engine
    event.listen(engine, "before_cursor_execute", see)
    yield seen
    event.remove(engine, "before_cursor_execute", see)


def test_it_costs_a_handful_of_statements(importer: Importer, pulled: UUID) -> None:
    before = importer.state(pulled)

    with statements(importer) as seen:
        assert importer.pull(pulled).state == "unchanged"

    assert len(seen) <= FEW, seen
    after = importer.state(pulled)
    assert importer.channel.requests(FEED)[-1].headers["if-none-match"] == '"1"'
    assert (after.attempts, after.failures, after.version) == (0, 0, before.version)
    assert after.verified_at is not None
    assert before.verified_at is not None
    assert after.verified_at > before.verified_at
    assert after.lease_until < after.verified_at, "given back"
    assert after.next_pull_at > hub_clock.now()


def test_what_went_wrong_before_is_over(importer: Importer, pulled: UUID) -> None:
    importer.answers(Answer(status=500), Answer(body=WHOLE, etag='"1"'))
    assert importer.pull(pulled).state == "failed"

    assert importer.pull(pulled).state == "unchanged"

    state = importer.state(pulled)
    assert (state.failures, state.state, state.state_reason) == (0, "active", None)


def test_a_link_that_was_given_up_is_well_again(importer: Importer, pulled: UUID) -> None:
    importer.run_sql("UPDATE links SET state = 'needs_auth', state_reason = 'refused', failures = 5")

    assert importer.pull(pulled).state == "unchanged"

    state = importer.state(pulled)
    assert (state.failures, state.state, state.state_reason) == (0, "active", None)


def test_what_was_asked_for_meanwhile_is_answered_next(importer: Importer, pulled: UUID) -> None:
    asked: list[UUID] = []
    network = Meanwhile(
        lambda: asked.append(importer.do(lambda session: requests.request(session, pulled)).id)
    )

    assert importer.pull(pulled, network).state == "unchanged"

    assert importer.state(pulled).next_pull_at <= hub_clock.now(), "at once, not after the interval"
    assert importer.pull(pulled).run_id == asked[0]


def test_who_asks_at_the_very_moment_of_its_end_is_not_forgotten(importer: Importer, pulled: UUID) -> None:
    assert ended_while_somebody_asks(importer, pulled) is False, "it takes the long way, which looks again"

    assert importer.state(pulled).next_pull_at <= hub_clock.now()


def test_without_a_second_look_at_the_row_they_would_be(
    importer: Importer, pulled: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    blind = pulls._UNCHANGED.text.replace("AND next_pull_at = CAST(:seen AS timestamptz)", "")
    assert blind != pulls._UNCHANGED.text
    monkeypatch.setattr(pulls, "_UNCHANGED", text(blind).bindparams(bindparam("cursor", type_=JSONB)))

    assert ended_while_somebody_asks(importer, pulled) is True

    assert importer.state(pulled).next_pull_at > hub_clock.now()


def ended_while_somebody_asks(importer: Importer, pulled: UUID) -> bool:
    """The request has written and not committed when the pull wants to end, and waits for the row."""
    lease, link = importer.do(lambda session: _begun(session, pulled))
    with ThreadPoolExecutor(1) as pool:
        with importer.runtime.database.unit_of_work(importer.organization_id) as session:
            requests.request(session, pulled)
            ending = pool.submit(_end, importer, lease, link)
            until(lambda: importer.run_sql(_WAITING).scalar_one() > 0, within=PATIENCE, what="it waits")
        return ending.result(PATIENCE)


def test_who_lost_the_lease_writes_nothing(importer: Importer, pulled: UUID) -> None:
    lease, link = importer.do(lambda session: _begun(session, pulled))
    importer.do(lambda session: linking.resume(session, pulled))
    before = importer.state(pulled)

    assert _end(importer, lease, link) is False

    after = importer.state(pulled)
    assert (after.next_pull_at, after.verified_at, after.fence) == (
        before.next_pull_at,
        before.verified_at,
        before.fence,
    )


@pytest.mark.parametrize("change", ["guard = '{}'", "state = 'guarded'", "state_reason = 'words'"])
def test_a_link_of_which_there_is_more_to_say_takes_the_long_way(
    importer: Importer, pulled: UUID, change: str
) -> None:
    lease, link = importer.do(lambda session: _begun(session, pulled))
    importer.run_sql(f"UPDATE links SET {change}")

    assert _end(importer, lease, link) is False


def test_what_is_read_of_a_link_is_what_asking_needs(importer: Importer, pulled: UUID) -> None:
    link = importer.do(lambda session: pulls.read(session, pulled, hub_clock.now()))

    assert (link.connector, link.time_zone, link.waits, link.is_asked_for) == (
        "ical",
        "Europe/Madrid",
        False,
        False,
    )
    assert link.cursor is not None
    assert link.cursor["etag"] == '"1"'
    importer.do(lambda session: requests.request(session, pulled))
    assert importer.do(lambda session: pulls.read(session, pulled, hub_clock.now())).is_asked_for
    with pytest.raises(NotFound):
        importer.do(lambda session: pulls.read(session, new_id(), hub_clock.now()))


def _begun(session: Session, link_id: UUID) -> tuple[links.Lease, pulls.Pullable]:
    lease = links.acquire(session, link_id, LASTING)
    assert lease is not None
    return lease, pulls.read(session, link_id, hub_clock.now())


def _end(importer: Importer, lease: links.Lease, link: pulls.Pullable) -> bool:
    now = hub_clock.now()
    database = importer.runtime.database
    return pulls.end_unchanged(database, lease, link, now, now + LASTING, {"etag": '"1"'})
