"""The programs that make up a running hub, and the command line of each."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from hub.config import Settings

GRACE = 3
"""Seconds that requests under way have left when the web stops"""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    command: tuple[str, ...]
    stop_by: tuple[tuple[Signals, float], ...] = ((signal.SIGTERM, 4.0),)
    """Signals, and the seconds that each may take; then it is killed"""
    needed: bool = True
    """Whether a hub that cannot keep it running stops"""


def web(host: str, port: int) -> Program:
    """No access log: the addresses of feeds are secrets."""
    return Program(
        "web",
        _python(
            "uvicorn",
            "api.app:create",
            "--factory",
            *("--host", host, "--port", str(port)),
            *("--loop", "uvloop", "--http", "httptools"),
            "--no-access-log",
            "--no-server-header",
            *("--timeout-keep-alive", "65"),
            *("--timeout-graceful-shutdown", str(GRACE)),
        ),
        stop_by=((signal.SIGTERM, GRACE + 2.0),),
    )


def worker(settings: Settings) -> Program:
    """SIGTERM lets tasks end, however long that takes; SIGQUIT gives them back to the queue."""
    return Program(
        "worker",
        _celery(
            "worker",
            *("--concurrency", str(settings.worker_concurrency)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        stop_by=((signal.SIGTERM, 5.0), (signal.SIGQUIT, 2.0)),
    )


def beat() -> Program:
    """Without a pid file, which a killed one leaves behind: two beats for a moment do no harm."""
    return Program("beat", _celery("beat", "--pidfile", ""))


def feeds(port: int, state: Path) -> Program:
    """The demo's channels, played on this machine."""
    return Program(
        "feeds",
        _python("connectors.sandbox.server", "--port", str(port), "--state", str(state)),
        needed=False,
    )


def _celery(command: str, *options: str) -> tuple[str, ...]:
    return _python("celery", "-A", "workers.app", "--quiet", command, *options)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
