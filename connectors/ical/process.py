"""One reader of feeds (reader.py) as seen from the process that started it: asked, waited for, killed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from signal import SIGXCPU

import connectors
from connectors.ical import frames, limits
from connectors.ical.content import TooComplex, TooSlow
from connectors.ical.frames import LENGTH, Refusal, Request
from connectors.ical.understand import Understood

COMMAND = (sys.executable, "-P", "-s", "-m", "connectors.ical.reader")
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONTZPATH")
"""What an interpreter may need to start; nothing else of our environment is for a reader to see"""
ENVIRONMENT = {
    "PYTHONPATH": str(Path(connectors.__file__).resolve().parent.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
    # Large pieces of memory go back to the system at once (glibc).
    "MALLOC_MMAP_THRESHOLD_": str(128 * 1024),
    "MALLOC_ARENA_MAX": "1",
}
_PIECE = 1 << 20


class ReaderLost(Exception):
    """A reader could not be started, or is gone."""


class ReaderProcess:
    """Not for two threads at once. Whatever it raises, it must be killed then."""

    def __init__(self) -> None:
        """Raises ReaderLost if none starts within START_SECONDS."""
        self.ends = False
        """Whether it said that it wants a successor"""
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a traceback could repeat what a feed says
                env=environment | ENVIRONMENT,
                cwd="/",
                bufsize=0,
            )
        except OSError as error:
            raise ReaderLost(f"the reader of calendars cannot be started: {error.strerror}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        os.set_blocking(self._to.fileno(), False)
        os.set_blocking(self._from.fileno(), False)
        try:
            self._until_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, body: bytes, request: Request, seconds: float) -> Understood | Refusal:
        """
        Raises TooSlow when the feed takes longer than that, TooComplex when it is too much for it otherwise,
        ReaderLost when it is gone.
        """
        ends = time.monotonic() + seconds
        for frame in (replace(request, seconds=seconds).header(), body):
            self._send(LENGTH.pack(len(frame)), ends)
            self._send(frame, ends)
        status = self._receive(ends)
        if status == frames.AGAIN:
            raise ReaderLost("the reader of calendars has read too much before this one")
        self.ends = status == frames.LAST
        answer = self._receive(ends)
        try:
            return frames.result_of(answer)
        except Exception as error:  # one that a feed has taken over may say anything
            raise TooComplex("it confuses the process that reads it") from error

    def kill(self) -> None:
        """At once: it holds nothing that could be lost."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()

    def disown(self) -> None:
        """In a process that was forked meanwhile: it is the other one's."""
        self._process.returncode = 0
        self._to.close()
        self._from.close()

    def _until_ready(self) -> None:
        try:
            ready = self._receive(time.monotonic() + limits.START_SECONDS)
        except TooComplex as error:
            raise ReaderLost("the reader of calendars does not start") from error
        if ready != frames.READY:
            raise ReaderLost("the reader of calendars is another program")

    def _send(self, frame: bytes, ends: float) -> None:
        left = memoryview(frame)
        while left:
            self._wait(self._to.fileno(), select.POLLOUT, ends)
            try:
                left = left[os.write(self._to.fileno(), left[:_PIECE]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._why_it_ended() from None

    def _receive(self, ends: float) -> bytearray:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size, ends))
        if length > limits.MOST_ANSWER_BYTES:
            raise TooComplex("what it says takes too much memory")
        return self._exactly(length, ends)

    def _exactly(self, length: int, ends: float) -> bytearray:
        data = bytearray(length)
        filled = 0
        while filled < length:
            self._wait(self._from.fileno(), select.POLLIN, ends)
            try:
                got = os.readv(self._from.fileno(), [memoryview(data)[filled:]])
            except BlockingIOError:
                continue
            if not got:
                raise self._why_it_ended()
            filled += got
        return data

    def _wait(self, descriptor: int, event: int, ends: float) -> None:
        polled = select.poll()
        polled.register(descriptor, event)
        if not polled.poll(max(0.0, ends - time.monotonic()) * 1000):
            raise TooSlow

    def _why_it_ended(self) -> Exception:
        try:
            status = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return ReaderLost("the reader of calendars says no more")
        if status == -SIGXCPU:
            return TooSlow()
        return ReaderLost(f"the reader of calendars ended with status {status}")
