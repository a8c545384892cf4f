"""What commands say where the system refuses: one sentence, and exit code 1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workers.commands import failing

MAIN = "import sys; from workers.commands import main; main(sys.argv[1:])"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [["--help"], ["backup", "--help"]], ids=["list", "command"])
def test_what_nobody_can_write_any_more_is_said_in_one_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert done.returncode == 1
    assert done.stderr.decode() == "hub: nothing more could be written: No space left on device\n"


def test_whoever_stops_reading_hears_nothing_of_it() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "--help"], stdout=gone, stderr=subprocess.PIPE, check=False
        )

    assert done.stderr == b""


def test_a_file_that_is_refused_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        failing.in_words(PermissionError(13, "Permission denied", str(tmp_path)))

    assert (ended.value.code, capsys.readouterr().err) == (1, f"hub: {tmp_path}: Permission denied\n")


def test_what_nobody_can_do_anything_about_is_not_hidden() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        failing.in_words(OSError(9, "Bad file descriptor"))
