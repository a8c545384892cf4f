"""Programs of the tests that are forked die as those that are started: at once, all of them, and for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.concurrency.forking import Forked
from tests.concurrency.together import until
from workers.programs import Program

ROOT = Path(__file__).parents[2]
SERVER = Program("server", (sys.executable, "-m", "http.server", "0"))

ASKING = """
import sys, time
from pathlib import Path
from tests.concurrency.test_forking import forked
program = forked(Path(sys.argv[1]))
program.start()
print(program.pid, flush=True)
time.sleep(600)
"""


def forked(data_dir: Path) -> Forked:
    return Forked(SERVER, data_dir, os.environ)


@pytest.fixture
def folder(new_data_dir: Callable[[], Path]) -> Path:
    made = new_data_dir()
    made.mkdir()
    return made


@pytest.mark.timeout(30)
def test_a_program_that_is_killed_as_soon_as_it_is_known_is_dead(folder: Path) -> None:
    """It leads its group from the moment in which its number is known: groups are what is killed."""
    program = forked(folder)
    for _ in range(20):
        program.start()
        pid = program.pid
        assert pid is not None
        assert os.getpgid(pid) == os.getsid(pid) == pid
        program.kill()
        assert not psutil.pid_exists(pid)


def test_how_it_ended_is_told_as_of_any_other(folder: Path) -> None:
    program = forked(folder)
    program.start()
    assert program.pid is not None
    assert program.alive()
    os.kill(program.pid, signal.SIGKILL)
    until(lambda: not program.alive(), within=10, what="the program is dead")
    assert program.fate() == "was killed by SIGKILL"
    program.stop()


def test_one_dies_without_the_other(folder: Path) -> None:
    """Neither holds what the other has open, its lock above all."""
    first, second = forked(folder / "first"), forked(folder / "second")
    try:
        for one in (first, second):
            one.log.parents[1].mkdir()
            one.start()
        first.kill()
        assert second.alive()
        first.start()
        second.kill()
        assert first.alive()
    finally:
        first.kill()
        second.kill()


def test_a_run_of_tests_that_is_killed_leaves_no_program_behind(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ASKING, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as run:
        assert run.stdout is not None
        program = psutil.Process(int(run.stdout.readline()))
        parent = program.parent()
        run.kill()
    assert parent is not None
    for left in (program, parent):
        left.wait(20)


def test_ctrl_c_reaches_the_programs_by_the_tests_alone(folder: Path) -> None:
    """A terminal sends it to the group of the run, where neither they nor their parent are."""
    program = forked(folder)
    program.start()
    assert program.pid is not None
    parent = psutil.Process(program.pid).parent()
    assert parent is not None
    assert os.getpgrp() not in {os.getpgid(program.pid), os.getpgid(parent.pid)}
    program.kill()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_nobody_waits_for_takes_no_other_with_it(folder: Path) -> None:
    """How it ended is told to nobody, and the others go on."""
    program, forgotten = forked(folder), forked(folder / "forgotten")
    forgotten.log.parents[1].mkdir()
    program.start()
    forgotten.start()
    assert program.pid is not None
    assert forgotten.pid is not None
    left = psutil.Process(forgotten.pid)
    del forgotten
    left.kill()
    left.wait(10)
    again = forked(folder / "forgotten")
    try:
        again.start()
        assert program.alive()
        assert again.alive()
    finally:
        again.kill()
        program.kill()
