"""`hub sync` and `hub runs`: a run of many links from a terminal, also where no worker runs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import clock
from hub.domain.periods import Nights
from hub.queries import links, parents
from hub.queries.selected import Criteria
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from sync import alongside, bulk, connecting, linking
from sync.alongside import left_alone
from sync.runtime import Runtime
from sync.selecting import Mode
from tests import factories
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, day, nights
from tests.workers.conftest import Run
from workers.commands import following


@pytest.fixture(autouse=True)
def _looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (following, alongside):
        monkeypatch.setattr(module, "LOOK", 0.03)


class Casa:
    """Three rooms, each with a calendar at a channel; nobody works."""

    def __init__(self, runtime: Runtime, remote: FeedServer) -> None:
        self.runtime, self.remote = runtime, remote
        self.organization_id = factories.an_organization(runtime.database, name="Casa Azul").organization_id
        for number in range(3):
            remote.answer(f"/{number}.ics", Answer(body=calendar(nights("a", day(20), day(23)))))
        self.links = runtime.database.transact(self.organization_id, self._link)

    def _link(self, session: Session) -> list[UUID]:
        rooms = factories.rooms(session, 3)
        self.rooms, self.property_id = [room.id for room in rooms], rooms[0].property_id
        connection = connecting.connect(session, "ical", "Seaside", {})
        found = []
        for number, room in enumerate(rooms):
            scope, url = linking.Scope(unit_id=room.id), {"url": self.remote.url(f"/{number}.ics")}
            row = linking.link(session, connection.id, scope, "import", url, uid_domain="hub.example")
            found.append(row.id)
        return found

    def ask(self) -> UUID:
        def work(session: Session) -> UUID:
            return bulk.ask(session, Criteria(everything=True), Mode.PULL).id

        return self.runtime.database.transact(self.organization_id, work)

    def states(self, run_id: UUID) -> list[str]:
        with self.runtime.database.unit_of_work(self.organization_id) as session:
            return [child.state for child in parents.children(session, run_id, limit=10)]


@pytest.fixture
def casa(runtime: Runtime, remote: FeedServer) -> Casa:
    return Casa(runtime, remote)


def test_a_sync_works_at_its_run_where_nobody_else_does(casa: Casa, hub: Run) -> None:
    synced = hub("sync", "--all", "--json")

    assert synced.code == 0, synced.err
    told = synced.json
    assert (told["state"], told["progress"]["done"], told["progress"]["changed"]) == ("done", 3, 3)
    assert {row["link_id"] for row in told["links"]} == {str(link) for link in casa.links}
    assert {row["channel"] for row in told["links"]} == {"Seaside"}
    again = hub("sync", "--all")
    assert (again.code, "Nothing changed." in again.out) == (0, True)
    assert "3 of 3 links synced, 0 changed" in again.out


def test_what_changed_and_what_failed_is_shown_and_the_others_are_synced(casa: Casa, hub: Run) -> None:
    casa.remote.answer("/1.ics", Answer(status=500))

    synced = hub("sync", "--all")

    assert synced.code == 1
    assert synced.out.count("changed") >= 2
    assert "failed" in synced.out
    assert hub("sync", "--link", str(casa.links[0])).code == 0
    run_id = hub("runs", "--json").json[1]["id"]
    casa.remote.answer("/1.ics", Answer(body=calendar(nights("a", day(20), day(23)))))
    assert hub("runs", "retry", run_id, "--json").json["progress"]["retried"] == 1
    assert hub("runs", "show", run_id, "--json").json["state"] == "running"


def test_the_sync_of_one_link_is_shown_change_by_change_and_named_by_the_end_of_its_id(
    casa: Casa, hub: Run
) -> None:
    hub("sync", "--all")
    stays = nights("a", day(20), day(23)), nights("b", day(40), day(43))
    casa.remote.answer("/0.ics", Answer(body=calendar(*stays)))
    hub("sync", "--link", str(casa.links[0]))
    (run,) = (row for row in hub("runs", "--link", str(casa.links[0]), "--limit", "1", "--json").json)

    shown = hub("runs", "show", run["id"][-8:])

    assert run["summary"]
    assert all(line in shown.out.splitlines() for line in run["summary"])
    assert hub("runs", "cancel", run["id"][-8:]).code == 1, "it is the sync of one link"
    assert "there is no run ffffffff" in hub("runs", "show", "ffffffff").err


def test_links_are_chosen_by_what_people_know(casa: Casa, hub: Run) -> None:
    def book(session: Session) -> str:
        span = Nights(day(60), day(62))
        request = BookingRequest(casa.property_id, (ItemRequest(span, casa.rooms[1]),), 1, None)
        return bookings.book(session, request, "hub.example").booking.reference

    reference = casa.runtime.database.transact(casa.organization_id, book)

    def synced(*said: str) -> set[str]:
        return {row["link_id"] for row in hub("sync", *said, "--json").json["links"]}

    everything = {str(link) for link in casa.links}
    assert synced("--category", "room", "--connector", "ical") == everything
    assert synced("--booking", reference.lower()) == {str(casa.links[1])}
    assert synced("--from", str(day(1)), "--to", str(day(90)), "--mode", "pull") == everything
    assert synced("--link", str(casa.links[0]), "--link", str(casa.links[2])) == everything - {
        str(casa.links[1])
    }
    assert hub("sync", "--type", "Nothing like it").code == 1


@pytest.mark.parametrize("said", [(), ("--all", "--category", "room"), ("--link", "no-id")])
def test_it_must_be_said_what_to_sync(casa: Casa, hub: Run, said: tuple[str, ...]) -> None:
    assert hub("sync", *said).code == 2


def test_a_link_that_rests_is_said_to_be_left_out(casa: Casa, hub: Run) -> None:
    casa.runtime.database.transact(
        casa.organization_id, lambda session: linking.pause(session, casa.links[0])
    )

    synced = hub("sync", "--link", str(casa.links[0]))

    assert synced.code == 1
    assert "left out: Seaside" in synced.out
    assert "resume it first" in synced.out


def test_who_does_not_wait_is_told_how_to_follow_it(casa: Casa, hub: Run) -> None:
    asked = hub("sync", "--all", "--no-wait")
    run_id = hub("runs", "--json").json[0]["id"]

    assert asked.code == 0
    assert f"hub runs watch {run_id}" in asked.out
    assert hub("runs", "show", run_id, "--json").json["progress"]["queued"] == 3
    assert "several" in hub("runs").out
    assert hub("runs", "cancel", run_id, "--json").json["state"] == "cancelled"
    assert "2 cancelled" not in hub("runs", "show", run_id).out
    assert hub("runs", "resume", run_id, "--json").json["progress"]["queued"] == 3
    assert hub("sync", "--all", "--json").json["id"] == run_id, "it is joined, and worked at"
    assert hub("runs", "watch", run_id, "--json").json["state"] == "done"
    assert hub("runs", "cancel", run_id).code == 1


def test_who_breaks_off_leaves_the_run_to_workers(
    casa: Casa, hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "follow", interrupted)

    broken_off = hub("sync", "--all")

    (run,) = hub("runs", "--json").json
    assert broken_off.code == 130
    assert f"hub runs watch {run['id']}" in broken_off.err
    assert f"hub runs cancel {run['id']}" in broken_off.err
    states = casa.states(UUID(run["id"]))
    assert set(states) <= {"queued", "done"}, "what was being asked waits again"


def test_what_must_not_be_asked_for_long_is_left_to_workers(
    casa: Casa, hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = casa.ask()
    assert left_alone(casa.runtime, casa.organization_id, run_id) is None
    later = clock.now() + timedelta(hours=1)

    def put_off(session: Session) -> None:
        links.due(session, casa.links, later)

    casa.runtime.database.transact(casa.organization_id, put_off)

    assert left_alone(casa.runtime, casa.organization_id, run_id) == later
    # Joins the run, whose links are due at once only for whoever made it.
    left = hub("sync", "--all", "--mode", "pull")
    assert left.code == 0
    assert "asked not to be asked before" in left.err
    assert casa.states(run_id) == ["queued"] * 3
