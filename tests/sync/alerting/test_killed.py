"""kill -9 of whoever delivers: everything is told all the same, and nothing under two names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sync.alerting import delivering
from tests.conftest import FrozenClock
from tests.sync.alerting.watched import SECRET, Watched


@pytest.fixture
def opened(watched: Watched, clock: FrozenClock) -> Watched:
    watched.rows("UPDATE outbox SET state = 'done'")
    watched.link(state="guarded")
    clock.advance(timedelta(minutes=-5))  # the other process goes by the real time
    watched.look(3)
    return watched


def a_worker_dies(watched: Watched, where: str) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    arguments = (watched.database.app_url, watched.receiver.url, SECRET, where)
    command = [sys.executable, "-m", "tests.sync.alerting.dying", *arguments]
    return subprocess.run(command, env=environment, timeout=60, check=False).returncode


@pytest.mark.parametrize(("where", "posts"), [("before", 0), ("after", 1)])
def test_a_worker_killed_around_sending_leaves_it_to_the_next_under_the_same_name(
    opened: Watched, where: str, posts: int
) -> None:
    assert a_worker_dies(opened, where) == -signal.SIGKILL
    assert len(opened.receiver.posted) == posts
    assert opened.rows("SELECT state, attempts FROM alert_deliveries") == [("ready", 1)]

    opened.clock.advance(timedelta(minutes=5))
    assert opened.tell() == 0, "who has it may still be at it"
    opened.clock.advance(delivering.CLAIM + timedelta(minutes=1))
    assert opened.tell() == 1
    assert opened.tell() == 0

    assert len(opened.receiver.posted) == posts + 1
    assert len({posted.id for posted in opened.receiver.posted}) == 1
    assert opened.heard() == {("alert.opened", "guard"): 1}


def test_a_worker_that_is_not_killed_tells_it_at_once(opened: Watched) -> None:
    """The control of the test before: it is the kill that made the difference."""
    assert a_worker_dies(opened, "never") == 0
    assert opened.rows("SELECT state, attempts FROM alert_deliveries") == [("sent", 1)]
    assert len(opened.receiver.posted) == 1


def test_two_who_deliver_at_once_say_everything_once(opened: Watched) -> None:
    for _ in range(12):
        opened.a_conflict()
    opened.look(3)
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: opened.tell(), range(4)))
    assert sent == len(opened.receiver.posted) == 13
    assert len({posted.id for posted in opened.receiver.posted}) == 13
