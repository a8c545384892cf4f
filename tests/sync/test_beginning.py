"""Who begins at one moment: few at one host, and not all of them for one organization while others wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy.orm import Session

from connectors.transport import Network
from hub import clock
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import hosts
from hub.queries import links as links_query
from sync import due
from sync.planning.politeness import AT_ONCE
from sync.runtime import Runtime
from tests.connectors.remotes import leading_to
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import Answer, FeedServer
from tests.servers import Database
from tests.sync.beginning import all_at_once, link, pull, without_the_lock
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import Importer, a_runtime

WHOLE = calendar(nights("a", day(20), day(23)))
PULLERS = 4


@pytest.fixture
def alone(empty_database: Database) -> Iterator[Runtime]:
    """A hub of four pullers with no other links than a test's; every name leads to this machine."""
    opened = a_runtime(empty_database, Network(["127.0.0.1"], resolve=leading_to("127.0.0.1")))
    yield replace(opened, settings=opened.settings.model_copy(update={"pull_concurrency": PULLERS}))
    opened.close()


@pytest.fixture
def ours(alone: Runtime, channel: FeedServer) -> Importer:
    return Importer.build(alone, channel)


@pytest.fixture
def theirs(alone: Runtime, channel: FeedServer) -> Importer:
    return Importer.build(alone, channel)


@pytest.fixture
def slow() -> Iterator[CountingServer]:
    with CountingServer(WHOLE, 30) as served:
        yield served


@pytest.fixture
def quick() -> Iterator[CountingServer]:
    """Answers at once."""
    with CountingServer(WHOLE, 0) as served:
        yield served


def names(number: int) -> list[str]:
    return [f"{new_id().hex[-12:]}.example" for _ in range(number)]


def test_no_more_than_a_few_ask_one_host_at_once(ours: Importer, slow: CountingServer) -> None:
    states = all_at_once(ours, slow, names(1) * (AT_ONCE + 4))

    assert slow.requests.total() == AT_ONCE
    assert sorted(states) == ["busy"] * 4 + ["changed"] * AT_ONCE
    waiting = [one for one in ours.do(_links) if one.verified_at is None]
    assert [(one.attempts, one.failures) for one in waiting] == [(0, 0)] * 4, "that was no attempt"


def test_without_the_lock_they_would_not_count_each_other(
    ours: Importer, slow: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    without_the_lock(monkeypatch, AT_ONCE + 4)

    all_at_once(ours, slow, names(1) * (AT_ONCE + 4))

    assert slow.requests.total() == AT_ONCE + 4


def test_one_organization_leaves_half_of_the_pullers_to_others_who_wait(
    ours: Importer, theirs: Importer, slow: CountingServer
) -> None:
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    other = link(theirs, names(1)[0], "/b.ics")
    ended = []

    states = all_at_once(ours, slow, names(PULLERS), lambda: ended.append(pull(theirs, other).state))

    assert Counter(states) == {"changed": PULLERS // 2, "busy": PULLERS // 2}
    assert ended == ["changed"], "a puller was free for it"
    waiting = [one for one in ours.do(_links) if one.verified_at is None]
    assert [(one.attempts, one.failures) for one in waiting] == [(0, 0)] * 2
    assert all(one.next_pull_at < clock.now() + timedelta(seconds=5) for one in waiting)


def test_without_the_lock_one_organization_would_have_them_all(
    ours: Importer, theirs: Importer, slow: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    link(theirs, names(1)[0])
    without_the_lock(monkeypatch, PULLERS)

    assert all_at_once(ours, slow, names(PULLERS)) == ["changed"] * PULLERS


@pytest.mark.parametrize("theirs_is", ["due in an hour", "given up"])
def test_an_organization_has_all_pullers_while_nobody_else_waits(
    ours: Importer, theirs: Importer, slow: CountingServer, theirs_is: str
) -> None:
    later, state = clock.now() + timedelta(hours=1), "lost"
    columns = {"next_pull_at": later} if theirs_is == "due in an hour" else {"state": state}
    other = link(theirs, names(1)[0])
    theirs.do(lambda session: links_query.note(session, other, **columns))

    assert all_at_once(ours, slow, names(PULLERS)) == ["changed"] * PULLERS


def _links(session: Session) -> list[Link]:
    return list(session.query(Link).all())


APART = 0.4


def test_a_host_is_not_asked_twice_within_the_interval(ours: Importer, quick: CountingServer) -> None:
    states = all_at_once(spaced(ours, APART), quick, names(1) * 6)

    assert sorted(set(states)) == ["busy", "changed"], "whose turn is too far away comes again"
    gaps = [later - before for before, later in pairwise(sorted(quick.began))]
    assert len(gaps) >= 2
    assert min(gaps) > APART * 0.8
    waiting = [one for one in ours.do(_links) if one.verified_at is None]
    assert [(one.attempts, one.failures) for one in waiting] == [(0, 0)] * states.count("busy")


def test_without_an_interval_they_come_at_one_moment(ours: Importer, quick: CountingServer) -> None:
    """The control of the test before."""
    all_at_once(spaced(ours, 0), quick, names(1) * 3)

    gaps = [later - before for before, later in pairwise(sorted(quick.began))]
    assert min(gaps) < APART * 0.8


def test_the_interval_is_of_one_host(ours: Importer, quick: CountingServer) -> None:
    states = all_at_once(spaced(ours, 60), quick, names(3))

    assert states == ["changed"] * 3


def test_links_of_a_host_whose_turn_is_far_away_are_not_handed_out(
    ours: Importer, quick: CountingServer
) -> None:
    spacious, (name,) = spaced(ours, 60), names(1)
    port = int(quick.url("").rpartition(":")[2])
    first, second = (link(ours, name, f"/{number}.ics", port) for number in range(2))
    assert pull(spacious, first).state == "changed"

    assert second not in [one.link_id for one in due.claim_due(spacious.runtime, 100)]

    with ours.runtime.database.unit_of_work(None) as session:
        hosts.trust(session, f"{name}:{port}", clock.now())
    assert pull(spacious, second).state == "busy", "an answer does not make it forget whose turn it is"


def spaced(importer: Importer, seconds: float) -> Importer:
    """The same with so much time between two beginnings at one host."""
    more = {"host_interval_ms": int(seconds * 1000), "host_concurrency": 10, "pull_concurrency": 24}
    settings = importer.runtime.settings.model_copy(update=more)
    return replace(importer, runtime=replace(importer.runtime, settings=settings))
