"""
`python -m tests.sync.alerting.dying DATABASE WEBHOOK WHERE`: a worker that delivers, and kills itself with
SIGKILL before it sends, or after the receiver answered and before that is recorded.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from connectors import webhooks_out
from sync.alerting import delivering
from tests.sync.alerting.watched import runtime_for


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(database_url: str, url: str, secret: str, where: str) -> None:
    post = webhooks_out.post

    def dying(*args: Any) -> None:
        if where == "before":
            die()
        post(*args)
        if where == "after":
            die()

    webhooks_out.post = dying  # type: ignore[assignment]
    delivering.deliver(runtime_for(database_url, url, monitoring_webhook_secret=secret))


if __name__ == "__main__":
    main(*sys.argv[1:])
