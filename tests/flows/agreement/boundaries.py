"""Where a pass can be ended or held up: between its transactions, and around each of its requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.orm import Session

from hub.database import SYSTEM, Actor, Database
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.transport import InProcess


class Crash(BaseException):
    """The worker is dead: nobody catches this, and nothing is tidied up."""


@dataclass
class Boundaries:
    """Counts what the threads that `watched` names come across; all others go by."""

    _of_thread: dict[int, Callable[[bool], None]] = field(default_factory=dict)

    def come(self, *, wire: bool = False) -> None:
        if (act := self._of_thread.get(threading.get_ident())) is not None:
            act(wire)

    @contextmanager
    def watched(self, act: Callable[[bool], None]) -> Iterator[None]:
        """What this thread does at each boundary within the block."""
        self._of_thread[threading.get_ident()] = act
        try:
            yield
        finally:
            del self._of_thread[threading.get_ident()]


class Bounded(Database):
    """A database whose transactions have boundaries before and after them."""

    def __init__(self, like: Database, boundaries: Boundaries) -> None:
        self.__dict__.update(like.__dict__)
        self._boundaries = boundaries

    @contextmanager
    def unit_of_work(
        self, organization_id: UUID | None, actor: Actor = SYSTEM, *, attempt: int = 0
    ) -> Iterator[Session]:
        self._boundaries.come()
        with super().unit_of_work(organization_id, actor, attempt=attempt) as session:
            yield session
        self._boundaries.come()


class Wire(httpx.BaseTransport):
    """The way to the double, with boundaries before a request leaves and before its answer is read."""

    def __init__(self, google: GoogleCalendar, boundaries: Boundaries) -> None:
        self._inner = InProcess(google)
        self._boundaries = boundaries

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._boundaries.come(wire=True)
        response = self._inner.handle_request(request)
        self._boundaries.come(wire=True)
        return response


@dataclass
class Once:
    """Does something at one boundary: of all, or of those around requests alone, counted from 0."""

    number: int
    does: Callable[[], object]
    wire: bool = False

    def __call__(self, wire: bool) -> None:
        if self.wire and not wire:
            return
        self.number -= 1
        if self.number == -1:
            self.does()


def die() -> None:
    raise Crash


class Zombie:
    """Work in a thread of its own that is held up at a boundary, and wakes up when nobody expects it."""

    def __init__(
        self, boundaries: Boundaries, work: Callable[[], Any], number: int, *, wire: bool = False
    ) -> None:
        self._asleep = threading.Event()
        self._wake = threading.Event()
        self._act = Once(number, self._sleep, wire)
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(boundaries, work), daemon=True)
        self._thread.start()
        self._asleep.wait()

    def wake(self) -> None:
        """Let it go on to its end."""
        self._wake.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self, boundaries: Boundaries, work: Callable[[], Any]) -> None:
        try:
            with boundaries.watched(self._act):
                work()
        except BaseException as error:
            self._failed = error
        finally:
            self._asleep.set()

    def _sleep(self) -> None:
        self._asleep.set()
        self._wake.wait()
