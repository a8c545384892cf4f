"""Which links are handed out: each host a few, each organization in turn, none that rests, none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from connectors.transport import Network
from hub import clock
from hub.database import Database
from hub.queries import hosts, links
from sync import due, requests
from sync.due import Due
from sync.planning.politeness import AT_ONCE
from sync.runtime import Runtime
from tests.concurrency import audit
from tests.concurrency.together import together
from tests.servers import Database as OwnDatabase
from tests.servers import Servers
from tests.sync.due_links import Tenant
from tests.sync.importing import a_runtime


@pytest.fixture(scope="module")
def own(servers: Servers, worker_id: str) -> Iterator[OwnDatabase]:
    """A claim hands out what is due in all of the database: here nothing else is."""
    database = servers.copy_template(f"{worker_id}_due")
    yield database
    servers.drop(database)


@pytest.fixture
def runtime(own: OwnDatabase) -> Iterator[Runtime]:
    nothing = "TRUNCATE remote_hosts; UPDATE links SET state = 'paused', lease_until = 'epoch'"
    audit.execute(own.superuser_url, nothing)
    opened = a_runtime(own, Network())
    yield opened
    opened.close()


@pytest.fixture
def tenant(runtime: Runtime) -> Tenant:
    return Tenant.build(runtime)


def claimed(runtime: Runtime, limit: int = 1000) -> list[UUID]:
    return [one.link_id for one in due.claim_due(runtime, limit)]


def spare(database: Database, host: str, failures: int = 1, pause: int = 0, wish: int | None = None) -> None:
    now = clock.now()
    asked = now + timedelta(seconds=wish) if wish is not None else None
    with database.unit_of_work(None) as session:
        hosts.spare(session, host, failures, now + timedelta(seconds=pause), asked, now)


def test_each_host_gets_a_few_and_it_is_said_that_there_are_more(runtime: Runtime, tenant: Tenant) -> None:
    many, few = tenant.links("many.example", 9), tenant.links("few.example", 2)

    handed = {one.link_id: one.more for one in due.claim_due(runtime, 1000)}

    assert handed == dict.fromkeys(many[:AT_ONCE], True) | dict.fromkeys(few, False)


def test_those_that_are_being_pulled_count(runtime: Runtime, tenant: Tenant) -> None:
    many = tenant.links("many.example", 9)
    for link_id in many[: AT_ONCE - 1]:
        tenant.lease(link_id)
        with runtime.database.unit_of_work(tenant.organization_id) as session:
            links.note(session, link_id, next_pull_at=clock.now() + timedelta(hours=1))

    assert claimed(runtime) == many[AT_ONCE - 1 : AT_ONCE]


def test_a_link_without_a_host_shares_none(runtime: Runtime, tenant: Tenant) -> None:
    """As all were before hosts were noted."""
    old = tenant.links("", 9)

    assert sorted(claimed(runtime)) == sorted(old)


@pytest.mark.parametrize("state", ["active", "guarded", "needs_auth", "lost", "paused"])
def test_only_links_that_are_pulled_are_handed_out(runtime: Runtime, tenant: Tenant, state: str) -> None:
    ids = tenant.links("a.example", 1, state=state)

    assert claimed(runtime) == (ids if state in ("active", "guarded") else [])


def test_a_claim_is_good_for_a_lease_and_then_it_is_handed_out_again(
    runtime: Runtime, tenant: Tenant
) -> None:
    ids = tenant.links("a.example", 2)

    assert sorted(claimed(runtime)) == ids
    assert claimed(runtime) == []
    with runtime.database.unit_of_work(tenant.organization_id) as session:
        session.execute(text("UPDATE links SET next_pull_at = next_pull_at - interval '1 hour'"))
    assert set(claimed(runtime)) >= set(ids)


def test_organizations_take_turns(runtime: Runtime, tenant: Tenant) -> None:
    """The large one's links have been due for longer, and do not fill the queue."""
    small = Tenant.build(runtime)
    large = [tenant.links(f"{n}.example", 3, late=600) for n in range(10)]
    mine = small.links("small.example", 2, late=10)

    handed = claimed(runtime, limit=6)

    assert set(mine) <= set(handed)
    assert len(set(handed) & {link for host in large for link in host}) == 4


def test_what_somebody_asked_for_goes_first(runtime: Runtime, tenant: Tenant) -> None:
    many = tenant.links("many.example", 9)
    ask(runtime, tenant, many[-1])

    assert claimed(runtime, limit=1) == [many[-1]]


def test_what_was_due_before_is_not_passed_over_by_anothers_forty_that_were_asked_for(
    runtime: Runtime, tenant: Tenant
) -> None:
    theirs = Tenant.build(runtime)
    many = tenant.links("one.example", 40, late=10)
    (late,) = theirs.links("one.example", 1, late=600)
    for link_id in many:
        ask(runtime, tenant, link_id)

    handed = claimed(runtime)

    assert sorted(handed) == sorted([*many[: AT_ONCE - 1], late])


def test_organizations_take_turns_at_a_host_that_is_asked_by_one_at_a_time(
    runtime: Runtime, tenant: Tenant
) -> None:
    """What was asked for comes first of each one's own, and of two whose turn it is."""
    theirs = Tenant.build(runtime)
    many, few = tenant.links("one.example", 9), theirs.links("one.example", 3)
    for link_id in many[3:]:
        ask(runtime, tenant, link_id)

    turns = [one_turn(runtime, tenant, theirs) for _ in range(8)]

    assert turns == [many[3], few[0], many[4], few[1], many[5], few[2], many[6], many[7]]


def test_if_nobody_knew_who_had_the_last_turns_one_would_have_them_all(
    runtime: Runtime, tenant: Tenant
) -> None:
    """The control of the test before."""
    theirs = Tenant.build(runtime)
    many = tenant.links("one.example", 9)
    theirs.links("one.example", 3)
    for link_id in many[3:]:
        ask(runtime, tenant, link_id)

    turns = [one_turn(runtime, tenant, theirs, known=False) for _ in range(6)]

    assert turns == many[3:]


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "at work"])
def test_what_was_asked_for_and_lost_at_work_is_tried_although_its_host_rests(
    runtime: Runtime, tenant: Tenant, lost: bool
) -> None:
    (link_id,) = tenant.links("down.example", 1)
    spare(runtime.database, "down.example", pause=3600)
    ask(runtime, tenant, link_id)
    tenant.lease(link_id)
    with runtime.database.unit_of_work(tenant.organization_id) as session:
        session.execute(text("UPDATE sync_runs SET state = 'running'"))
        if lost:
            ended = "UPDATE links SET lease_until = clock_timestamp() - interval '1 second' WHERE id = :link"
            session.execute(text(ended), {"link": link_id})

    assert claimed(runtime) == ([link_id] if lost else [])


def test_a_host_that_rests_is_left_alone_unless_somebody_asks(runtime: Runtime, tenant: Tenant) -> None:
    ids = tenant.links("down.example", 6)
    others = tenant.links("up.example", 1)
    spare(runtime.database, "down.example", pause=60)
    assert claimed(runtime) == others

    ask(runtime, tenant, ids[3])
    assert claimed(runtime) == [ids[3]]


def test_a_host_that_asked_to_be_left_alone_is_although_somebody_asks(
    runtime: Runtime, tenant: Tenant
) -> None:
    ids = tenant.links("down.example", 2)
    spare(runtime.database, "down.example", wish=60)
    ask(runtime, tenant, ids[0])

    assert claimed(runtime) == []


def test_a_host_that_failed_is_tried_by_one_alone(runtime: Runtime, tenant: Tenant) -> None:
    ids = tenant.links("down.example", 6)
    spare(runtime.database, "down.example", pause=-1)

    assert claimed(runtime) == ids[:1]
    tenant.lease(ids[0])
    assert claimed(runtime) == []


def test_two_who_claim_at_once_get_different_links(runtime: Runtime, tenant: Tenant) -> None:
    for number in range(30):
        tenant.links(f"{number}.example", 2)

    handed = together([lambda: claimed(runtime)] * 6)

    counts = Counter(link_id for some in handed if isinstance(some, list) for link_id in some)
    assert (len(counts), set(counts.values())) == (60, {1})


def test_whoever_comes_back_goes_on_with_the_host_where_it_was(runtime: Runtime, tenant: Tenant) -> None:
    theirs = Tenant.build(runtime)
    ids = tenant.links("many.example", 2) + theirs.links("many.example", 1, late=30)
    tenant.links("other.example", 1)
    with runtime.database.unit_of_work(tenant.organization_id) as session:
        links.note(session, ids[0], next_pull_at=clock.now() + timedelta(hours=1))

    seen = []
    next_one = due.claim_next(runtime, Due(tenant.organization_id, ids[0], more=True))
    while next_one is not None:
        seen.append((next_one.organization_id, next_one.link_id))
        next_one = due.claim_next(runtime, next_one)

    assert seen == [(tenant.organization_id, ids[1]), (theirs.organization_id, ids[2])]


@pytest.mark.parametrize("host", ["down.example", ""])
def test_nobody_goes_on_with_a_host_that_failed_or_with_none(
    runtime: Runtime, tenant: Tenant, host: str
) -> None:
    ids = tenant.links(host, 3)
    spare(runtime.database, "down.example", pause=-1)

    assert due.claim_next(runtime, Due(tenant.organization_id, ids[0], more=True)) is None


def ask(runtime: Runtime, tenant: Tenant, link_id: UUID) -> None:
    with runtime.database.unit_of_work(tenant.organization_id) as session:
        requests.request(session, link_id)


def one_turn(runtime: Runtime, *tenants: Tenant, known: bool = True) -> UUID:
    """Who is handed out where one may ask at a time, and has done so by the next look."""
    alone = replace(runtime, settings=runtime.settings.model_copy(update={"host_concurrency": 1}))
    (one,) = due.claim_due(alone, 1000)
    (owner,) = (tenant for tenant in tenants if tenant.organization_id == one.organization_id)
    with runtime.database.unit_of_work(owner.organization_id) as session:
        began = clock.now() if known else None
        links.note(session, one.link_id, began_at=began, next_pull_at=clock.now() + timedelta(hours=1))
    return one.link_id
