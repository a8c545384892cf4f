"""A run of many links that runs into the quota of their account: nothing of it has failed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from hub.models.records import SyncRun
from hub.queries import parents
from hub.queries.selected import Criteria
from sync import attempts, bulk
from sync.selecting import Mode
from tests.conftest import FrozenClock
from tests.sync.both_sides import BothSides


def the_child(both: BothSides) -> SyncRun:
    """Of a run of every link, newly asked for."""
    wanted = Criteria(everything=True)
    run_id = both.do(lambda session: bulk.ask(session, wanted, Mode.PULL).id)

    def work(session: Session) -> SyncRun:
        (child,) = parents.children(session, run_id, limit=10)
        return child

    return both.do(work)


def now(both: BothSides, child: SyncRun) -> SyncRun:
    def work(session: Session) -> SyncRun:
        found = session.get(SyncRun, (child.organization_id, child.id), populate_existing=True)
        assert found is not None
        return found

    return both.do(work)


def test_a_sync_that_runs_into_a_quota_waits_until_it_is_full_again(
    both: BothSides, clock: FrozenClock
) -> None:
    both.rest()
    child = the_child(both)
    both.google.faults.out_of_quota(operation="events.list")

    both.sync()
    assert (now(both, child).state, now(both, child).error) == ("queued", None)
    until = both.link().rests_until
    assert until is not None
    assert until > clock.instant

    clock.advance(until - clock.instant + timedelta(seconds=1))
    both.sync()
    assert now(both, child).state == "done"


def test_after_an_hour_of_quotas_it_has_failed(both: BothSides, clock: FrozenClock) -> None:
    both.rest()
    child = the_child(both)
    clock.advance(attempts.PATIENCE)
    both.google.faults.out_of_quota(operation="events.list")

    both.sync()
    assert now(both, child).state == "failed"
    assert now(both, child).error
