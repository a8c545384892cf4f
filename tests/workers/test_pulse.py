"""Beat's sign of life, through all that may be the matter with the database."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.exc import OperationalError

from sync.alerting import hearts
from workers import pulse
from workers.pulse import Pulse

PATIENCE = 10.0


class Database:
    """Takes signs of life, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.asked = threading.Semaphore(0)
        self.heard: list[str] = []

    def beat(self, _runtime: object, name: str) -> None:
        try:
            if self.away:
                raise OperationalError("SELECT", {}, Exception("no connection"))
            self.heard.append(name)
        finally:
            self.asked.release()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    made = Database()
    monkeypatch.setattr(pulse, "EVERY", 0.0)
    monkeypatch.setattr(pulse, "runtime", object)
    monkeypatch.setattr(hearts, "beat", made.beat)
    return made


def ticked(made: Pulse, database: Database, times: int) -> None:
    for _ in range(times):
        made.ticked()
        assert database.asked.acquire(timeout=PATIENCE)


def test_beat_goes_on_while_the_database_is_away_and_says_so_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    made = Pulse()
    ticked(made, database, 2)
    database.away = True
    ticked(made, database, 5)
    assert len(database.heard) == 2
    database.away = False
    ticked(made, database, 2)
    assert database.heard == ["beat"] * 4
    said = [record for record in caplog.records if "cannot say that it is alive" in record.getMessage()]
    assert len(said) == 1


def test_a_timetable_that_stands_still_gives_no_sign(database: Database) -> None:
    made = Pulse()
    ticked(made, database, 1)
    assert not database.asked.acquire(timeout=0.3)
    assert database.heard == ["beat"]
