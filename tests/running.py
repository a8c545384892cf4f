"""A whole hub, as `hub up` runs it, and waiting for what it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

TO_START = 60.0
"""Seconds; on a machine that does nothing else it is a tenth of that"""
TO_STOP = 30.0

PROGRAM = "import sys; from workers.commands import main; main(sys.argv[1:])"


class Running:
    """One `hub up` as a person starts it, with all that it says."""

    def __init__(self, data_dir: Path, port: int, *options: str, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = port
        self.said: list[str] = []
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "up", "--port", str(port), "--data-dir", str(data_dir), *options],
            env=environment | {"HUB_WORKER_CONCURRENCY": "1"} | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.said += iter(self.process.stdout.readline, "")

    def line(self, start: str) -> str:
        """The line that begins so, when it comes."""
        until(
            lambda: any(line.startswith(start) for line in self.said) or self.process.poll() is not None,
            TO_START,
        )
        found = [line.strip() for line in self.said if line.startswith(start)]
        assert found, f"it said {self.said}"
        return found[0]

    def pid(self, name: str) -> int | None:
        """None between two lives."""
        return int((self.data_dir / f"{name}.running").read_text() or 0) or None

    def end(self, number: signal.Signals) -> int:
        """Send it a signal and wait for its end; children of a killed one may outlive it for a moment."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(TO_STOP)
        finally:
            self.process.kill()
            if number is not signal.SIGKILL:
                self._reader.join()
                assert self.process.stdout is not None
                self.process.stdout.close()


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition with a deadline."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        pause.wait(0.05)


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
