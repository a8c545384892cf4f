"""One server process: claimed by a lock, started in a group of its own, stopped for certain, reaped."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.accounts import run_as
from hub.embedded.places import Place
from hub.errors import Misconfigured

ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}
"""All that a server sees of our environment: neither PGPORT and its kin, nor our secrets."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds."""

    start: float = 120.0
    look: float = 0.01


PATIENCE = Patience()


class ServerProcess:
    """Start and stop one kind of server in one data dir.

    Two locks, both let go by the kernel however a process ends. `NAME.lock` belongs to the supervisor: a
    second one is refused. `NAME.running` is inherited by the server and all its children: while it is held,
    something of an earlier server lives, also after its supervisor was killed.
    """

    def __init__(
        self,
        name: str,
        place: Place,
        pid_file: Path,
        executables: frozenset[str],
        stop_by: Sequence[tuple[signal.Signals, float]],
    ) -> None:
        self.name = name
        self.place = place
        self.log = place.data_dir / f"{name}.log"
        self._pid_file = pid_file
        self._executables = executables
        self._stop_by = (*stop_by, (signal.SIGKILL, 10.0))
        self._claim: int | None = None
        self._running: int | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def claim(self) -> None:
        """Become the only supervisor and end what a killed one left behind; Misconfigured if one lives."""
        if self._claim is None:
            claim = _open(self.place.data_dir / f"{self.name}.lock")
            if not _locked(claim):
                holder = os.pread(claim, 32, 0).decode(errors="replace").strip() or "unknown"
                os.close(claim)
                raise Misconfigured(
                    f"{self.name} of {self.place.data_dir} is already run by process {holder}; stop it first"
                )
            os.ftruncate(claim, 0)
            os.write(claim, f"{os.getpid()}\n".encode())
            self._claim = claim
        if self._running is None:
            running = _open(self.place.data_dir / f"{self.name}.running")
            try:
                self._end_left_over(running)
            except BaseException:
                os.close(running)
                raise
            self._running = running
            # Nothing of an earlier server lives, so its pid file is stale, whoever has that number now.
            self._pid_file.unlink(missing_ok=True)

    def run(self, command: Sequence[str], cwd: Path) -> None:
        """A preparation in the server's name; Misconfigured with the end of the log if it fails."""
        child = self._spawn(command, cwd, {})
        if child.wait() != 0:
            raise Misconfigured(f"{command[0]} failed:\n{self.log_end()}")

    def start(
        self,
        command: Sequence[str],
        cwd: Path,
        ready: Callable[[], bool],
        *,
        given: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start and wait until `ready` says so; `given` is what the server reads from its standard input."""
        self._child = child = self._spawn(command, cwd, environment or {}, given)
        assert self._running is not None, "claim() comes first"
        os.close(self._running)  # from here on the server alone holds it
        self._running = None
        until = time.monotonic() + PATIENCE.start
        while not ready():
            if child.poll() is not None:
                raise Misconfigured(f"{self.name} ended at once:\n{self.log_end()}")
            if time.monotonic() > until:
                raise Misconfigured(f"{self.name} was not ready in {PATIENCE.start:.0f} s:\n{self.log_end()}")
            time.sleep(PATIENCE.look)

    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def stop(self) -> None:
        """Ask, then insist; the child is reaped and both locks are free afterwards."""
        try:
            if self._child is not None:
                for number, seconds in self._stop_by:
                    if self._child.poll() is None:
                        self._child.send_signal(number)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self._child.wait(seconds)
                        break
        finally:
            self._child = None
            for handle in (self._running, self._claim):
                if handle is not None:
                    os.close(handle)
            self._running = self._claim = None

    def log_end(self, lines: int = 15) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) + f"\n(from {self.log})"

    def _spawn(
        self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], given: bytes = b""
    ) -> subprocess.Popen[bytes]:
        assert self._running is not None, "claim() comes first"
        with open(_open(self.log), "ab", closefd=True) as log:
            child = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=cwd,
                env={**ENVIRONMENT, **environment},
                stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._running],
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
                umask=0o077,
                **run_as(self.place.account),
            )
        if child.stdin:
            with contextlib.suppress(BrokenPipeError), child.stdin:
                child.stdin.write(given)
        return child

    def _end_left_over(self, running: int) -> None:
        """Wait for, ask and finally kill whatever still holds the server's lock."""
        for number, seconds in self._stop_by:
            if _locked(running):
                return
            pid = self._left_over_pid()
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                if _locked(running):
                    return
                time.sleep(PATIENCE.look)
        raise Misconfigured(
            f"a {self.name} that an earlier run left behind in {self.place.data_dir} does not stop: "
            "end its processes by hand"
        )

    def _left_over_pid(self) -> int | None:
        try:
            pid = int(self._pid_file.read_text(encoding="ascii").split("\n", 1)[0])
        except (OSError, ValueError):
            return None  # between two states, or its children alone are left and about to end
        return pid if pid > 1 and _program_of(pid) in self._executables | {None} else None


def _program_of(pid: int) -> str | None:
    """The name of a process's program; empty for a dead one, None where the system does not tell."""
    if not Path("/proc/self/comm").exists():
        return None
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(f"cannot open {path}: {error.strerror}") from error


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
