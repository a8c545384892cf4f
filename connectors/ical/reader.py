"""
The process that reads feeds, for whoever started it: `python -m connectors.ical.reader`, one request after
another over its pipes (frames.py), until they close.

What it is given may be hostile. So it bounds itself: memory and CPU time by the kernel, and before those by
its own count, which ends a reading without ending the process. reading.py kills it when all of that fails.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO

from connectors.ical import frames, limits
from connectors.ical.content import NotACalendar, TooComplex, TooSlow
from connectors.ical.frames import LENGTH, Refusal, Request
from connectors.ical.meaning import Lexicon
from connectors.ical.memo import Memo
from connectors.ical.options import FeedOptions
from connectors.ical.translate import Known, Parsed, read
from connectors.ical.understand import Understood, reading_window, understand

_STATM = os.open("/proc/self/statm", os.O_RDONLY) if sys.platform == "linux" else None
_TO_READ = 0.8
"""Of the time that a feed may take; when it is given up then, the rest is for the answer"""
_PAGE = resource.getpagesize()
_OF_AN_EVENT = 700
"""Bytes, about: a whole feed keeps its events also when they are no longer remembered one by one"""


class TooLarge(TooComplex):
    """A feed, on top of all that was read before it."""

    def __init__(self) -> None:
        super().__init__("it takes too much memory to read")


class Worn(Exception):
    """For a fresh process the same feed may be small enough."""


class _TimeIsUp(BaseException):
    """
    Amid a feed, wherever its reading is: one series alone may take long, and a reader that need not be
    killed need not be started again while others wait. No library takes it for the feed's fault.
    """


class Reader:
    """Remembers what it has read, so that only what changed is read again."""

    def __init__(self) -> None:
        self._known: Known = Memo(limits.MEMO_BYTES)
        self._feeds: Memo[Parsed] = Memo(limits.MEMO_BYTES // 8)
        self._lexicon = Lexicon(limits.LEXICON_BYTES)
        self.fresh = True
        """Whether it has read nothing yet, so that a lack of memory is the feed's fault"""

    def answer(self, request: Request, body: list[bytes]) -> Understood | Refusal:
        """
        What the feed means, or why it cannot be read; raises Worn. The body is taken out of its list, so that
        nobody keeps it.
        """
        try:
            parsed = self._parsed(request, body)
            options = FeedOptions.model_validate(request.options or {})
            understood = understand(
                parsed, request.host, options, request.zone, request.window, self._lexicon
            )
            if _peak() > limits.MEMORY_BYTES:
                # A library that was refused memory may have taken it for a fault of the feed.
                raise TooLarge
        except (TooLarge, MemoryError):
            if not self.fresh:
                raise Worn from None
            return Refusal("too_complex", str(TooLarge()))
        except TooSlow as error:
            return Refusal(frames.TOO_SLOW, str(error))
        except NotACalendar as error:
            return Refusal(error.code, str(error))
        finally:
            self.fresh = False
        return understood

    def _parsed(self, request: Request, body: list[bytes]) -> Parsed:
        window = reading_window(request.window)
        key = (request.sha256, window, request.zone.key) if request.sha256 else None
        parsed = self._feeds.get(key) if key else None
        if parsed is None:
            parsed = read(body.pop(), window, request.zone, self._known, _Purse(request.seconds))
            if key:
                self._feeds.put(key, parsed, _OF_AN_EVENT * len(parsed.events))
        return parsed


class _Purse:
    """What one feed may cost; spending more raises TooSlow or TooLarge."""

    def __init__(self, seconds: float) -> None:
        self._until = time.process_time() + limits.PATIENCE
        self._ends = time.monotonic() + seconds * _TO_READ

    def __call__(self) -> None:
        if time.process_time() > self._until or time.monotonic() > self._ends:
            raise TooSlow
        if _memory() > limits.MEMORY_BYTES:
            raise TooLarge


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever waits for us
    signal.signal(signal.SIGALRM, _time_is_up)
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_DATA, limits.MOST_DATA_BYTES)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    reader = Reader()
    _tell(frames.READY)
    goes_on = True
    while goes_on and (header := _next(sys.stdin.buffer)) is not None:
        if (body := _next(sys.stdin.buffer)) is None:
            return
        feed = [body]
        del body
        _bound(resource.RLIMIT_CPU, int(time.process_time()) + 1 + limits.CPU_SECONDS)
        goes_on = _answered(reader, Request.of(header), feed)


def _answered(reader: Reader, request: Request, feed: list[bytes]) -> bool:
    """Tell what the feed means; whether this process can take another."""
    fresh = reader.fresh
    try:
        answer = _framed(_found(reader, request, feed), fresh)
    except Worn:
        _tell(frames.AGAIN)
        return False
    last = _memory() > limits.KEPT_BYTES or _peak() > limits.MEMORY_BYTES
    _tell(frames.LAST if last else frames.MORE)
    _tell(answer)
    return not last


def _found(reader: Reader, request: Request, feed: list[bytes]) -> Understood | Refusal:
    try:
        signal.setitimer(signal.ITIMER_REAL, request.seconds * _TO_READ)
        try:
            return reader.answer(request, feed)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimeIsUp:
        return Refusal(frames.TOO_SLOW, str(TooSlow()))


def _time_is_up(_: int, __: object) -> None:
    raise _TimeIsUp


def _framed(found: Understood | Refusal, fresh: bool) -> bytes:
    """The answer, or that it is too large for one; raises Worn."""
    try:
        return frames.written(found)
    except MemoryError:
        if not fresh:
            raise Worn from None
    return frames.written(Refusal("too_large", "what it says takes too much memory"))


def _next(pipe: BinaryIO) -> bytes | None:
    """The next frame; None when whoever sends them is gone."""
    length = pipe.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    (expected,) = LENGTH.unpack(length)
    frame = pipe.read(expected)
    return frame if len(frame) == expected else None


def _tell(frame: bytes) -> None:
    sys.stdout.buffer.write(LENGTH.pack(len(frame)))
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


def _memory() -> int:
    """Bytes that this process takes; elsewhere than on Linux, that it has ever taken."""
    if _STATM is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(os.pread(_STATM, 100, 0).split()[1]) * _PAGE


def _peak() -> int:
    """Bytes that it has ever taken since it began to run its program."""
    if _STATM is not None:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return _memory()


def _bound(what: int, limit: int) -> None:
    """Where the system does not know such a bound, the others hold."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (limit, resource.getrlimit(what)[1]))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
