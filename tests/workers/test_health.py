"""`hub health`: how all calendars do."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from sync import connecting, linking
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories
from tests.workers.conftest import Run

DOMAIN = "hub.example"


@pytest.fixture
def links(runtime: Runtime) -> tuple[UUID, UUID]:
    """One that is well, and one that failed three times."""
    organization_id = factories.an_organization(runtime.database).organization_id

    def work(session: Session) -> tuple[UUID, UUID]:
        rooms = factories.rooms(session, 3)
        connection = connecting.connect(session, "ical", "Seaside", {})
        well, failing = (
            linking.link(
                session,
                connection.id,
                Scope(unit_id=room.id),
                "import",
                {"url": f"http://127.0.0.1:9/{room.id}.ics"},
                uid_domain=DOMAIN,
            ).id
            for room in rooms[:2]
        )
        session.execute(text("UPDATE links SET verified_at = now()"))
        session.execute(
            text(
                "UPDATE links SET failures = 3, failing_since = now(), state_reason = 'no answer'"
                " WHERE id = :id"
            ),
            {"id": failing},
        )
        return well, failing

    return runtime.database.transact(organization_id, work)


def test_it_lists_the_worst_first_with_what_to_do(hub: Run, links: tuple[UUID, UUID]) -> None:
    done = hub("health")

    assert done.code == 0, done.err
    assert "2 links: 1 failing, 1 fresh" in done.out
    assert done.out.index("failing  ") < done.out.index("fresh  ")
    assert "no answer" in done.out
    assert "1 unit without any link (Room 3)" in done.out


def test_machines_get_the_same(hub: Run, links: tuple[UUID, UUID]) -> None:
    said = hub("health", "--json").json

    assert said["totals"]["failing"] == said["totals"]["fresh"] == 1
    assert [one["link_id"] for one in said["links"]] == [str(links[1]), str(links[0])]
    assert said["properties"][0]["units_without_link"] == 1


def test_more_than_was_asked_for_is_counted(hub: Run, links: tuple[UUID, UUID]) -> None:
    assert "and 1 more: --limit" in hub("health", "--limit", "1").out


def test_a_hub_without_links_says_so(hub: Run, runtime: Runtime) -> None:
    factories.an_organization(runtime.database)
    assert "There are no links." in hub("health").out
