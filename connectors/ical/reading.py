"""
Reading a feed in a process that can be stopped (reader.py): started when first needed, kept for the next
feed, killed when one takes too long. A feed is tried in the quick lane first, where nobody stays for long; if
it needs more time it is repeated in the slow one, where all others like it wait (lanes.py). One of very many
events goes there at once.

For any thread of any process, the children of a prefork worker among them: each process has readers of its
own. They end with it, because their standard input closes.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
import time

from connectors.ical import limits
from connectors.ical.content import NotACalendar, TooComplex, TooSlow
from connectors.ical.frames import TOO_SLOW, Refusal, Request
from connectors.ical.lanes import Lane, Verdict, Verdicts
from connectors.ical.process import ReaderLost, ReaderProcess
from connectors.ical.understand import Understood

_LEAST_BYTES = 40
"""Of an event: its BEGIN, its END and a date"""


def read(body: bytes, request: Request) -> Understood:
    """
    What the feed means; raises NotACalendar, TooComplex among them, and ReaderLost.

    Takes MOST_SECONDS at most, waiting for a reader included.
    """
    if len(body) > limits.MOST_BYTES:
        raise TooComplex(f"it has more than {limits.MOST_BYTES} bytes", "too_large")
    result = _readers.ask(body, request)
    if isinstance(result, Understood):
        return result
    kind = TooComplex if result.code.startswith("too_") else NotACalendar
    raise kind(result.message, result.code)


def close() -> None:
    """End all readers and forget what took them too long; the next feed starts one again."""
    _readers.close()


class Readers:
    """Of one process; the module has those that all of it shares."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._quick = Lane(limits.QUICK_READERS)
        self._slow = Lane(limits.SLOW_READERS, limits.MOST_WAITING_SLOW)
        self._verdicts = Verdicts()
        self.all: set[ReaderProcess] = set()
        self.idle: ReaderProcess | None = None

    def ask(self, body: bytes, request: Request) -> Understood | Refusal:
        """Raises TooComplex and ReaderLost; a Refusal is what a reader says."""
        slow_until = time.monotonic() + limits.MOST_SECONDS - limits.START_SECONDS - limits.WALL_SECONDS
        sha256 = request.sha256 or hashlib.sha256(body).hexdigest()
        if self._judged(sha256) is None and not _is_long(body):
            with self._quick.place(limits.QUICK_WAIT_SECONDS):
                if self._judged(sha256) is None:  # nobody found out meanwhile
                    try:
                        return self._read(body, request, limits.QUICK_SECONDS)
                    except TooSlow:
                        self._verdicts.note(sha256, Verdict.SLOW)
        with self._slow.place(min(limits.SLOW_WAIT_SECONDS, slow_until - time.monotonic())):
            self._judged(sha256)
            try:
                return self._read(body, request, limits.WALL_SECONDS)
            except TooSlow:
                self._verdicts.note(sha256, Verdict.REFUSED)
                raise

    def close(self) -> None:
        with self._lock:
            ending, self.all, self.idle = self.all, set(), None
            self._verdicts = Verdicts()
        for reader in ending:
            reader.kill()

    def after_fork(self) -> None:
        """In the child: what the parent started is the parent's."""
        for reader in self.all:
            reader.disown()
        self._begin()

    def _judged(self, sha256: str) -> Verdict | None:
        """What is known of the feed; raises TooSlow if it is not to be tried again yet."""
        if (verdict := self._verdicts.of(sha256)) is Verdict.REFUSED:
            raise TooSlow
        return verdict

    def _read(self, body: bytes, request: Request, seconds: float) -> Understood | Refusal:
        """By the reader that was kept or a fresh one, which takes START_SECONDS more."""
        left = seconds
        if (kept := self._take_idle()) is not None:
            began = time.monotonic()
            try:
                return self._asked(kept, body, request, seconds)
            except ReaderLost:
                # Perhaps it was gone before: a fresh one tells whether it is the feed.
                left -= time.monotonic() - began
        fresh = self._started()
        try:
            return self._asked(fresh, body, request, left)
        except ReaderLost as error:
            raise TooComplex("it ends the process that reads it") from error

    def _take_idle(self) -> ReaderProcess | None:
        with self._lock:
            idle, self.idle = self.idle, None
            return idle

    def _started(self) -> ReaderProcess:
        reader = ReaderProcess()
        with self._lock:
            self.all.add(reader)
        return reader

    def _asked(
        self, reader: ReaderProcess, body: bytes, request: Request, seconds: float
    ) -> Understood | Refusal:
        keep = False
        try:
            result = reader.ask(body, request, seconds)
            keep = not reader.ends
            if isinstance(result, Refusal) and result.code == TOO_SLOW:
                raise TooSlow
            return result
        finally:
            with self._lock:
                keep = keep and self.idle is None and reader in self.all
                if keep:
                    self.idle = reader
                self.all = self.all if keep else self.all - {reader}
            if not keep:
                reader.kill()


def _is_long(body: bytes) -> bool:
    """Whether it can be told unread that the quick lane has no time for it: it would only be read twice."""
    if len(body) < limits.QUICK_EVENTS * _LEAST_BYTES:
        return False
    return body.count(b"\nBEGIN:VEVENT") > limits.QUICK_EVENTS


_readers = Readers()
atexit.register(close)
os.register_at_fork(after_in_child=_readers.after_fork)
