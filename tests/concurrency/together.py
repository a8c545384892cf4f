"""Doing things at one moment, and waiting for something without sleeping."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_REST = 0.16
PATIENCE = 30.0
"""Seconds after which a thread that nobody joins at a barrier gives up"""


def together(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all calls in threads that begin at one moment: what each returned, or raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | Exception:
        start.wait(PATIENCE)
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


class Meeting:
    """A place in the code where threads wait for each other, each thread once; late comers pass."""

    def __init__(self, parties: int, patience: float = 5.0) -> None:
        self._barrier = threading.Barrier(parties)
        self._been = threading.local()
        self._patience = patience

    def wait(self) -> None:
        if getattr(self._been, "here", False):
            return
        self._been.here = True
        with contextlib.suppress(threading.BrokenBarrierError):  # others took another way: go on alone
            self._barrier.wait(self._patience)


class Gate:
    """Stops the first who comes by until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stopped(*args: Any, **more: Any) -> Any:
            if not self.reached.is_set():
                self.reached.set()
                assert self.opened.wait(PATIENCE)
            return call(*args, **more)

        return stopped


def inside(
    gate: Gate, first: Callable[[], Any], second: Callable[[], Any], is_waiting: Callable[[], bool]
) -> tuple[Future[Any], Future[Any]]:
    """Begin `second` while `first` stands at its gate; let `first` go on when `second` waits, or is done."""
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        try:
            assert gate.reached.wait(PATIENCE)
            other = pool.submit(second)
            until(lambda: other.done() or is_waiting(), within=PATIENCE, what="the second waits")
        finally:
            gate.opened.set()
    return one, other


def until(holds: Callable[[], Any], *, within: float, what: str) -> Any:
    """Ask again, soon at first, until the answer is true; that answer. AssertionError when time is up."""
    pause, rest, end = threading.Event(), 0.01, time.monotonic() + within
    while not (answer := holds()):
        assert time.monotonic() < end, f"not within {within:.0f} s: {what}"
        pause.wait(rest)
        rest = min(2 * rest, LONGEST_REST)  # who asks needs a core that others could use
    return answer


def tell(*lines: object) -> None:
    """For the person who reads why a test failed: figures, and the seed to repeat it with."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
