"""The process that reads feeds: one for many feeds, and another when it fails."""

from __future__ import annotations

import gc
import signal
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from connectors.ical import limits, process, reading
from connectors.ical.content import NotACalendar, TooComplex
from connectors.ical.process import ReaderLost
from tests.connectors.ical.readers import REQUEST, feed, reader, readers, uids
from tests.connectors.ical.reading import calendar

LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="NOT TESTED HERE: only Linux bounds a process and shows what it has"
)


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    reading.close()
    yield
    reading.close()
    assert not readers()


def program(lines: str) -> tuple[str, ...]:
    """One that takes the reader's place; `say` sends a frame, `hear` takes one."""
    frames = """
        import struct, sys, time
        def say(frame):
            sys.stdout.buffer.write(struct.pack(">I", len(frame)) + frame)
            sys.stdout.buffer.flush()
        def hear():
            return sys.stdin.buffer.read(*struct.unpack(">I", sys.stdin.buffer.read(4)))
    """
    return (sys.executable, "-c", textwrap.dedent(frames) + textwrap.dedent(lines))


READY_THEN = "say(b'ready'); hear(); hear()\n"


EMPTY = """say(b'{"said": {"code": "not_a_calendar", "message": "it is empty"}, "columns": null}')\n"""


# One reader for many feeds


def test_a_reader_is_started_for_the_first_feed_and_kept_for_the_next() -> None:
    assert not readers()

    assert uids("a") == ["a"]
    first = reader().pid
    assert uids("b") == ["b"]

    assert reader().pid == first


def test_what_is_no_calendar_is_told_by_its_code_and_the_reader_stays() -> None:
    uids()
    kept = reader().pid

    with pytest.raises(NotACalendar, match="it is a web page") as page:
        reading.read(b"<html></html>", REQUEST)
    with pytest.raises(TooComplex, match="within one another") as deep:
        reading.read(calendar(*["BEGIN:X"] * 100), REQUEST)

    assert (page.value.code, deep.value.code) == ("not_a_calendar", "too_complex")
    assert reader().pid == kept


def test_more_than_may_be_is_never_sent() -> None:
    with pytest.raises(TooComplex) as raised:
        reading.read(b" " * (limits.MOST_BYTES + 1), REQUEST)

    assert raised.value.code == "too_large"
    assert not readers()


def test_close_ends_it() -> None:
    uids()
    found = reader()

    reading.close()

    assert not found.is_running()


@LINUX
def test_it_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_VAULT_KEYS", "s3cr3t")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t")
    uids()

    seen = reader().environ()

    assert "s3cr3t" not in "".join(seen.values())
    assert set(seen) <= {*process.INHERITED, *process.ENVIRONMENT, "LC_CTYPE"}


@LINUX
def test_the_kernel_bounds_it() -> None:
    uids()
    found = reader()

    assert found.rlimit(psutil.RLIMIT_DATA)[0] == limits.MOST_DATA_BYTES
    assert 0 < found.rlimit(psutil.RLIMIT_CPU)[0] <= limits.CPU_SECONDS + 2
    assert found.rlimit(psutil.RLIMIT_CORE)[0] == 0


# When it fails


def test_a_reader_that_takes_too_long_is_killed_and_replaced() -> None:
    uids()
    stuck = reader()
    stuck.suspend()

    assert uids() == ["a"]

    assert not stuck.is_running()


def test_a_feed_that_takes_too_long_in_either_lane_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", program(READY_THEN + "time.sleep(60)"))
    monkeypatch.setattr(limits, "QUICK_SECONDS", 0.1)
    monkeypatch.setattr(limits, "WALL_SECONDS", 0.2)

    with pytest.raises(TooComplex, match="it takes too long to read") as raised:
        uids()

    assert raised.value.code == "too_complex"
    monkeypatch.undo()
    assert uids("next") == ["next"]


def test_a_reader_that_does_not_take_the_feed_is_replaced_as_well() -> None:
    """More than a pipe holds."""
    uids()
    stuck = reader()
    stuck.suspend()

    (found,) = reading.read(feed() + b"X:" + b"x" * 1_000_000, REQUEST).events

    assert found.uid == "a"

    assert not stuck.is_running()


def test_a_reader_that_used_up_its_cpu_time_is_replaced() -> None:
    uids()
    busy = reader()
    busy.suspend()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(uids)
        busy.send_signal(signal.SIGXCPU)
        busy.resume()
        assert asked.result(10) == ["a"]
    assert not busy.is_running()


def test_a_reader_that_wants_a_successor_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", program(READY_THEN + "say(b'last')\n" + EMPTY))

    for _ in range(2):
        with pytest.raises(NotACalendar, match="it is empty"):
            uids()
        assert not readers()


def test_a_reader_that_read_much_before_leaves_a_feed_to_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    then = "say(b'more')\n" + EMPTY + "hear(); hear(); say(b'again')\n"
    monkeypatch.setattr(process, "COMMAND", program(READY_THEN + then))
    pids, others = [], set(psutil.Process().children())
    for _ in range(3):
        with pytest.raises(NotACalendar, match="it is empty"):
            uids()
        (only,) = set(psutil.Process().children()) - others
        pids.append(only.pid)

    assert len(set(pids)) == 3


def test_a_fresh_reader_has_no_such_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", program(READY_THEN + "say(b'again')"))

    with pytest.raises(TooComplex):
        uids()


def test_a_reader_that_was_killed_while_it_was_idle_is_replaced_unnoticed() -> None:
    uids()
    gone = reader()
    gone.kill()
    gone.wait(10)

    assert uids("next") == ["next"]
    assert reader().pid != gone.pid


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ("sys.exit(3)", "it ends the process that reads it"),
        ("sys.stdout.buffer.write(b'ab')", "it ends the process that reads it"),
        ("say(b'more'); say(b'{}'); hear()", "it confuses the process that reads it"),
        (
            "say(b'more'); sys.stdout.buffer.write(b'\\xff' * 8); sys.stdout.buffer.flush(); hear()",
            "too much memory",
        ),
    ],
)
def test_a_feed_that_spoils_every_reader_is_to_blame(
    monkeypatch: pytest.MonkeyPatch, then: str, reason: str
) -> None:
    monkeypatch.setattr(process, "COMMAND", program(READY_THEN + then))

    with pytest.raises(TooComplex, match=reason) as raised:
        uids()

    assert raised.value.code == "too_complex"
    assert not readers()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("/nowhere/python",), "cannot be started"),
        (program("sys.exit(1)"), "ended with status 1"),
        (program("say(b'hello'); hear()"), "is another program"),
        (program("time.sleep(60)"), "does not start"),
    ],
)
def test_a_reader_that_does_not_start_is_nobodys_fault(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], reason: str
) -> None:
    monkeypatch.setattr(process, "COMMAND", command)
    monkeypatch.setattr(limits, "START_SECONDS", 10.0 if "time.sleep" not in command[-1] else 0.3)

    with pytest.raises(ReaderLost, match=reason):
        uids()

    assert not readers()


@LINUX
def test_nothing_is_left_of_readers_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", program(READY_THEN + "sys.exit(3)"))
    ours = psutil.Process()
    gc.collect()  # what other tests left open is closed before it is counted
    before, others = ours.num_fds(), set(ours.children())

    for _ in range(10):
        with pytest.raises(TooComplex):
            uids()

    assert ours.num_fds() <= before
    assert not [child for child in set(ours.children()) - others if child.status() == psutil.STATUS_ZOMBIE]
