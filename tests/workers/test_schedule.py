"""The timetable, and beat's silence while nobody listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from hub.config import Settings
from workers import beat
from workers.app import CONFIGURATION, build
from workers.schedule import BEAT_SCHEDULE, TIMELY, TIMETABLE

KEY = "a key of the tests"


@pytest.fixture
def app(tmp_path: Path, redis_url: str, broker_url: str) -> Iterator[Celery]:
    built = build(Settings(data_dir=tmp_path, redis_url=redis_url, broker_url=broker_url, secret_key=KEY))
    yield built
    built.close()


def test_every_entry_asks_for_a_task_that_exists(app: Celery) -> None:
    app.loader.import_default_modules()
    assert {entry.task for entry in TIMETABLE} <= set(app.tasks)


def test_every_message_expires_before_many_of_its_kind_wait(app: Celery, tmp_path: Path) -> None:
    assert set(beat.Timetable(app, schedule_filename=str(tmp_path / "beat")).schedule) == {
        entry.name for entry in TIMETABLE
    }
    for entry in TIMETABLE:
        told = BEAT_SCHEDULE[entry.name]
        assert told["schedule"] == entry.every
        assert entry.every <= told["options"]["expires"] <= max(entry.every, 30)
        assert entry.why


def test_holds_and_facts_are_looked_after_every_second() -> None:
    every = {entry.task: entry.every for entry in TIMETABLE}
    assert every["expire_holds"] <= 1
    assert every["relay"] <= 1
    assert every["pull_due"] <= 5


def test_the_queue_for_what_somebody_waits_for_comes_first() -> None:
    assert next(queue.name for queue in CONFIGURATION["task_queues"]) == TIMELY


def test_beat_falls_silent_while_nobody_takes_its_messages(
    app: Celery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beat, "MOST_WAITING", 3)
    scheduler = beat.Timetable(app, schedule_filename=str(tmp_path / "beat"))
    entry = next(iter(scheduler.schedule.values()))
    for _ in range(6):
        scheduler.apply_entry(entry, producer=scheduler.producer)
    assert waiting(app) == 3
    assert len([record for record in caplog.records if "wait for a worker" in record.message]) == 1

    purge(app)
    scheduler.apply_entry(entry, producer=scheduler.producer)
    assert waiting(app) == 1
    scheduler.close()


def waiting(app: Celery) -> int:
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        return int(channel.queue_declare(TIMELY, durable=True, auto_delete=False).message_count)


def purge(app: Celery) -> None:
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge(TIMELY)
