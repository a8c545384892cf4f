"""Where no channel has a say nobody is asked, and it is sold in the transaction that found so."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from hub.services import checks
from hub.services.checks import Concerned, Judged
from tests.api.houses import House, check_problem
from tests.api.linked import FEED, says
from tests.api.live import _listens as _listens
from tests.api.live import _well as _well
from tests.api.live import evidence, patient, read_before, stay
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights


def overlooked(monkeypatch: pytest.MonkeyPatch) -> list[Concerned]:
    """A link that is made just after somebody looked for one; what was seen by all who looked later."""
    look, later = checks.concerned, list[Concerned]()
    first = iter([Concerned(frozenset(), linked=False)])

    def concerned(*args: object) -> Concerned:
        found = next(first, None)
        if found is None:
            found = look(*args)  # type: ignore[arg-type]
            later.append(found)
        return found

    monkeypatch.setattr(checks, "concerned", concerned)
    return later


def test_a_room_of_which_no_channel_speaks_is_sold_in_one_transaction(house: House) -> None:
    said = list[tuple[object, str]]()
    engine = house.runtime.database.engine
    concerning = ("units", "links", "allocations", "pg_advisory", "bookings")

    def hear(connection: object, _cursor: object, statement: str, *_: object) -> None:
        if any(word in statement for word in concerning):
            said.append((connection, statement))

    stay(house, 40, 41)  # from now on the door knows who asks
    event.listen(engine, "before_cursor_execute", hear)
    try:
        booked = stay(house)
    finally:
        event.remove(engine, "before_cursor_execute", hear)

    assert booked.status_code == 201
    assert booked.json()["check"] == {"state": "unchecked", "at": None}
    # What it is and who has a say, its lock, all that again with what takes it; what is written, and taken.
    assert len(said) == 8, said
    assert len({id(connection) for connection, _ in said}) == 1


def test_a_link_that_was_made_after_the_look_is_asked_before_anything_is_sold(
    house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(house)
    read_before(house, channel)
    says(channel, nights("a", day(21), day(22)))
    later = overlooked(monkeypatch)

    refused = check_problem(stay(house), 409, "sold_out", "items[0]")
    assert "Seaside Rentals" in refused["errors"][1]["message"]
    assert later, "it was looked for again"
    assert all(one.linked for one in later)


def test_what_is_free_there_is_booked_with_the_word_of_that_link(
    house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(house)
    link = read_before(house, channel)
    asked = len(channel.requests(FEED))
    overlooked(monkeypatch)

    booked = stay(house).json()
    assert booked["check"]["state"] == "verified"
    assert [(one["link_id"], one["verdict"]) for one in evidence(house, booked)] == [(link["id"], "answered")]
    assert len(channel.requests(FEED)) == asked + 1


def test_without_judging_under_the_locks_it_would_be_sold_twice(
    house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(house)
    read_before(house, channel)
    says(channel, nights("a", day(21), day(22)))
    overlooked(monkeypatch)
    monkeypatch.setattr(checks, "judge", lambda *_, **__: Judged())

    assert stay(house).status_code == 201
