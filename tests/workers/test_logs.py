"""The children's logs are shown line by line, and stay small."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers import logs
from workers.logs import Logs


def append(log: Path, text: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


def test_whole_lines_are_shown_once_and_half_ones_wait(tmp_path: Path) -> None:
    log, shown = tmp_path / "web.log", list[str]()
    append(log, "of yesterday\n")
    followed = Logs(shown.append)
    followed.follow(log)
    append(log, "one\ntw")
    followed.look()
    followed.look()
    assert shown == ["web    | one"]
    append(log, "o\n")
    followed.look()
    assert shown == ["web    | one", "web    | two"]


def test_a_log_that_grew_is_emptied_and_its_writer_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 100)
    log, shown = tmp_path / "web.log", list[str]()
    followed = Logs(shown.append)
    followed.follow(log)
    with log.open("a", encoding="utf-8") as writer:
        writer.write("x" * 150 + "\n")
        writer.flush()
        followed.look()
        assert log.stat().st_size == 0
        assert (tmp_path / "web.old.log").stat().st_size == 151
        writer.write("more\n")
        writer.flush()
    followed.look()
    assert shown == ["web    | " + "x" * 150, "web    | more"]
    assert log.read_text() == "more\n"


def test_without_anybody_to_show_them_to_logs_stay_small_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 100)
    log = tmp_path / "web.log"
    followed = Logs()
    followed.follow(log)
    append(log, "x" * 150)
    followed.look()
    assert log.stat().st_size == 0
