"""
How many requests may wait for channels at one time.

One that does keeps its thread for as long as a channel may take, which is somebody else's to decide: all
others need threads too.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from hub.errors import HubError

MOST = 8
"""Of one process, all organizations together: as many threads as it has beyond its database connections"""
MOST_OF_ONE = 3
"""Of one organization, so that it does not take the places of all"""


class TooManyWait(HubError):
    """The caller's organization has its places: ask again when one of its requests has ended."""


class AllWait(HubError):
    """No place is left: ask again in a moment."""


class Waiting:
    """The places of one process, for all its threads."""

    def __init__(self, most: int = MOST, of_one: int = MOST_OF_ONE) -> None:
        self._most, self._of_one = most, of_one
        self._taken: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, organization_id: UUID) -> Iterator[None]:
        """A place while a channel is asked. Refuses at once where there is none: nobody waits for one."""
        with self._lock:
            if self._taken[organization_id] >= self._of_one:
                raise TooManyWait.because(
                    "too_many_wait",
                    f"{self._of_one} requests of your organization wait for channels already; "
                    "ask again when one has its answer",
                )
            if self._taken.total() >= self._most:
                raise AllWait.because("busy", "too many requests wait for channels; ask again in a moment")
            self._taken[organization_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[organization_id] -= 1
                self._taken += Counter()  # whoever has none is not remembered


async def _of_door(request: Request) -> Waiting:
    waiting: Waiting = request.app.state.waiting
    return waiting


Places = Annotated[Waiting, Depends(_of_door)]
