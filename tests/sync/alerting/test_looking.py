"""Each cause is told once, and once that it is over, however many look and however often."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub.queries import alerts as query
from sync.alerting import hearts, looking
from tests.sync.alerting.watched import Change, Watched, runtime_for

HOURS = timedelta(hours=1)


def sql(statement: str) -> Change:
    return lambda watched: watched.importer.do(lambda session: session.execute(text(statement)))


TROUBLES: dict[str, tuple[Change, Change]] = {
    "link_stale": (
        lambda w: w.link(verified_at=w.clock.instant - 2 * HOURS),
        lambda w: w.link(verified_at=w.clock.instant),
    ),
    "link_failing": (lambda w: w.link(failures=3), lambda w: w.link(failures=0)),
    "guard": (lambda w: w.link(state="guarded"), lambda w: w.link(state="active")),
    "needs_auth": (lambda w: w.link(state="needs_auth"), lambda w: w.link(state="active")),
    "lost": (lambda w: w.link(state="lost"), lambda w: w.link(state="active")),
    "conflict": (lambda w: w.a_conflict(), sql("UPDATE conflicts SET state = 'accepted'")),
    "draining": (
        lambda w: w.an_event(draining_since=w.clock.instant - timedelta(days=8)),
        sql("UPDATE external_events SET draining_since = NULL"),
    ),
    "outbox_stuck": (lambda w: w.a_stuck_fact(), sql("UPDATE outbox SET state = 'done'")),
}
"""What is the matter, and what ends it"""


@pytest.mark.parametrize("cause", TROUBLES)
def test_each_cause_is_told_once_and_its_end_once(watched: Watched, cause: str) -> None:
    begin, end = TROUBLES[cause]
    sql("UPDATE outbox SET state = 'done'")(watched)
    watched.look_until_told()
    assert watched.tell() == 0, "nothing was the matter"

    begin(watched)
    watched.look_until_told()
    watched.tell()
    assert watched.heard() == {("alert.opened", cause): 1}

    end(watched)
    watched.look_until_told()
    watched.tell()
    assert watched.heard() == {("alert.opened", cause): 1, ("alert.recovered", cause): 1}

    begin(watched)
    watched.look_until_told()
    watched.tell()
    assert watched.heard()["alert.opened", cause] == 2, "what comes again later is another alert"


@pytest.mark.parametrize("cause", [cause for cause in TROUBLES if cause != "outbox_stuck"])
def test_a_paused_link_raises_nothing(watched: Watched, cause: str) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    TROUBLES[cause][0](watched)
    watched.link(state="paused")
    watched.look_until_told()
    assert watched.rows("SELECT cause FROM alerts") == []


def test_a_guard_is_told_by_its_link_and_not_again_as_a_conflict(watched: Watched) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    watched.link(state="guarded")
    watched.a_conflict(type="GUARD_TRIPPED", event_id=None)
    watched.look_until_told()
    assert watched.rows("SELECT cause FROM alerts") == [("guard",)]


def test_two_conflicts_are_two_alerts(watched: Watched) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    watched.a_conflict()
    watched.a_conflict()
    watched.look_until_told()
    assert watched.rows("SELECT count(*) FROM alerts WHERE opened_at IS NOT NULL") == [(2,)]


def test_silence_of_beat_and_of_workers_is_told_of_the_whole_hub(watched: Watched) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    hearts.beat(watched.runtime, "beat")
    hearts.beat(watched.runtime, "worker")
    watched.look(12)
    watched.tell()
    assert watched.heard() == {("alert.opened", "beat_silent"): 1}
    assert watched.receiver.posted[0].told["data"]["organization"] is None

    for _ in range(10):
        hearts.beat(watched.runtime, "beat")
        watched.look()
    watched.tell()
    assert watched.heard()["alert.recovered", "beat_silent"] == 1
    assert watched.heard()["alert.opened", "worker_silent"] == 1


def test_nobody_told_is_an_alert_all_the_same(watched: Watched) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    silent = runtime_for(watched.database.app_url, "")
    watched.link(state="lost")
    for _ in range(3):
        watched.clock.advance(timedelta(seconds=10))
        looking.look(silent)
    silent.close()
    assert watched.rows("SELECT cause FROM alerts WHERE opened_at IS NOT NULL") == [("lost",)]
    assert watched.rows("SELECT count(*) FROM alert_deliveries") == [(0,)]


def look_at_once(watched: Watched, lookers: int = 6) -> None:
    """So many begin to look in the same moment, each having read before the first has written."""
    together = threading.Barrier(lookers)
    read = query.standing

    def standing(session: object) -> object:
        rows = read(session)  # type: ignore[arg-type]
        together.wait(10)
        return rows

    def one(_: int) -> None:
        with watched.runtime.database.unit_of_work(watched.organization_id) as session:
            looking.look_at(session, watched.organization_id, watched.runtime.settings)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(lookers) as pool:
        patch.setattr(query, "alone", lambda *_: True)
        patch.setattr(query, "standing", standing)
        list(pool.map(one, range(lookers)))


def look_at_once_until_told(watched: Watched) -> None:
    watched.link(state="guarded")
    for _ in range(4):
        watched.clock.advance(timedelta(seconds=10))
        look_at_once(watched)
    watched.link(state="active")
    for _ in range(9):
        watched.clock.advance(timedelta(seconds=10))
        look_at_once(watched)
    while watched.tell():
        pass


def test_many_who_look_at_once_tell_once_although_no_lock_keeps_them_apart(watched: Watched) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    watched.link(state="guarded")
    look_at_once(watched)
    assert watched.rows("SELECT count(*) FROM alerts") == [(1,)]
    look_at_once_until_told(watched)
    assert watched.heard() == {("alert.opened", "guard"): 1, ("alert.recovered", "guard"): 1}
    assert len(watched.receiver.posted) == 2


def test_without_lock_and_index_one_cause_is_seen_many_times_and_told_wrongly(watched: Watched) -> None:
    """The control of the test before: it would have noticed."""
    sql("UPDATE outbox SET state = 'done'")(watched)
    watched.rows("DROP INDEX uq_alerts_standing")
    watched.link(state="guarded")
    try:
        look_at_once(watched)
        assert watched.rows("SELECT count(*) FROM alerts") == [(6,)]
        look_at_once_until_told(watched)
    finally:
        watched.rows("DELETE FROM alerts")
        watched.rows("CREATE UNIQUE INDEX uq_alerts_standing ON alerts (key) WHERE recovered_at IS NULL")
    assert watched.heard() != {("alert.opened", "guard"): 1, ("alert.recovered", "guard"): 1}


def test_who_comes_while_another_looks_leaves_it_to_that_one(watched: Watched) -> None:
    watched.link(state="guarded")
    here = watched.organization_id
    with watched.runtime.database.unit_of_work(here) as session:
        assert query.alone(session, here)
        watched.look(5)
        assert watched.rows("SELECT key FROM alerts WHERE key LIKE 'guard%'") == []
    watched.look(3)
    assert len(watched.rows("SELECT key FROM alerts WHERE key LIKE 'guard%'")) == 1


def test_what_recovered_long_ago_is_forgotten_with_who_was_told(watched: Watched) -> None:
    sql("UPDATE outbox SET state = 'done'")(watched)
    watched.link(state="lost")
    watched.look(3)
    watched.link(state="active")
    watched.look(8)
    looking.forget(watched.runtime)
    assert watched.rows("SELECT count(*) FROM alert_deliveries") == [(2,)]
    watched.clock.advance(looking.KEPT + timedelta(seconds=1))
    looking.forget(watched.runtime)
    assert watched.rows("SELECT count(*) FROM alert_deliveries") == [(0,)]


def test_no_guest_and_no_secret_is_in_what_is_told(watched: Watched) -> None:
    watched.importer.says()
    watched.link(failures=3, state="lost", verified_at=watched.clock.instant - 2 * HOURS)
    watched.a_conflict()
    watched.look_until_told()
    watched.tell()
    told = b"".join(posted.body for posted in watched.receiver.posted)
    assert b"Seaside" in told
    assert b"7KQ2M9XA" not in told
    assert watched.importer.channel.url("/room.ics").encode() not in told
