"""GET, POST connections/{id}/calendars, and the preview of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from api.idempotency import Once
from connectors.contract import AllDay
from connectors.sandbox.connector import SandboxConnector
from hub import clock
from tests.api.houses import House, check_problem
from tests.api.linked import connected
from tests.api.synced import account, synced
from tests.concurrency.together import Meeting, together
from tests.connectors.contract import Fault
from tests.connectors.sandbox.playing import SandboxHarness, playing


@pytest.fixture
def calendars() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


def test_an_account_tells_its_calendars_and_which_link_has_which(
    house: House, calendars: SandboxHarness
) -> None:
    connection = account(house, calendars)
    link = synced(house, calendars, connection_id=connection["id"])

    found = house.get(f"/connections/{connection['id']}/calendars").json()["items"]

    mine, other = sorted(found, key=lambda one: str(one["name"]))
    assert (mine["id"], mine["name"], mine["writable"]) == (calendars.agenda.name, "Mine", True)
    assert (mine["link_id"], other["link_id"]) == (link["id"], None)
    assert mine["settings"] == {"calendar": calendars.agenda.name}


def test_a_calendar_is_made_once_and_linked_by_its_settings(house: House, calendars: SandboxHarness) -> None:
    connection = account(house, calendars)
    path = f"/connections/{connection['id']}/calendars"

    made, again = (house.post(path, {"name": "Room 1"}, Idempotency_Key="one") for _ in range(2))

    assert (made.status_code, again.json()) == (201, made.json())
    assert (made.json()["name"], made.json()["time_zone"]) == ("Room 1", "Europe/Madrid")
    names = [one["name"] for one in house.get(path).json()["items"]]
    assert names.count("Room 1") == 1
    link = synced(house, calendars, connection_id=connection["id"], settings=made.json()["settings"])
    found = {one["id"]: one["link_id"] for one in house.get(path).json()["items"]}
    assert found[made.json()["id"]] == link["id"]


def _making_at_once(
    house: House,
    calendars: SandboxHarness,
    monkeypatch: pytest.MonkeyPatch,
    keys: list[str],
    patience: float = 20.0,
) -> tuple[str, list[Any]]:
    """All are asked to be made at one moment; whoever asks the channel waits there for the others."""
    path = f"/connections/{account(house, calendars)['id']}/calendars"
    meeting, make = Meeting(len(keys), patience), SandboxConnector.make_calendar

    def slowly(*args: Any) -> Any:
        meeting.wait()
        return make(*args)

    monkeypatch.setattr(SandboxConnector, "make_calendar", slowly)
    calls = [lambda key=key: house.post(path, {"name": "Room 1"}, Idempotency_Key=key) for key in keys]
    return path, together(calls)


def _made(calendars: SandboxHarness) -> int:
    return [agenda.title for agenda in calendars.service.agendas.values()].count("Room 1")


def test_one_key_at_once_makes_one_calendar(
    house: House, calendars: SandboxHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, answers = _making_at_once(house, calendars, monkeypatch, ["one"] * 3, patience=2.0)

    made, *others = sorted(answers, key=lambda answer: answer.status_code)
    assert made.status_code == 201, made.text
    assert _made(calendars) == 1
    for other in others:
        if other.status_code != 201:  # one that came when it was made is answered again
            check_problem(other, 409, "in_progress", "Idempotency-Key")
    again = house.post(path, {"name": "Room 1"}, Idempotency_Key="one")
    assert (again.json(), again.headers["idempotent-replayed"]) == (made.json(), "true")
    assert _made(calendars) == 1


def test_a_key_that_failed_may_be_sent_again(house: House, calendars: SandboxHarness) -> None:
    path = f"/connections/{account(house, calendars)['id']}/calendars"
    calendars.break_(Fault.OUTAGE)
    assert house.post(path, {"name": "Room 1"}, Idempotency_Key="one").status_code == 502
    calendars.heal()

    assert house.post(path, {"name": "Room 1"}, Idempotency_Key="one").status_code == 201


def test_different_keys_at_once_make_a_calendar_each(
    house: House, calendars: SandboxHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answers = _making_at_once(house, calendars, monkeypatch, ["one", "two", "three"])

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert _made(calendars) == 3


def test_one_key_at_once_would_make_several_if_nobody_were_alone_at_it(
    house: House, calendars: SandboxHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_at_once(_once: Once, _caller: object) -> AbstractContextManager[None]:
        return nullcontext()

    monkeypatch.setattr(Once, "alone", all_at_once)

    _making_at_once(house, calendars, monkeypatch, ["one"] * 3)

    assert _made(calendars) == 3


def test_a_channel_whose_calendars_have_addresses_has_none_to_choose_from(house: House) -> None:
    path = f"/connections/{connected(house)['id']}/calendars"

    assert house.get(path).json() == {"items": []}
    check_problem(house.post(path, {"name": "Room 1"}), 409, "makes_none")


def test_an_account_that_is_refused_says_so_and_an_outage_is_no_empty_list(
    house: House, calendars: SandboxHarness
) -> None:
    path = f"/connections/{account(house, calendars)['id']}/calendars"
    short = house.post("/connections", {"connector": "sandbox", "name": "Nobody yet"}).json()

    calendars.break_(Fault.OUTAGE)
    assert house.get(path).status_code == 502
    assert house.post(path, {"name": "Room 1"}).status_code == 502
    calendars.heal()
    calendars.refuse()
    assert house.get(path).status_code == 422
    assert house.get(f"/connections/{short['id']}/calendars").status_code == 422
    check_problem(house.colleague("staff").get(path), 403, "role")


def test_a_preview_shows_what_others_wrote(house: House, calendars: SandboxHarness) -> None:
    connection = account(house, calendars)
    first = clock.today("Europe/Madrid") + timedelta(days=20)
    calendars.person.add(AllDay(first, first + timedelta(days=2)), "Family visit")
    calendars.person.add(AllDay(first, first + timedelta(days=1)), "Weekly", ["RRULE:FREQ=WEEKLY;COUNT=3"])
    calendars.pages_of(1)
    asked = {
        "connection_id": connection["id"],
        "settings": {"calendar": calendars.agenda.name},
        "unit_id": house.rooms[0],
    }

    answer = house.post("/links/preview", asked)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [one["summary"] for one in told["events"]].count("Weekly") == 3
    visit = next(one for one in told["events"] if one["summary"] == "Family visit")
    assert (visit["starts_at"], visit["busy"]) == (str(first), True)
    check_problem(house.post("/links/preview", asked | {"connector": "ical"}), 422, "required", "connector")
    link = synced(house, calendars, connection_id=connection["id"])
    dry = house.ask("POST", f"/links/{link['id']}/sync", params={"dry_run": True})
    assert dry.json()["counts"] == told["counts"]
