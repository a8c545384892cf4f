"""The file in which beat remembers what it sent when."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery.beat import PersistentScheduler

from hub.config import Settings
from workers.app import build
from workers.beat import Timetable


@pytest.fixture
def damaged(tmp_path: Path, environment: dict[str, str]) -> tuple[Settings, str]:
    """A timetable's file as a crash in the middle of writing leaves it."""
    settings = Settings()
    name = str(tmp_path / "beat-schedule")
    Timetable(build(settings), schedule_filename=name).close()
    for file in tmp_path.glob("beat-schedule*"):
        if file.suffix != ".dir":
            file.write_bytes(b"")
    return settings, name


def test_beat_begins_anew_where_its_file_is_damaged(damaged: tuple[Settings, str]) -> None:
    settings, name = damaged

    timetable = Timetable(build(settings), schedule_filename=name)

    assert set(timetable.schedule) >= set(build(settings).conf.beat_schedule)
    timetable.close()


def test_what_celery_brings_would_end_with_it(damaged: tuple[Settings, str]) -> None:
    settings, name = damaged

    with pytest.raises(EOFError):
        PersistentScheduler(build(settings), schedule_filename=name)
