"""Manners towards hosts, in real pulls: few at once, all spared for one, nobody blamed for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.transport import Network
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import hosts as query
from sync import connecting, linking, requests
from sync import pull as pulling
from sync.planning.politeness import AT_ONCE, LONGEST_PAUSE
from sync.pull import Outcome
from sync.runtime import Runtime
from tests import factories
from tests.concurrency.together import Meeting, together, until
from tests.conftest import FrozenClock
from tests.connectors.remotes import leading_to
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import DOMAIN, Importer

WHOLE = calendar(nights("a", day(20), day(23)))
BUSY, DOWN = Answer(status=429, headers={"Retry-After": "3600"}), Answer(status=503)

# What stand_at_host does, without the lock that makes those who begin at once count each other.
_UNLOCKED = text("""
    SELECT count(*) AS running, NULL::int AS failures, NULL::timestamptz AS not_before,
           NULL::timestamptz AS asked_until
    FROM links WHERE host = :host AND lease_until > clock_timestamp()
""")


@pytest.fixture
def named(reaching: Runtime) -> Runtime:
    """Every name leads to this machine."""
    return replace(reaching, network=Network(["127.0.0.1"], resolve=leading_to("127.0.0.1")))


@pytest.fixture
def ours(named: Runtime, channel: FeedServer) -> Importer:
    return Importer.build(named, channel)


@pytest.fixture
def theirs(named: Runtime, channel: FeedServer) -> Importer:
    """Another organization with calendars at the same channel."""
    return Importer.build(named, channel)


@pytest.fixture
def host() -> str:
    """Of this test alone: what is remembered of hosts is everybody's."""
    return f"{new_id().hex[-12:]}.example"


def link(importer: Importer, host: str, path: str = "/a.ics", port: int | None = None) -> UUID:
    url = {"url": f"http://{host}:{port or importer.channel.port}{path}"}

    def work(session: Session) -> UUID:
        connection = connecting.connect(session, "ical", "Seaside", {})
        scope = linking.Scope(unit_id=importer.units[0])
        return linking.link(session, connection.id, scope, "import", url, uid_domain=DOMAIN).id

    return importer.do(work)


def pull(importer: Importer, link_id: UUID, trigger: str = "schedule") -> Outcome:
    return pulling.pull(importer.runtime, importer.organization_id, link_id, trigger=trigger)


def test_what_one_calendar_is_told_spares_the_whole_host_for_everybody(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(BUSY, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    told, other = link(ours, host), link(theirs, host, "/b.ics")
    before = theirs.state(other)

    assert pull(ours, told).state == "failed"
    outcome = pull(theirs, other)

    assert outcome.state == "busy"
    assert host in (outcome.error or "")
    assert not ours.channel.requests("/b.ics")
    state = theirs.state(other)
    assert (state.state, state.failures, state.attempts) == (before.state, 0, 0)
    assert state.next_pull_at >= clock.instant + timedelta(hours=1)
    assert theirs.runs(other) == []


@pytest.mark.parametrize("answer", [BUSY, DOWN], ids=["asked", "failed"])
def test_a_person_goes_there_unless_the_host_asked_not_to_be_asked(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str, answer: Answer
) -> None:
    ours.answers(answer, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    pull(ours, link(ours, host))
    other = link(theirs, host, "/b.ics")
    assert pull(theirs, other).state == "busy"

    theirs.do(lambda session: requests.request(session, other))
    outcome = pull(theirs, other)

    assert outcome.state == ("busy" if answer is BUSY else "changed")
    (run,) = theirs.runs(other)
    assert run.state == ("queued" if answer is BUSY else "done")


def test_a_person_at_a_terminal_is_told_why_it_must_wait(
    ours: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(BUSY, feed="/a.ics")
    told = link(ours, host)
    pull(ours, told)

    outcome = pull(ours, told, "command")

    assert outcome.state == "busy"
    assert "asked not to be asked" in (outcome.error or "")


def test_one_answer_and_a_host_is_trusted_again(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(DOWN, DOWN, Answer(body=WHOLE), feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    one, other = link(ours, host), link(theirs, host, "/b.ics")
    for _ in range(2):
        assert pull(ours, one).state == "failed"
        clock.advance(LONGEST_PAUSE)
    assert failures(ours, host) == 2

    assert pull(ours, one).state == "changed"

    assert failures(ours, host) == 0
    assert pull(theirs, other).state == "changed"


def test_a_pause_ends_by_itself(ours: Importer, theirs: Importer, clock: FrozenClock, host: str) -> None:
    ours.answers(DOWN, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    one, other = link(ours, host), link(theirs, host, "/b.ics")
    pull(ours, one)
    assert pull(theirs, other).state == "busy"

    clock.advance(timedelta(seconds=30))

    assert pull(theirs, other).state == "changed"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        Answer(status=403),
        Answer(status=500),
        Answer(body=b"<html>"),
        Answer(hang_up=True),
    ],
    ids=["not found", "refused", "an error", "a page", "a hang-up"],
)
def test_what_is_wrong_with_one_calendar_is_no_fault_of_its_host(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str, answer: Answer
) -> None:
    ours.answers(answer, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")

    assert pull(ours, link(ours, host)).state == "failed"

    assert pull(theirs, link(theirs, host, "/b.ics")).state == "changed"


def test_it_is_the_host_that_failed_which_is_spared_and_not_the_one_that_led_there(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    leading = f"leading.{host}"
    ours.answers(
        Answer(status=302, headers={"Location": f"http://{host}:{ours.channel.port}/b.ics"}), feed="/a.ics"
    )
    ours.answers(DOWN, feed="/b.ics")
    ours.answers(Answer(body=WHOLE), feed="/c.ics")

    assert pull(ours, link(ours, leading)).state == "failed"

    assert pull(theirs, link(theirs, leading, "/c.ics")).state == "changed"
    assert pull(theirs, link(theirs, host, "/c.ics")).state == "busy"


# At once


@pytest.fixture
def slow() -> Iterator[CountingServer]:
    with CountingServer(WHOLE, 30) as served:
        yield served


def test_no_more_than_a_few_ask_one_host_at_once(ours: Importer, slow: CountingServer, host: str) -> None:
    states = all_at_once(ours, slow, host)

    assert slow.requests.total() == AT_ONCE
    assert sorted(states) == ["busy"] * 4 + ["changed"] * AT_ONCE
    waiting = [one for one in ours.do(_links) if one.verified_at is None]
    assert [(one.attempts, one.failures) for one in waiting] == [(0, 0)] * 4, "that was no attempt"


def test_without_the_lock_they_would_not_count_each_other(
    ours: Importer, slow: CountingServer, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before: all begin before any has committed that it did."""
    meeting, stand = Meeting(AT_ONCE + 4), query.stand

    def together_with_others(session: Session, name: str) -> object:
        found = stand(session, name)
        meeting.wait()
        return found

    monkeypatch.setattr(query, "_STAND", _UNLOCKED)
    monkeypatch.setattr(query, "stand", together_with_others)

    all_at_once(ours, slow, host)

    assert slow.requests.total() == AT_ONCE + 4


def all_at_once(importer: Importer, slow: CountingServer, host: str) -> list[str]:
    """Twice four pulls of as many calendars of one host, begun at one moment."""
    port = int(slow.url("").rpartition(":")[2])
    ids = [link(importer, host, f"/{number}.ics", port) for number in range(AT_ONCE + 4)]
    turned_away: list[Outcome] = []

    def asks(link_id: UUID) -> Outcome:
        outcome = pull(importer, link_id)
        turned_away.append(outcome)
        return outcome

    def answer() -> Outcome:
        until(
            lambda: slow.total() + len(turned_away) >= len(ids),
            within=30,
            what="each asks, or is told to wait",
        )
        slow.go_on.set()
        return pulling.BUSY

    calls: list[Callable[[], Outcome]] = [*(partial(asks, link_id) for link_id in ids), answer]
    ended = together(calls)
    assert not [one for one in ended if isinstance(one, Exception)], ended
    return [one.state for one in ended[:-1] if isinstance(one, Outcome)]


def _links(session: Session) -> list[Link]:
    return list(session.query(Link).all())


def test_a_calendar_that_crashes_its_worker_is_not_forgiven_by_having_to_wait(
    ours: Importer, clock: FrozenClock, host: str
) -> None:
    crashed, other = link(ours, host), link(ours, host, "/b.ics")
    ours.answers(BUSY, feed="/b.ics")
    ours.run_sql("UPDATE links SET attempts = 2 WHERE id = :id", id=crashed)
    pull(ours, other)

    assert pull(ours, crashed).state == "busy"

    assert ours.state(crashed).attempts == 2


def test_a_process_that_ends_gives_back_what_it_has_begun(ours: Importer, host: str) -> None:
    ours.answers(Answer(body=WHOLE, delay=30), Answer(body=WHOLE), feed="/a.ics")
    one = link(ours, host)
    closing = Network(["127.0.0.1"], resolve=leading_to("127.0.0.1"))
    ending = replace(ours, runtime=replace(ours.runtime, network=closing))
    threading.Timer(0.3, closing.close).start()

    assert pull(ending, one).state == "busy"

    state = ours.state(one)
    assert (state.failures, state.attempts, state.state_reason) == (0, 0, None)
    assert pull(ours, one).state == "changed", "by another process, at once"


# Which host it is


def test_a_link_knows_its_host_from_its_first_moment_and_with_each_new_address(
    ours: Importer, host: str
) -> None:
    one = link(ours, host)
    assert ours.state(one).host == f"{host}:{ours.channel.port}", "behind another port is somebody else"

    other = {"url": f"https://Other.{host.upper()}.:8443/x.ics"}
    ours.do(lambda session: linking.change(session, one, settings=other))

    assert ours.state(one).host == f"other.{host}:8443"


def test_an_address_in_the_connection_is_one_too(ours: Importer, host: str) -> None:
    def made(session: Session) -> tuple[UUID, UUID]:
        connection = connecting.connect(session, "ical", "Seaside", {"url": f"https://{host}/a.ics"})
        scope = linking.Scope(unit_id=ours.units[0])
        row = linking.link(session, connection.id, scope, "import", {}, uid_domain=DOMAIN)
        return connection.id, row.id

    connection_id, one = ours.do(made)
    assert ours.state(one).host == host

    settings = {"url": f"https://new.{host}/a.ics"}
    ours.do(lambda session: connecting.amend(session, connection_id, settings=settings))

    assert ours.state(one).host == f"new.{host}"


def test_a_link_from_before_hosts_were_noted_is_pulled_and_then_knows_its_host(
    ours: Importer, host: str
) -> None:
    ours.answers(Answer(body=WHOLE), feed="/a.ics")
    old = link(ours, host)
    ours.run_sql("UPDATE links SET host = ''")

    assert pull(ours, old).state == "changed"

    assert ours.state(old).host == f"{host}:{ours.channel.port}"


def test_this_machine_and_exports_have_no_host_to_spare(importer: Importer) -> None:
    assert importer.state(importer.link()).host == ""
    assert importer.state(importer.link(direction="export")).host == ""


def failures(importer: Importer, host: str) -> int:
    row = importer.do(lambda session: query.stand(session, f"{host}:{importer.channel.port}"))
    return row.failures or 0


def test_a_host_that_is_well_is_not_remembered(ours: Importer, host: str) -> None:
    ours.answers(Answer(body=WHOLE), feed="/a.ics")
    pull(ours, link(ours, host))

    row = ours.do(lambda session: query.stand(session, f"{host}:{ours.channel.port}"))
    assert (row.running, row.failures) == (0, None)


def test_hosts_of_which_nothing_was_heard_are_forgotten(
    named: Runtime, clock: FrozenClock, host: str
) -> None:
    asking, failing = f"asking.{host}", f"failing.{host}"
    factories.an_organization(named.database)
    now = clock.instant
    with named.database.unit_of_work(None) as session:
        query.spare(session, failing, 3, now, None, now)
        query.spare(session, asking, 1, None, now + timedelta(days=30), now)
        query.forget(session, now + timedelta(days=8))
        left = [query.stand(session, name).failures for name in (asking, failing)]

    assert left == [1, None]
