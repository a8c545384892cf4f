"""
The hub's programs, each forked from one process that has imported all that they import: a start that takes a
tenth of the time. Their command lines, environments, groups, locks, signals and deaths are those of any other
start; `hub up` itself, which starts them one by one, is tested in tests/workers/test_up.py.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from workers import tether
from workers.children import Child

IMPORTED = (
    *("celery.bin.celery", "celery.bin.worker", "celery.bin.beat", "celery.apps.worker", "celery.apps.beat"),
    *("celery.concurrency.prefork", "celery.concurrency.thread", "kombu.transport.redis"),
    *("uvicorn.main", "uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl"),
    *("workers.app", "workers.beat", "workers.listening", "workers.tasks", "api.serve"),
)
LONGEST = 1 << 17
"""Bytes of a command line with its environment"""


class Life:
    """A forked program, to be watched and ended like a `subprocess.Popen`."""

    def __init__(self, command: tuple[str, ...], hears: int) -> None:
        self._command = command
        self._told = os.fdopen(hears)
        self._status: int | None = None
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        if self._status is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self._command, timeout or 0)
            self._status = int(self._told.readline())
            self._told.close()
        return self._status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)


class Forked(Child):
    def _begin(self, running: int, log: int) -> Life:
        hears, tells = os.pipe()
        said = {
            "command": self._program.command,
            "environment": self._environment,
            "signal": int(self._program.stop_by[0][0]),
        }
        try:
            socket.send_fds(_parent(), [json.dumps(said).encode()], [running, log, tells])
        finally:
            os.close(tells)
        return Life(self._program.command, hears)


@cache
def _parent() -> socket.socket:
    """Where to ask for programs; whoever listens there ends when nobody can ask any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.concurrency.forking", str(theirs.fileno())],
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C in the terminal is for the tests alone
        )

    def end() -> None:
        ours.close()
        process.wait(30)

    atexit.register(end)
    return ours


# In the parent of the programs


def serve(control: socket.socket) -> Callable[[], object] | None:
    """Fork whatever is asked for, and tell how each ended; in a forked one, what it has to do."""
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    lives: dict[int, int] = {}
    parent = os.getpid()
    while True:
        ready = select.select([control.fileno(), wakes], [], [])[0]
        if wakes in ready:
            os.read(wakes, 512)
            _bury(lives)
        if control.fileno() not in ready:
            continue
        asked, handles, _, _ = socket.recv_fds(control, LONGEST, 3)
        if not asked:
            return None
        running, log, tells = handles
        if (child := os.fork()) == 0:
            os.setsid()
            os.write(tells, f"{os.getpid()}\n".encode())  # not before: who knows the number kills the group
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for handle in (wakes, woken, tells, *lives.values()):
                os.close(handle)
            control.close()
            return lambda: _become(json.loads(asked), parent, running, log)
        lives[child] = tells
        os.close(running)
        os.close(log)


def _bury(lives: dict[int, int]) -> None:
    for child in list(lives):
        pid, how = os.waitpid(child, os.WNOHANG)
        if pid:
            with contextlib.suppress(BrokenPipeError), os.fdopen(lives.pop(pid), "w") as tells:
                print(os.waitstatus_to_exitcode(how), file=tells)


# In the forked one


def _become(said: dict[str, Any], parent: int, running: int, log: int) -> None:
    """As `workers.children` and `workers.tether` would have started it."""
    _, _, module, *arguments = said["command"]
    silence = os.open(os.devnull, os.O_RDONLY)
    for handle, place in ((silence, 0), (log, 1), (log, 2)):
        os.dup2(handle, place)
    os.close(silence)
    os.close(log)
    os.set_inheritable(running, True)
    os.write(running, f"{os.getpid()}\n".encode())
    tether.follow_to_death(parent, signal.Signals(said["signal"]))
    os.environ.clear()
    os.environ.update(said["environment"])
    random.seed()  # each its own chance
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in IMPORTED:
        importlib.import_module(name)
    assert threading.active_count() == 1, "who forks has one thread"
    gc.collect()
    gc.freeze()  # what children would count anew they would have to copy
    if (work := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        work()
