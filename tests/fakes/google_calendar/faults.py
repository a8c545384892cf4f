"""What goes wrong by order: for the next requests, or for those that are described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.fakes.google_calendar import errors
from tests.fakes.google_calendar.asked import Asked, Ending
from tests.fakes.google_calendar.errors import Refusal


class Kind(StrEnum):
    LOST_REQUEST = "lost before the effect"
    LOST_ANSWER = "lost after the effect"
    LATE = "takes effect when the test says so"
    STALE = "answered from an older snapshot"
    REFUSED = "refused before the effect"
    FAILED_AFTER = "an error after the effect"
    UNREADABLE = "no JSON"
    TRUNCATED = "cut off in the middle"
    SLOW = "slow"


@dataclass
class Fault:
    kind: Kind
    wants: Callable[[Asked], bool]
    times: int | None
    """So many requests more; None: until `clear`"""
    skip: int = 0
    """So many of the requests that it wants go well before"""
    refusal: Refusal | None = None
    ending: Ending = Ending.TIMED_OUT
    back: int = 1
    """Changes by which a stale answer is behind"""
    seconds: float = 0.0


def described(
    method: str | None = None,
    operation: str | None = None,
    path: str | None = None,
    calendar: str | None = None,
    event: str | None = None,
    when: Callable[[Asked], bool] | None = None,
) -> Callable[[Asked], bool]:
    """Requests of which all is true that is given; `path` is a part of it."""

    def wanted(asked: Asked) -> bool:
        return (
            (method is None or asked.method == method)
            and (operation is None or asked.operation == operation)
            and (path is None or path in asked.path)
            and (calendar is None or asked.calendar == calendar)
            and (event is None or asked.event == event)
            and (when is None or when(asked))
        )

    return wanted


class Faults:
    """`google.faults.lose_answer(operation="events.insert")`; `where` is as `described` takes it.

    Each order is for the next request that it describes, or for `times` of them; the oldest order wins.
    """

    def __init__(self) -> None:
        self.orders: list[Fault] = []

    def clear(self) -> None:
        self.orders.clear()

    def take(self, asked: Asked) -> Fault | None:
        for fault in self.orders:
            if not fault.wants(asked):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self.orders.remove(fault)
            return fault
        return None

    def lose_answer(self, times: int = 1, ending: Ending = Ending.TIMED_OUT, **where: Any) -> Fault:
        """It is done, and nobody hears of it."""
        return self._order(Kind.LOST_ANSWER, times, where, ending=ending)

    def lose_request(self, times: int = 1, ending: Ending = Ending.TIMED_OUT, **where: Any) -> Fault:
        return self._order(Kind.LOST_REQUEST, times, where, ending=ending)

    def keep_late(self, times: int = 1, **where: Any) -> Fault:
        """The caller times out; it is done when `google.release_late()` is called."""
        return self._order(Kind.LATE, times, where)

    def stale(self, back: int = 1, times: int = 1, **where: Any) -> Fault:
        """A listing answers as the calendar was so many changes ago, all of its pages."""
        return self._order(Kind.STALE, times, {"operation": "events.list"} | where, back=back)

    def fail(self, status: int = 503, times: int = 1, after: bool = False, **where: Any) -> Fault:
        """An error of the server's, before the effect or after it."""
        kind = Kind.FAILED_AFTER if after else Kind.REFUSED
        return self._order(kind, times, where, refusal=errors.backend(status))

    def refuse(self, refusal: Refusal, times: int | None = 1, **where: Any) -> Fault:
        return self._order(Kind.REFUSED, times, where, refusal=refusal)

    def out_of_quota(
        self, times: int = 1, status: int = 403, reason: str = "rateLimitExceeded", **where: Any
    ) -> Fault:
        return self.refuse(errors.too_fast(status, reason), times, **where)

    def gone_in_pages(self, skip: int = 0) -> Fault:
        """410 for a page that is not the first; with `skip` the first so many such pages go well."""
        where = {"operation": "events.list", "when": lambda asked: "pageToken" in asked.query}
        fault = self.refuse(errors.full_sync_required(), 1, **where)
        fault.skip = skip
        return fault

    def calendar_lost(self, calendar: str, status: int = 404, times: int | None = None) -> Fault:
        """Until `clear`: whatever is asked of the calendar, 404 or 403."""
        refusal = errors.not_found() if status == 404 else errors.forbidden()
        return self.refuse(refusal, times, calendar=calendar)

    def unreadable(self, times: int = 1, **where: Any) -> Fault:
        """It is done, and answered with what is no JSON."""
        return self._order(Kind.UNREADABLE, times, where)

    def truncated(self, times: int = 1, **where: Any) -> Fault:
        """It is done, and the answer breaks off."""
        return self._order(Kind.TRUNCATED, times, where)

    def slow(self, seconds: float, times: int = 1, **where: Any) -> Fault:
        """On a socket it takes so long; in the process whoever waits less times out at once."""
        return self._order(Kind.SLOW, times, where, seconds=seconds)

    def _order(self, kind: Kind, times: int | None, where: dict[str, Any], **told: Any) -> Fault:
        skip = where.pop("skip", 0)
        fault = Fault(kind, described(**where), times, skip=skip, **told)
        self.orders.append(fault)
        return fault
