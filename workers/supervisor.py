"""Keeps the parts of a hub alive: starts them in order, restarts what dies, stops them in reverse."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub.embedded import Postgres, Valkey
from hub.errors import Misconfigured

LOOK = 0.1
"""Seconds between two looks at all parts"""


class Part(Protocol):
    name: str
    needed: bool
    """Whether the others are stopped when it cannot be kept alive"""

    def start(self) -> None: ...
    def alive(self) -> bool: ...
    def fate(self) -> str: ...
    def log_end(self) -> str: ...
    def ask(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class GaveUp(Exception):
    """A part ends again and again: a person must look."""


class Hurry(BaseException):
    """Asked a second time to stop: no more patience with anything."""


@dataclass(slots=True)
class Server:
    """An embedded server as a part."""

    name: str
    server: Postgres | Valkey
    needed: bool = True
    _pid: int | None = None

    def start(self) -> None:
        self.server.start()
        self._pid = self.server.pid

    def alive(self) -> bool:
        return self.server.alive()

    def fate(self) -> str:
        return "ended"

    def log_end(self) -> str:
        return f"(its log is {self.server.data_dir / self.name}.log)"

    def ask(self) -> None:
        """Not yet: the programs need it to the end."""

    def stop(self) -> None:
        self.server.stop()

    def kill(self) -> None:
        """PostgreSQL's immediate shutdown, and the end of a Valkey: both recover at their next start."""
        if self._pid is not None and self.server.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGQUIT)
        self.server.stop()


@dataclass(slots=True)
class Crashes:
    """What to do about one part that ended: wait longer each time, and give up at the fifth in a minute."""

    within: float = 60.0
    most: int = 5
    first_delay: float = 0.2
    _times: deque[float] = field(default_factory=deque)

    def delay(self, now: float) -> float | None:
        """Seconds to wait before the next start; None: give up. `now` is of any steady clock."""
        self._times.append(now)
        while now - self._times[0] > self.within:
            self._times.popleft()
        count = len(self._times)
        return None if count >= self.most else self.first_delay * 2 ** (count - 1)


class Supervisor:
    """The parts in the order in which they start. `say` tells a person what happened."""

    def __init__(self, say: Callable[[str], None], crashes: Callable[[], Crashes] = Crashes) -> None:
        self.asked_to_stop = 0
        self.hurried = False
        self._say = say
        self._new_crashes = crashes
        self._parts: list[Part] = []
        self._crashes: dict[str, Crashes] = {}
        self._due: dict[str, float] = {}

    def start(self, part: Part) -> None:
        self._parts.append(part)
        self._crashes[part.name] = self._new_crashes()
        part.start()

    def look(self) -> None:
        """Restart what has ended, when its time has come; GaveUp if that happens too often."""
        for part in list(self._parts):
            if part.alive():
                continue
            now = time.monotonic()
            if part.name not in self._due:
                delay = self._crashes[part.name].delay(now)
                if delay is None:
                    self._give_up(part)
                else:
                    self._say(f"{part.name} {part.fate()}; starting it again")
                    self._due[part.name] = now + delay
            elif now >= self._due[part.name]:
                del self._due[part.name]
                self._start_again(part)

    def _give_up(self, part: Part) -> None:
        words = f"{part.name} {part.fate()}, for the fifth time within a minute\n{part.log_end()}"
        if part.needed:
            raise GaveUp(words)
        self._say(f"{words}\n{part.name} stays off until the next start")
        self._parts.remove(part)

    def _start_again(self, part: Part) -> None:
        try:
            part.start()
        except Misconfigured as error:
            self._say(str(error))

    def run(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Look after the parts until that holds, or until asked to stop, which answers False."""
        while not self.asked_to_stop:
            if until():
                return True
            self.look()
            time.sleep(LOOK)
        return False

    def stop(self) -> None:
        """All are asked together and waited for in reverse order; at a second request they are killed."""
        try:
            if not self.hurried:
                for part in reversed(self._parts):
                    part.ask()
                for part in reversed(self._parts):
                    part.stop()
                return
        except Hurry:
            pass
        with _deaf():
            for part in reversed(self._parts):
                part.kill()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """SIGINT, SIGTERM and a closed terminal ask to stop; whoever asks twice is in a hurry."""

        def asked(*_: Any) -> None:
            self.asked_to_stop += 1
            if self.asked_to_stop > 1:
                raise Hurry

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, asked) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
