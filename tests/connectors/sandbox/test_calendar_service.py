"""The sandbox's calendar service by its own protocol, and over a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import NeedsReconnect, Rejected
from connectors.owners import KeepsCalendars
from connectors.sandbox.agenda import Agenda, Forgotten
from connectors.sandbox.calendar_service import DEMO_KEY
from connectors.sandbox.connector import SandboxConnector, SandboxSettings
from connectors.sandbox.journal import Journal
from connectors.sandbox.server import SandboxServer, serve
from connectors.transport import Network
from tests.connectors.sandbox.playing import playing
from tests.fakes.loopback import NO_TLS
from tests.fakes.notice_inbox import NoticeInbox

DAYS = {"span": {"days": ["2027-03-01", "2027-03-04"]}}
NEW = {"If-None-Match": "*"}
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    server = serve(0, tmp_path / "state.json")
    yield server
    server.shutdown()
    server.server_close()


def ask(server: SandboxServer, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Key {DEMO_KEY}", **{n.replace("_", "-"): v for n, v in headers.items()}}
    content = None if body is None else json.dumps(body).encode()
    return httpx.request(method, f"{server.url}/agendas{path}", headers=sent, content=content, verify=NO_TLS)


def test_the_demo_has_a_calendar_that_its_key_opens(sandbox: SandboxServer) -> None:
    settings = SandboxSettings(url=sandbox.url, key=DEMO_KEY, calendar="agenda-1")
    network = Network([f"127.0.0.1:{sandbox.port}"])

    SandboxConnector().check(settings, network)
    with pytest.raises(NeedsReconnect):
        SandboxConnector().check(settings.model_copy(update={"key": "wrong"}), network)


def test_an_account_makes_calendars_and_chooses_among_them(sandbox: SandboxServer) -> None:
    connector: KeepsCalendars = SandboxConnector()
    network = Network([f"127.0.0.1:{sandbox.port}"])
    account = {"url": sandbox.url, "key": DEMO_KEY}

    made = connector.make_calendar(account, "The boat", "Europe/Lisbon", network)

    assert (made.name, made.time_zone, made.writable) == ("The boat", "Europe/Lisbon", True)
    assert made in connector.calendars(account, network)
    with pytest.raises(Rejected):
        connector.make_calendar(account, "Nowhere", "Nowhere/Nowhere", network)
    with pytest.raises(Rejected) as refused:
        connector.calendars({"url": sandbox.url}, network)
    assert refused.value.code == "settings"


def test_who_may_only_read_may_not_write() -> None:
    with playing() as it:
        it.agenda.readers["eve"] = False
        made = it.create()

        assert it.connector.look(it.twin, made.id, it.network) == made
        with pytest.raises(NeedsReconnect):
            it.connector.remove(it.twin, made.id, made.etag, it.network)
        assert it.look(made.id) == made


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/nowhere", None, {}, 404),
        ("GET", "/agenda-1/nothing", None, {}, 404),
        ("GET", "/agenda-1/entries/nothing", None, {}, 404),
        ("PUT", "/agenda-1/entries/a", DAYS, {}, 428),
        ("PUT", "/agenda-1/entries/A%20b", DAYS, NEW, 422),
        ("PUT", "/agenda-1/entries/a", {}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", [], NEW, 422),
        ("PUT", "/agenda-1/entries/a", DAYS | {"strange": 1}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", {"span": {"days": ["2027-03-04", "2027-03-01"]}}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", {"span": {"days": ["2027-03-04", "2027-03-04"]}}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", {"span": {"instants": ["2027-03-04T10:00:00"] * 2}}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", DAYS | {"repeats": ["RRULE:FREQ=NEVER"]}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", DAYS | {"stamp": {"item": "x"}}, NEW, 422),
        ("PUT", "/agenda-1/entries/a", DAYS, {"If-Match": "soon"}, 422),
        ("PUT", "/agenda-1/entries/a", DAYS, {"If-Match": "1"}, 404),
        ("PUT", "/agenda-1/bells/b", {"post_to": "http://example.com/", "token": "t"}, {}, 422),
        ("GET", "/agenda-1/changes?since=soon", None, {}, 422),
        ("GET", "/agenda-1/changes?since=99", None, {}, 410),
        ("GET", "/agenda-1/changes", None, {"Authorization": "Key wrong"}, 401),
        ("GET", "", None, {"Origin": "http://evil.example"}, 403),
        ("GET", "", None, {"Host": "evil.example"}, 403),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    sandbox: SandboxServer, method: str, path: str, body: object, headers: dict[str, str], status: int
) -> None:
    refused = ask(sandbox, method, path, body, **headers)

    assert refused.status_code == status
    assert refused.json()["error"]
    assert ask(sandbox, "GET", "/agenda-1/changes").json() == {"entries": [], "more": None, "upto": 0}


def test_a_person_writes_with_curl_whatever_the_version(sandbox: SandboxServer) -> None:
    made = ask(sandbox, "PUT", "/agenda-1/entries/dentist", DAYS | {"title": "Dentist"}, **NEW)
    changed = ask(sandbox, "PUT", "/agenda-1/entries/dentist", {"place": "Lagos"}, if_match="*")
    removed = ask(sandbox, "DELETE", "/agenda-1/entries/dentist", if_match="*")

    assert (made.status_code, changed.status_code, removed.status_code) == (201, 200, 204)
    assert changed.json()["title"] == "Dentist"
    assert [made.json()["version"], changed.json()["version"]] == [1, 2]
    assert ask(sandbox, "GET", "/agenda-1/entries/dentist").json()["removed"] is True


def test_a_restart_keeps_entries_tombstones_numbers_and_bells(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = serve(0, state)
    with NoticeInbox() as inbox:
        ask(first, "PUT", "/agenda-1/bells/b", {"post_to": inbox.address, "token": "t0ken"})
        ask(first, "PUT", "/agenda-1/entries/a", DAYS, **NEW)
        since = ask(first, "GET", "/agenda-1/changes").json()["upto"]
        ask(first, "PUT", "/agenda-1/entries/b", DAYS, **NEW)
        ask(first, "DELETE", "/agenda-1/entries/a", if_match="1")
        before = ask(first, "GET", f"/agenda-1/changes?since={since}").json()
        first.shutdown()
        first.server_close()
        with (tmp_path / "state.json.agendas").open("a") as torn:
            torn.write('{"of": "agenda-1", "entry": {"na')

        second = serve(0, state)
        after = ask(second, "GET", f"/agenda-1/changes?since={since}").json()
        again = ask(second, "PUT", "/agenda-1/entries/a", DAYS, **NEW)
        ask(second, "PUT", "/agenda-1/entries/c", DAYS, **NEW)
        heard = inbox.wait(5)
        second.shutdown()
        second.server_close()

    assert [entry["removed"] for entry in before["entries"]] == [False, True]
    assert after == before
    assert again.status_code == 412
    assert [one["x-bell-says"] for one in heard] == ["hello", "changed", "changed", "changed", "changed"]


def test_a_calendar_that_was_deleted_stays_so_over_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = serve(0, state)
    ask(first, "POST", "", {"title": "Another", "zone": "UTC"})
    gone = ask(first, "DELETE", "/agenda-1")
    first.shutdown()
    first.server_close()

    second = serve(0, state)
    listed = ask(second, "GET", "").json()["agendas"]
    made = ask(second, "POST", "", {"title": "Third", "zone": "UTC"}).json()["name"]
    second.shutdown()
    second.server_close()

    assert gone.status_code == 204
    assert [agenda["name"] for agenda in listed] == ["agenda-2"]
    assert made == "agenda-3"


def test_a_journal_without_a_file_keeps_nothing() -> None:
    journal = Journal(None)

    journal.begin([{"a": 1}])
    journal.write({"b": 2})

    assert list(journal.rows()) == []


def test_an_event_that_cannot_be_read_is_busy_and_says_so() -> None:
    with playing() as it:
        made = it.create()
        it.agenda.entries[made.id]["span"] = {"days": ["soon", "later"]}

        found = it.seen(made.id)

    assert found.when is None
    assert found.busy
    assert found.problem


def test_two_changes_at_one_moment_are_edited_one_after_another() -> None:
    agenda = Agenda("a", "A", "UTC", "ada")
    edited = [agenda.add("x", DAYS, NOW)["edited"]]
    edited += [agenda.change("x", {"title": str(number)}, None, NOW)["edited"] for number in range(3)]
    edited.append(agenda.remove("x", None, NOW - timedelta(days=1))["edited"])

    assert edited == sorted(set(edited))


Act = tuple[str, str]
ACTS = st.lists(st.tuples(st.sampled_from(["put", "remove", "look", "forget"]), st.sampled_from("abcdef")))


@given(ACTS, st.integers(1, 4))
def test_whoever_follows_the_changes_knows_what_is_there(acts: list[Act], most: int) -> None:
    """However listings are interrupted by changes: shadows follow the agenda, and forgetting is noticed."""
    agenda = Agenda("a", "A", "UTC", "ada")
    known: dict[str, int] = {}
    since: int | None = None
    more: str | None = None
    full: set[str] = set()
    for what, name in [*acts, *(("look", "a") for _ in range(20))]:
        entry = agenda.entries.get(name)
        if what == "put" and entry is None:
            agenda.add(name, DAYS, NOW)
        elif what == "put" and entry is not None and not entry["removed"]:
            agenda.change(name, {"title": "changed"}, None, NOW)
        elif what == "remove" and entry is not None and not entry["removed"]:
            agenda.remove(name, None, NOW)
        elif what == "forget":
            agenda.forget()
        elif what == "look":
            try:
                part = agenda.listing(since, more, most)
            except Forgotten:
                since, more, full = None, None, set()
                continue
            _observe(part.entries, known, full)
            more = part.more
            if part.upto is not None:
                if since is None:
                    known = {one: version for one, version in known.items() if one in full}
                since, full = part.upto, set()

    living = {one["name"]: one["version"] for one in agenda.entries.values() if not one["removed"]}
    assert known == living


def _observe(entries: tuple[Any, ...], known: dict[str, int], full: set[str]) -> None:
    for one in entries:
        if one["removed"]:
            known.pop(one["name"], None)
            full.discard(one["name"])
        else:
            known[one["name"]] = one["version"]
            full.add(one["name"])
