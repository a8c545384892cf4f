"""
Reading a feed in a process that can be stopped (reader.py): started when first needed, kept for the next
feed, killed when one takes too long.

For any thread of any process, the children of a prefork worker among them: each process has readers of its
own. They end with it, because their standard input closes.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.ical import limits
from connectors.ical.content import NotACalendar, TooComplex
from connectors.ical.frames import Refusal, Request
from connectors.ical.process import ReaderLost, ReaderProcess
from connectors.ical.understand import Understood


def read(body: bytes, request: Request) -> Understood:
    """
    What the feed means; raises NotACalendar, TooComplex among them, and ReaderLost.

    Takes WALL_SECONDS at most once a reader has started and, where MOST_READERS are at work, is free.
    """
    if len(body) > limits.MOST_BYTES:
        raise TooComplex(f"it has more than {limits.MOST_BYTES} bytes", "too_large")
    result = _readers.ask(body, request)
    if isinstance(result, Understood):
        return result
    kind = TooComplex if result.code.startswith("too_") else NotACalendar
    raise kind(result.message, result.code)


def close() -> None:
    """End all readers; the next feed starts one again."""
    _readers.close()


class Readers:
    """Of one process; the module has those that all of it shares."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(limits.MOST_READERS)
        self.all: set[ReaderProcess] = set()
        self.idle: ReaderProcess | None = None

    def ask(self, body: bytes, request: Request) -> Understood | Refusal:
        with self.place():
            if (kept := self._take_idle()) is not None:
                try:
                    return self._asked(kept, body, request)
                except ReaderLost:
                    pass  # perhaps it was gone before: a fresh one tells whether it is the feed
            fresh = self._started()
            try:
                return self._asked(fresh, body, request)
            except ReaderLost as error:
                raise TooComplex("it ends the process that reads it") from error

    def close(self) -> None:
        with self._lock:
            ending, self.all, self.idle = self.all, set(), None
        for reader in ending:
            reader.kill()

    def after_fork(self) -> None:
        """In the child: what the parent started is the parent's."""
        for reader in self.all:
            reader.disown()
        self._begin()

    @contextmanager
    def place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=limits.WAIT_SECONDS):
            raise ReaderLost("all readers of calendars are at work")
        try:
            yield
        finally:
            self._places.release()

    def _take_idle(self) -> ReaderProcess | None:
        with self._lock:
            idle, self.idle = self.idle, None
            return idle

    def _started(self) -> ReaderProcess:
        reader = ReaderProcess()
        with self._lock:
            self.all.add(reader)
        return reader

    def _asked(self, reader: ReaderProcess, body: bytes, request: Request) -> Understood | Refusal:
        keep = False
        try:
            result = reader.ask(body, request)
            keep = not reader.ends
            return result
        finally:
            with self._lock:
                keep = keep and self.idle is None and reader in self.all
                if keep:
                    self.idle = reader
                self.all = self.all if keep else self.all - {reader}
            if not keep:
                reader.kill()


_readers = Readers()
atexit.register(close)
os.register_at_fork(after_in_child=_readers.after_fork)
