"""The file in which beat remembers what it sent when."""

from __future__ import annotations

import dbm
from pathlib import Path

import pytest

from hub.config import Settings
from workers.app import build
from workers.beat import Timetable


@pytest.fixture
def damaged(tmp_path: Path, environment: dict[str, str]) -> tuple[Settings, str]:
    """A timetable's file as a crash in the middle of writing leaves it, whatever kind of file it is."""
    settings = Settings()
    name = str(tmp_path / "beat-schedule")
    Timetable(build(settings), schedule_filename=name).close()
    with dbm.open(name, "w") as kept:
        kept[b"entries"] = b""
    return settings, name


def test_beat_begins_anew_where_its_file_is_damaged(damaged: tuple[Settings, str]) -> None:
    settings, name = damaged

    timetable = Timetable(build(settings), schedule_filename=name)

    assert set(timetable.schedule) >= set(build(settings).conf.beat_schedule)
    timetable.close()
