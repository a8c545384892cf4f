"""Child processes: restarted, stopped for certain, and never left over by a supervisor that was killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.errors import Misconfigured
from workers.children import Child, claim, claimed
from workers.programs import Program

PATIENT = "import time; time.sleep(600)"
STUBBORN = (
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {PATIENT}"
)
FORKING = f"import os; os.fork(); print(os.getpid(), flush=True); {PATIENT}"
READY = f"print('ready', flush=True); {PATIENT}"
DEAF_TO_DEATH = (
    f"import ctypes, sys; sys.platform == 'linux' and ctypes.CDLL(None).prctl(1, 0, 0, 0, 0); {READY}"
)

SUPERVISOR = """
import sys, threading
from pathlib import Path
from tests.workers.test_children import child
part = child(Path(sys.argv[1]), sys.argv[2])
part.start()
while "ready" not in part.log_end():
    threading.Event().wait(0.02)
print(part.pid, flush=True)
threading.Event().wait()
"""


def child(folder: Path, code: str = PATIENT, *, patience: float = 5.0) -> Child:
    program = Program("part", (sys.executable, "-c", code), stop_by=((signal.SIGTERM, patience),))
    return Child(program, folder, dict(os.environ))


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    with contextlib.ExitStack() as stack:

        def start(code: str = PATIENT, *, patience: float = 5.0) -> Child:
            made = child(tmp_path, code, patience=patience)
            stack.callback(made.kill)
            made.start()
            return made

        yield start


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition with a deadline."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        pause.wait(0.02)


def exists(pid: int) -> bool:
    """A zombie that waits for somebody else's parent to look is gone as far as we care."""
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_child_lives_until_it_is_stopped(started: Callable[..., Child]) -> None:
    part = started()
    assert part.alive()
    pid = part.pid
    part.stop()
    assert not part.alive()
    assert pid is not None
    assert not exists(pid)
    part.stop()


def test_a_child_that_does_not_listen_is_killed(started: Callable[..., Child]) -> None:
    part = started(STUBBORN, patience=0.3)
    until(lambda: "deaf" in part.log_end())
    began = time.monotonic()
    part.stop()
    assert not part.alive()
    assert 0.3 <= time.monotonic() - began < 30


def test_what_a_child_forked_goes_with_it(started: Callable[..., Child]) -> None:
    part = started(FORKING)
    until(lambda: len(pids(part)) == 2)
    forked = pids(part)
    part.stop()
    until(lambda: not any(map(exists, forked)))
    assert not any(map(exists, forked))


def test_forks_of_a_killed_child_are_ended_before_it_starts_again(started: Callable[..., Child]) -> None:
    part = started(FORKING)
    until(lambda: len(pids(part)) == 2)
    forked = pids(part)
    assert part.pid is not None
    os.kill(part.pid, signal.SIGKILL)
    until(lambda: not part.alive())
    assert part.fate() == "was killed by SIGKILL"
    part.start()
    assert not any(map(exists, forked))
    assert part.alive()


def test_its_words_and_its_end_are_kept(started: Callable[..., Child]) -> None:
    part = started("import sys; print('no port', flush=True); sys.exit(3)")
    until(lambda: not part.alive())
    assert part.fate() == "ended with status 3"
    assert "no port" in part.log_end()


def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next(tmp_path: Path) -> None:
    """As where the kernel tells children nothing of their parent's death."""
    part = orphan(tmp_path, DEAF_TO_DEATH)
    assert exists(part)
    child(tmp_path).end_left_over()
    assert not exists(part)


@pytest.mark.skipif(
    sys.platform != "linux", reason="NOT TESTED HERE: only Linux tells children of their parent's death"
)
def test_children_end_with_their_supervisor(tmp_path: Path) -> None:
    part = orphan(tmp_path, READY)
    until(lambda: not exists(part))
    assert not exists(part)


def test_only_one_supervisor_holds_a_hub(tmp_path: Path) -> None:
    assert not claimed(tmp_path)
    with claim(tmp_path):
        assert claimed(tmp_path)
        with pytest.raises(Misconfigured, match=f"already run by process {os.getpid()}"), claim(tmp_path):
            pass
    assert not claimed(tmp_path)


def pids(part: Child) -> list[int]:
    return [int(line) for line in part.log_end().splitlines() if line.isdigit()]


def orphan(folder: Path, code: str) -> int:
    """The process of a child whose supervisor has just been killed."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder), code], stdout=subprocess.PIPE, text=True
    )
    with supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    return pid
