"""The programs that make up a running hub, and the command line of each."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from hub.config import Settings
from workers.schedule import PULLS, TIMELY

GRACE = 3
"""Seconds that requests under way have left when the web stops"""
_WHEN_ENDING = ((signal.SIGTERM, 5.0), (signal.SIGQUIT, 2.0))
"""SIGTERM lets tasks end, however long that takes; SIGQUIT gives them back to the queue"""


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
            "api.serve:door",
            "--factory",
            *("--host", host, "--port", str(port)),
            *("--loop", "uvloop", "--http", "httptools"),
            "--no-access-log",
            "--no-server-header",
            "--no-proxy-headers",  # HUB_TRUSTED_PROXIES says whom to believe
            *("--timeout-keep-alive", "65"),
            *("--timeout-graceful-shutdown", str(GRACE)),
        ),
        stop_by=((signal.SIGTERM, GRACE + 2.0),),
    )


def worker(settings: Settings) -> Program:
    """Processes for what somebody waits for, which no slow channel must hold up. They are recycled and, when
    a task takes too long, killed."""
    return Program("worker", _worker("worker", TIMELY, "prefork", settings.worker_concurrency), _WHEN_ENDING)


def puller(settings: Settings) -> Program:
    """Threads for pulls, which mostly wait. What limits them is not Celery: every call has its deadline, and
    the lease in the database runs out."""
    return Program("puller", _worker("puller", PULLS, "threads", settings.pull_concurrency), _WHEN_ENDING)


def beat() -> Program:
    """Without a pid file, which a killed one leaves behind: two beats for a moment do no harm."""
    return Program("beat", _celery("workers.beat", "beat", "--pidfile", ""))


def feeds(port: int, state: Path) -> Program:
    """The demo's channels, played on this machine."""
    return Program(
        "feeds",
        _python("connectors.sandbox.server", "--port", str(port), "--state", str(state)),
        needed=False,
    )


def _worker(name: str, queue: str, pool: str, concurrency: int) -> tuple[str, ...]:
    return _celery(
        "workers.app",
        "worker",
        *("--hostname", f"{name}@%h"),
        *("--queues", queue),
        *("--pool", pool),
        *("--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )


def _celery(app: str, command: str, *options: str) -> tuple[str, ...]:
    return _python("celery", "-A", app, "--quiet", command, *options)


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
