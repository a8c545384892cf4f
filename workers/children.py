"""One child of the supervisor: started in a group of its own, stopped for certain, never left over."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import Signals
from typing import Protocol

from hub.errors import Misconfigured
from workers.programs import Program

LOOK = 0.02
"""Seconds between two looks at something that is about to end"""
KILLED_WITHIN = 5.0
CLAIM = "up.running"


class Begun(Protocol):
    """A process, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...


class Child:
    """
    `NAME.running` in the data dir is locked by the program and all that it forks, and names their group.

    While the lock is held, one of them lives, so the group exists and its number is nobody else's: it can be
    signalled safely, also when the supervisor that started it was killed long ago.
    """

    def __init__(self, program: Program, data_dir: Path, environment: Mapping[str, str]) -> None:
        self.name = program.name
        self.needed = program.needed
        self.log = data_dir / "logs" / f"{program.name}.log"
        self._program = program
        self._running = data_dir / f"{program.name}.running"
        self._environment = dict(environment)
        self._process: Begun | None = None
        self._asked = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self.end_left_over()
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        with _opened(self._running) as running, _opened(self.log) as log:
            if not _locked(running):
                raise Misconfigured(f"{self.name} was started by somebody else at this moment")
            os.ftruncate(running, 0)  # until the child has written its own, nobody's number stands there
            self._asked = False
            self._process = self._begin(running, log)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def fate(self) -> str:
        """How it ended, in words."""
        status = self._process.poll() if self._process else None
        if status is None:
            return "was not started"
        return f"was killed by {Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def ask(self) -> None:
        """Ask it to stop, once: a second signal means more to some."""
        if self._process is not None and not self._asked:
            self._asked = True
            self._process.send_signal(self._program.stop_by[0][0])

    def stop(self) -> None:
        """Ask and wait, then kill the whole group; a second call does nothing."""
        if self._process is None:
            return
        self.ask()
        for step, (number, seconds) in enumerate(self._program.stop_by):
            if step > 0:
                self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                break
        self.kill()

    def kill(self) -> None:
        """Without asking, and with all that it forked."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._end(((signal.SIGKILL, KILLED_WITHIN),))
        self._process = None

    def end_left_over(self) -> None:
        """Stop what a killed supervisor, or a killed parent of forks, left behind."""
        self._end((*self._program.stop_by, (signal.SIGKILL, KILLED_WITHIN)))

    def log_end(self, lines: int = 15) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) + f"\n(from {self.log})"

    def _begin(self, running: int, log: int) -> Begun:
        return subprocess.Popen(  # noqa: S603 - our own commands
            [
                *(sys.executable, "-m", "workers.tether", str(os.getpid())),
                *(str(running), str(int(self._program.stop_by[0][0])), *self._program.command),
            ],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[running],
            start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
        )

    def _end(self, steps: tuple[tuple[Signals, float], ...]) -> None:
        group = None
        with _opened(self._running) as running:
            for number, seconds in steps:
                if _locked(running):
                    return
                if group := _group(running):
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(group, number)
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    if _locked(running):
                        return
                    time.sleep(LOOK)
        raise Misconfigured(f"a {self.name} of an earlier run does not stop: end process {group} by hand")


@contextlib.contextmanager
def claim(data_dir: Path) -> Iterator[None]:
    """One supervisor for one data dir; the kernel lets go of the claim however we end."""
    with _opened(data_dir / CLAIM) as handle:
        if not _locked(handle):
            raise Misconfigured(f"this hub ({data_dir}) is already run by process {_group(handle) or '?'}")
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield


def claimed(data_dir: Path) -> bool:
    """Whether a `hub up` runs for it at this moment, and with it the servers."""
    if not data_dir.is_dir():
        return False
    with _opened(data_dir.resolve() / CLAIM) as handle:
        return not _locked(handle)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _group(handle: int) -> int | None:
    """The number that the holder wrote; None between two states."""
    written = os.pread(handle, 32, 0).strip()
    return int(written) if written.isdigit() and int(written) > 1 else None
