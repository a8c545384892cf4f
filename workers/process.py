"""What a worker's process holds: one runtime, from its first breath to its last, and where its log goes."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import signals

from hub import logs, reporting
from hub.config import Settings
from sync.runtime import Runtime

logger = logging.getLogger(__name__)

_open: list[Runtime] = []
_opening = threading.Lock()


def runtime() -> Runtime:
    """This process's one runtime, for all of its threads; opened by the first who asks."""
    with _opening:
        if not _open:
            _open.append(Runtime.open(Settings()))
        return _open[0]


@signals.worker_process_init.connect
def _begin(**_: Any) -> None:
    _open.clear()  # what was inherited by forking is the parent's
    runtime()


@signals.worker_shutting_down.connect
def _hurry(**_: Any) -> None:
    """Calendars that are being asked are left at once: nobody waits for them, and the next one asks them."""
    for opened in _open:
        opened.network.close()


@signals.worker_shutdown.connect
@signals.worker_process_shutdown.connect
def _end(**_: Any) -> None:
    while _open:
        _open.pop().close()


@signals.setup_logging.connect
def _log(**_: Any) -> None:
    settings = Settings()
    logs.configure(settings)
    reporting.begin(settings)


@signals.task_failure.connect
def _failed(
    sender: Any = None, args: Any = (), kwargs: Any = None, exception: BaseException | None = None, **_: Any
) -> None:
    """Names what it was about: the arguments of our tasks are ids and nothing else."""
    logger.error(
        "task %s %s %s failed: %s", getattr(sender, "name", "?"), args, kwargs or "", type(exception)
    )
