"""GET alerts, and the lookout that the web process keeps."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from api import lookout
from hub import clock
from hub.ids import new_id
from hub.queries import alerts as query
from sync.alerting import hearts
from sync.runtime import Runtime
from tests.api.houses import House, check_problem


def raise_alert(house: House, subject: str, *, recovered: bool = False, told: bool = True) -> None:
    key, now = f"conflict:{new_id()}", clock.now()

    def work(session: object) -> None:
        row = {"cause": "conflict", "severity": "critical", "subject": subject, "words": "Decide."}
        query.see(session, id=new_id(), key=key, about={}, property=None, now=now, **row)  # type: ignore[arg-type]
        if told:
            query.take_step(session, "open", key, now, [])  # type: ignore[arg-type]
        if recovered:
            later = now + timedelta(minutes=2)
            query.take_step(session, "recover", key, later, [])  # type: ignore[arg-type]

    house.work(work)


def subjects(house: House, **params: object) -> list[str]:
    return [row["subject"] for row in house.get("/alerts", **params).json()["items"]]


def test_alerts_are_listed_newest_first_and_by_state(house: House) -> None:
    raise_alert(house, "first", recovered=True)
    raise_alert(house, "second")
    raise_alert(house, "third, of which nobody was told", told=False)
    assert subjects(house) == ["second", "first"]
    assert subjects(house, state="open") == ["second"]
    assert subjects(house, state="recovered") == ["first"]
    (row,) = house.get("/alerts", state="recovered").json()["items"]
    assert row["recovered_at"] > row["opened_at"]
    assert row["state"] == "recovered"


def test_alerts_page(house: House) -> None:
    for number in range(3):
        raise_alert(house, str(number))
    first = house.get("/alerts", limit=2).json()
    second = house.get("/alerts", limit=2, cursor=first["next_cursor"]).json()
    assert [row["subject"] for row in first["items"] + second["items"]] == ["2", "1", "0"]
    assert second["next_cursor"] is None


def test_a_state_that_there_is_none_of_is_refused(house: House) -> None:
    check_problem(house.get("/alerts", state="seen"), 422, "enum", "state")


def test_the_web_process_looks_out_again_and_again_and_gets_over_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = threading.Semaphore(0)
    expected: list[object] = []

    def stand_in(_: object) -> bool:
        looked.release()
        raise ConnectionError

    monkeypatch.setattr(lookout, "EVERY", 0.01)
    monkeypatch.setattr(hearts, "expect", expected.append)
    monkeypatch.setattr(hearts, "stand_in", stand_in)
    runtime: Runtime = object()  # type: ignore[assignment]
    before = set(threading.enumerate())
    with lookout.lookout(runtime):
        assert all(looked.acquire(timeout=10) for _ in range(3))
    assert expected == [runtime]
    assert set(threading.enumerate()) <= before, "it ends with the process that it belongs to"
