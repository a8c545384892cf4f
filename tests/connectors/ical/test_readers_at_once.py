"""Readers of feeds among threads and processes: each process has its own, and none is left over."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from connectors.ical import limits, reading
from connectors.ical.process import ReaderLost
from connectors.ical.reading import Readers
from connectors.ical.understand import Understood
from tests.connectors.ical.readers import REQUEST, feed, reader, readers, uids, until

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    reading.close()
    yield
    reading.close()
    assert not readers()


def test_threads_share_a_few_readers() -> None:
    names = [f"stay {number}" for number in range(40)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(uids, names)) == [[name] for name in names]

    assert len(readers()) == 1


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    """Readers of the test's own, one of which is stuck in a feed until it is resumed."""
    monkeypatch.setattr(limits, "QUICK_SECONDS", 20.0)
    pool = Readers()
    pool.ask(feed("first"), REQUEST)
    stuck = reader()
    stuck.suspend()
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(pool.ask, feed("stuck"), REQUEST)
        until(lambda: pool.idle is None)
        yield pool
        assert not asked.done()
        stuck.resume()
        asked.result(10)
    pool.close()


def test_a_feed_that_takes_long_holds_up_no_other(pool: Readers) -> None:
    found = pool.ask(feed("other"), REQUEST)

    assert isinstance(found, Understood)
    assert [event.uid for event in found.events] == ["other"]
    assert len(readers()) == 2


def test_who_waits_too_long_for_a_reader_gives_up(pool: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUICK_WAIT_SECONDS", 0.1)

    with pool._quick.place(1), pytest.raises(ReaderLost, match="at work"):
        pool.ask(feed("one too many"), REQUEST)


@pytest.mark.parametrize("how", ["os._exit(0)", "os.kill(os.getpid(), 9)", "sys.exit()", "raise SystemError"])
def test_a_reader_ends_with_whoever_started_it(how: str) -> None:
    output = run(
        f"""
        (event,) = reading.read({feed()!r}, request).events
        print(event.uid, readers()[0].pid, flush=True)
        {how}
        """
    )

    name, pid = output.split()
    assert name == "a"
    until(lambda: not psutil.pid_exists(int(pid)))


FORKS = {
    "fork": """
        pid = os.fork()
        if pid == 0:
            read("child")
            os._exit(0)
        os.waitpid(pid, 0)
    """,
    "a prefork worker's child, which may have no children by its own library": """
        import billiard
        child = billiard.Process(target=read, args=("child",), daemon=True)
        child.start()
        child.join()
    """,
}


@pytest.mark.parametrize("fork", FORKS.values(), ids=FORKS)
def test_a_process_that_was_forked_has_readers_of_its_own(fork: str) -> None:
    output = run(
        f"""
        def read(name):
            found = reading.read({feed()!r}, request).events
            (reader,) = readers()
            print(name, len(found), reader.pid, flush=True)
        read("parent")
        {textwrap.indent(textwrap.dedent(fork), " " * 8).strip()}
        read("parent")
        """
    )

    before, child, after = (line.split() for line in output.splitlines())
    assert [before[:2], child[:2], after[:2]] == [["parent", "1"], ["child", "1"], ["parent", "1"]]
    assert before[2] == after[2] != child[2]


def run(lines: str) -> str:
    """What another interpreter prints that has `reading` and a `request`; warnings are errors in it."""
    prelude = """
        import os, sys
        from datetime import date
        from zoneinfo import ZoneInfo
        from connectors.contract import Window
        from connectors.ical import reading
        from connectors.ical.frames import Refusal, Request
        from tests.connectors.ical.readers import readers
        request = Request(Window(date(2026, 1, 1), date(2028, 1, 1)), ZoneInfo("Europe/Lisbon"))
    """
    text = textwrap.dedent(prelude) + textwrap.dedent(lines)
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert "Warning" not in ended.stderr, ended.stderr
    return ended.stdout
