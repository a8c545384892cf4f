"""A run of many links that runs into the quota of their account: nothing of it has failed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hub.models.records import SyncRun
from hub.queries import links as query
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


def meets_a_quota(both: BothSides) -> None:
    both.google.faults.out_of_quota(operation="events.list")
    both.sync()


def test_after_an_hour_of_quotas_it_has_failed(both: BothSides, clock: FrozenClock) -> None:
    both.rest()
    child = the_child(both)
    for waited in (timedelta(), attempts.PATIENCE / 2, attempts.PATIENCE / 2 - timedelta(seconds=1)):
        clock.advance(waited)
        meets_a_quota(both)
        assert now(both, child).state == "queued"

    clock.advance(timedelta(seconds=1))
    both.do(lambda session: query.note(session, both.link_id, rests_until=None))
    meets_a_quota(both)
    assert now(both, child).state == "failed"
    assert now(both, child).error


def test_what_came_to_its_turn_late_waits_for_its_first_quota_as_long(
    both: BothSides, clock: FrozenClock
) -> None:
    both.rest()
    child = the_child(both)
    clock.advance(attempts.PATIENCE * 2)

    meets_a_quota(both)

    assert (now(both, child).state, now(both, child).error) == ("queued", None)


@pytest.mark.parametrize("resumed", [True, False])
def test_what_is_resumed_has_another_hour(both: BothSides, clock: FrozenClock, *, resumed: bool) -> None:
    both.rest()
    child = the_child(both)
    parent_id = child.parent_id
    assert parent_id is not None
    meets_a_quota(both)
    if resumed:
        both.do(lambda session: bulk.cancel(session, parent_id))
    clock.advance(attempts.PATIENCE)
    if resumed:
        both.do(lambda session: bulk.resume(session, parent_id))

    meets_a_quota(both)

    assert now(both, child).state == ("queued" if resumed else "failed")
