"""Google Calendar: what comes in is checked, done or spoilt by order, answered and written down."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.google_calendar import errors, schema
from tests.fakes.google_calendar.asked import Asked, Ending, Entry, Reply
from tests.fakes.google_calendar.errors import Refusal
from tests.fakes.google_calendar.faults import Fault, Faults, Kind
from tests.fakes.google_calendar.fields import chosen, mask
from tests.fakes.google_calendar.oauth import Grant, OAuth
from tests.fakes.google_calendar.operations import TABLE, Limits, Request
from tests.fakes.google_calendar.people import Person
from tests.fakes.google_calendar.watching import Watching
from tests.fakes.google_calendar.world import World

GOOGLE = "https://www.googleapis.com"
MINUTE = timedelta(minutes=1)


@dataclass
class Quota:
    """Requests of a minute, by the double's clock; without a limit unless a test sets one.

    Google's own: 600 by a user, 10,000 by a project. What is refused counts as well.
    """

    per_user: int | None = None
    per_project: int | None = None
    status: int = 403
    reason: str = "rateLimitExceeded"
    _seen: dict[str, deque[datetime]] = field(default_factory=dict)

    def spend(self, account: str, now: datetime) -> None:
        limits = ((account, self.per_user), ("", self.per_project))
        spent = [self._over(who, limit, now) for who, limit in limits if limit is not None]
        if any(spent):
            raise errors.too_fast(self.status, self.reason)

    def _over(self, who: str, limit: int, now: datetime) -> bool:
        seen = self._seen.setdefault(who, deque())
        while seen and seen[0] <= now - MINUTE:
            seen.popleft()
        if len(seen) >= limit:
            return True
        seen.append(now)
        return False


class GoogleCalendar:
    """`google = GoogleCalendar(); ada = google.person("ada@example.com")`, then a transport or a server.

    `now` is the double's clock: hub.clock.now unless given. Threads may share it; requests are done in turn.
    """

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self.root = GOOGLE
        """Where it says that it is; a server puts its own address here"""
        self.world = World(now)
        self.oauth = OAuth(self.world, lambda: self.root)
        self.watching = Watching(self.world, lambda: self.root)
        self.faults = Faults()
        self.quota = Quota()
        self.limits = Limits()
        self.ailing: dict[str, str] = {}
        """Calendars of which freeBusy cannot tell, and the reason: internalError, groupTooBig"""
        self.log: list[Entry] = []
        self.violations: list[str] = []
        """What came in that no client of Google's API should send; tests want none"""
        self._late: list[Asked] = []
        self._requests = 0
        self._effects = 0
        self._lock = threading.RLock()
        self.world.changed.append(self._count)

    def person(self, email: str, time_zone: str = "Europe/Berlin") -> Person:
        """Who has this account, and is given one if there is none."""
        if email not in self.world.accounts:
            self.world.add_account(email, time_zone)
        return Person(self.world, self.watching, self._lock, email)

    # Requests

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """`target` is an address, or a path with its query."""
        try:
            asked = Asked.of(method, target, headers, body)
        except UnicodeDecodeError:
            return _refused(errors.invalid("The body is no text."))
        with self._lock:
            effects = self._effects
            reply = self._under(self.faults.take(asked), asked)
            self._write_down(asked, reply, self._effects > effects)
        self.watching.flush()
        return reply

    def release_late(self) -> list[int]:
        """Do what was kept by order, in the order in which it came; the statuses nobody was told."""
        with self._lock:
            kept, self._late = self._late, []
            statuses = []
            for asked in kept:
                effects = self._effects
                reply = replace(self._answer(asked), ending=Ending.TIMED_OUT)
                self._write_down(asked, reply, self._effects > effects)
                statuses.append(reply.status)
        self.watching.flush()
        return statuses

    @property
    def waiting(self) -> int:
        """Requests that are kept to take effect late."""
        return len(self._late)

    # The log

    def reset_log(self) -> None:
        with self._lock:
            self.log.clear()

    def requests(self, operation: str | None = None) -> list[Entry]:
        return [entry for entry in self.log if operation is None or entry.operation == operation]

    def writes(self) -> list[Entry]:
        """Requests that wanted to write events, done or not."""
        return [entry for entry in self.log if entry.writes]

    def effects(self) -> list[Entry]:
        """Requests that changed a calendar."""
        return [entry for entry in self.log if entry.effect]

    # Within the lock

    def _under(self, fault: Fault | None, asked: Asked) -> Reply:
        if fault is None:
            return self._answer(asked)
        if fault.kind is Kind.LOST_REQUEST:
            return Reply(0, ending=fault.ending)
        if fault.kind is Kind.LATE:
            self._late.append(asked)
            return Reply(0, ending=Ending.TIMED_OUT)
        if fault.kind is Kind.REFUSED and fault.refusal is not None:
            return _refused(fault.refusal)
        reply = self._answer(asked, stale=fault.back if fault.kind is Kind.STALE else 0)
        if fault.kind is Kind.LOST_ANSWER:
            return replace(reply, ending=fault.ending)
        if fault.kind is Kind.TRUNCATED:
            return replace(reply, ending=Ending.TRUNCATED)
        if fault.kind is Kind.UNREADABLE:
            return Reply(200, b"<html><title>Sorry...</title>{", {"Content-Type": "text/html; charset=UTF-8"})
        if fault.kind is Kind.FAILED_AFTER and fault.refusal is not None:
            return _refused(fault.refusal)
        return replace(reply, delay=fault.seconds)

    def _answer(self, asked: Asked, stale: int = 0) -> Reply:
        if asked.operation.startswith("oauth."):
            return self.oauth.answer(asked)
        try:
            grant = self._signed_in(asked)
            self.quota.spend(grant.account, self.world.now())
            body = self._in_order(asked, grant)
            act = TABLE.get(asked.operation)
            if act is None:
                raise Refusal(501, "notImplemented", f"This double knows no {asked.operation}.")
            wanted = mask(asked.query["fields"][-1]) if "fields" in asked.query else {}
            request = Request(self.world, self.watching, grant, asked, body, stale, self.ailing, self.limits)
            status, content = act(request)
        except Refusal as refusal:
            return _refused(refusal)
        reply = Reply.of(status, chosen(content, wanted) if wanted else content)
        etag = content.get("etag") if content else None
        return replace(reply, headers={**reply.headers, "ETag": str(etag)}) if etag else reply

    def _signed_in(self, asked: Asked) -> Grant:
        grant = self.oauth.whose(asked.headers.get("authorization", ""))
        if grant is None:
            raise errors.not_signed_in()
        return grant

    def _in_order(self, asked: Asked, grant: Grant) -> Any:
        """The body of a request that keeps to the discovery document; a Refusal for any other."""
        if asked.route is None:
            if asked.operation != "batch":
                self.violations.append(f"{asked.method} {asked.path}: there is no such method")
            raise errors.not_found()
        try:
            body = asked.content()
        except ValueError:
            self.violations.append(f"{asked.method} {asked.path}: the body is no JSON")
            raise Refusal(400, "parseError", "Parse Error") from None
        if wrong := schema.of_query(asked.route, asked.query) + schema.of_body(asked.route, body):
            self.violations += [f"{asked.method} {asked.path}: {each}" for each in wrong]
            raise errors.invalid(f"Invalid request: {'; '.join(wrong)}")
        if not grant.scopes & asked.route.scopes:
            raise errors.lacks_scope()
        return body

    def _write_down(self, asked: Asked, reply: Reply, effect: bool) -> None:
        self._requests += 1
        grant = self.oauth.whose(asked.headers.get("authorization", ""))
        self.log.append(
            Entry(
                number=self._requests,
                method=asked.method,
                path=asked.path,
                operation=asked.operation,
                calendar=asked.calendar,
                event=asked.event,
                status=reply.status,
                ending=reply.ending,
                query=asked.query,
                account=grant.account if grant is not None else "",
                writes=asked.writes,
                effect=effect,
            )
        )

    def _count(self, _calendar: object) -> None:
        self._effects += 1


def _refused(refusal: Refusal) -> Reply:
    reply = Reply.of(refusal.status, refusal.content())
    if refusal.status == 401:
        return replace(reply, headers={**reply.headers, "WWW-Authenticate": 'Bearer realm="calendar"'})
    return reply
