"""Runs of many links of which all that is left waits because its channels asked for it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from api.schemas.runs import RunOut
from hub.ids import new_id
from hub.queries import hosts
from hub.queries import links as links_query
from sync.planning.progress import Resting
from tests.conftest import FrozenClock
from tests.sync.importing import Importer
from tests.sync.test_bulk import ask, links, stands
from workers.commands import following

HOUR = timedelta(hours=1)


@pytest.fixture
def name() -> str:
    """A host's, of which no other test has heard."""
    return f"{new_id().hex[-12:]}.example"


def at(importer: Importer, host: str, *link_ids: UUID) -> None:
    def work(session: Session) -> None:
        for link_id in link_ids:
            links_query.note(session, link_id, host=host)

    importer.do(work)


def spare(importer: Importer, host: str, clock: FrozenClock, *, asks: bool) -> None:
    until = clock.instant + HOUR
    importer.do(lambda session: hosts.spare(session, host, 1, until, until if asks else None, clock.instant))


def rests(importer: Importer, run_id: UUID) -> Resting | None:
    found = stands(importer, run_id).progress
    assert found is not None
    return found.resting


def test_a_run_of_which_all_that_is_left_waits_for_a_host_says_until_when(
    importer: Importer, clock: FrozenClock, name: str
) -> None:
    first, *others = links(importer, 3)
    at(importer, name, *others)
    run_id = ask(importer)
    spare(importer, name, clock, asks=True)
    assert rests(importer, run_id) is None, "the first is asked at once"

    importer.pull(first)

    shown, until = stands(importer, run_id), clock.instant + HOUR
    assert rests(importer, run_id) == Resting(until, (name,))
    told = RunOut.of(shown).progress
    assert told is not None
    assert (told.queued, told.resting_until, told.seconds_left) == (2, until, None)
    assert following.as_row(shown)["progress"]["resting_until"] == until
    assert following.words(shown).endswith(
        f"2 wait until {until:%Y-%m-%d %H:%M} UTC because {name} asked for it"
    )
    clock.advance(HOUR)
    assert rests(importer, run_id) is None


def test_a_host_that_we_spare_by_ourselves_keeps_no_run_waiting(
    importer: Importer, clock: FrozenClock, name: str
) -> None:
    """The control: who asks by hand goes there all the same."""
    at(importer, name, *links(importer, 2))
    run_id = ask(importer)
    spare(importer, name, clock, asks=False)

    assert rests(importer, run_id) is None


def test_a_run_rests_for_an_account_whose_quota_ran_out_and_goes_on_with_the_first_of_several(
    importer: Importer, clock: FrozenClock, name: str
) -> None:
    at_host, of_account = links(importer, 2)
    at(importer, name, at_host)
    run_id = ask(importer)
    soon = clock.instant + timedelta(minutes=20)
    importer.do(lambda session: links_query.note(session, of_account, rests_until=soon))
    assert rests(importer, run_id) is None

    spare(importer, name, clock, asks=True)

    assert rests(importer, run_id) == Resting(soon, (name,))


def test_what_is_being_asked_does_not_rest(importer: Importer, clock: FrozenClock, name: str) -> None:
    (link,) = links(importer, 1)
    at(importer, name, link)
    run_id = ask(importer)
    spare(importer, name, clock, asks=True)
    assert rests(importer, run_id) is not None

    importer.do(lambda session: links_query.acquire(session, link, HOUR))

    assert rests(importer, run_id) is None
