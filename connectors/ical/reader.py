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
from connectors.ical.content import NotACalendar, TooComplex
from connectors.ical.frames import LENGTH, Answer, Refusal, Request
from connectors.ical.memo import Memo
from connectors.ical.options import FeedOptions
from connectors.ical.translate import Known, Parsed, read
from connectors.ical.understand import reading_window, understand

_STATM = os.open("/proc/self/statm", os.O_RDONLY) if sys.platform == "linux" else None
_TO_ANSWER = 2.0
"""Seconds that are left for the answer when a reading is given up"""
_PAGE = resource.getpagesize()
_TOO_LARGE = "it takes too much memory to read"
_COPIES = 3
"""Of a feed that there are at the same time before it is split"""
_OF_AN_EVENT = 64
"""Bytes that a whole feed keeps of an event that is remembered anyway"""


class Reader:
    """Remembers what it has read, so that only what changed is read again."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._known: Known = Memo(limits.MEMO_BYTES)
        self._feeds: Memo[Parsed] = Memo(limits.MEMO_BYTES // 8)

    def answer(self, request: Request, body: list[bytes]) -> Answer:
        """
        What the feed means, or why it cannot be read; `last` when this process has grown too large. The body
        is taken out of its list, so that nobody keeps it.
        """
        try:
            parsed = self._parsed(request, body)
            options = FeedOptions.model_validate(request.options or {})
            understood = understand(parsed, request.host, options, request.zone, request.window)
        except NotACalendar as error:
            return Answer(Refusal(error.code, str(error)), last=_memory() > limits.KEPT_BYTES)
        except MemoryError:
            return Answer(Refusal("too_complex", _TOO_LARGE), last=True)
        if _peak() > limits.MEMORY_BYTES:
            # A library that was refused memory may have taken it for a fault of the feed.
            return Answer(Refusal("too_complex", _TOO_LARGE), last=True)
        return Answer(understood, last=_memory() > limits.KEPT_BYTES)

    def _parsed(self, request: Request, body: list[bytes]) -> Parsed:
        window = reading_window(request.window)
        key = (request.sha256, window, request.zone.key) if request.sha256 else None
        parsed = self._feeds.get(key) if key else None
        if parsed is None:
            if _memory() + _COPIES * len(body[0]) > limits.MEMORY_BYTES:
                self._forget()
            parsed = read(body.pop(), window, request.zone, self._known, _Purse())
            if key:
                self._feeds.put(key, parsed, _OF_AN_EVENT * len(parsed.events))
        return parsed


class _Purse:
    """What one feed may cost; spending more raises TooComplex."""

    def __init__(self) -> None:
        self._until = time.process_time() + limits.PATIENCE
        self._ends = time.monotonic() + limits.WALL_SECONDS - _TO_ANSWER

    def __call__(self) -> None:
        if time.process_time() > self._until or time.monotonic() > self._ends:
            raise TooComplex("it takes too long to read")
        if _memory() > limits.MEMORY_BYTES:
            raise TooComplex(_TOO_LARGE)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever waits for us
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_DATA, limits.MOST_DATA_BYTES)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    reader = Reader()
    _tell(frames.READY)
    while (header := _next(sys.stdin.buffer)) is not None and (body := _next(sys.stdin.buffer)) is not None:
        _bound(resource.RLIMIT_CPU, int(time.process_time()) + 1 + limits.CPU_SECONDS)
        feed = [body]
        del body
        answer = reader.answer(Request.of(header), feed)
        frame, last = answer.frame(), answer.last
        del answer
        _tell(frame)
        if last:
            return


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
