"""The calls to the sandbox's calendar service, one method each; raises only connectors.errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from connectors.calendars import Calendar, CalendarEvent, Missed
from connectors.contract import Timed
from connectors.errors import CursorExpired, Rejected, Unavailable
from connectors.sandbox import translate
from connectors.transport import Network, Reply, failure

T = TypeVar("T")

PAGE = 200


class Client:
    """One account at the service; `calendar` is the agenda that is spoken of, where one is."""

    def __init__(self, network: Network, url: str, key: str, calendar: str = "") -> None:
        self._network = network
        self._root = f"{url.rstrip('/')}/agendas"
        self._own = f"{self._root}/{quote(calendar, safe='')}"
        self._headers = {"authorization": f"Key {key}", "accept": "application/json"}

    def calendars(self) -> tuple[Calendar, ...]:
        reply = self._get(self._root)
        return _read(reply, lambda told: tuple(translate.calendar(one) for one in told["agendas"]))

    def make_calendar(self, name: str, zone: str) -> Calendar:
        reply = self._write("POST", self._root, {"title": name, "zone": zone})
        _check(reply)
        return _read(reply, translate.calendar, made=True)

    def calendar(self) -> Calendar:
        """Raises Rejected("calendar_gone") where there is none."""
        reply = self._network.get(self._own, self._headers)
        if reply.status in (404, 410):
            raise Rejected(f"{reply.host} has no such calendar", code="calendar_gone")
        _check(reply)
        return _read(reply, translate.calendar)

    def changes(
        self, since: str | None, more: str | None
    ) -> tuple[list[CalendarEvent], str | None, int | None]:
        """A page of events, where it goes on, and on the last page the number up to which it told."""
        query = {"most": str(PAGE)}
        query |= {"since": since} if since is not None else {}
        query |= {"more": more} if more is not None else {}
        reply = self._network.get(f"{self._own}/changes?{urlencode(query)}", self._headers)
        if reply.status == 410:
            raise CursorExpired(f"{reply.host} has forgotten what was removed since then")
        self._check_there(reply)
        return _read(reply, _page)

    def entry(self, name: str) -> CalendarEvent | None:
        reply = self._network.get(self._entry(name), self._headers)
        if reply.status == 404:
            self.calendar()
            return None
        _check(reply)
        return _read(reply, lambda told: _named(name, translate.event(told)))

    def put(self, name: str, wanted: Mapping[str, Any], version: str | None) -> CalendarEvent | Missed:
        """Make an entry, or change that version of it."""
        condition = {"if-none-match": "*"} if version is None else {"if-match": version}
        reply = self._write("PUT", self._entry(name), wanted, condition)
        if reply.status == 412:
            return Missed.EXISTS if version is None else Missed.CHANGED
        if version is not None and reply.status in (404, 410):
            self.calendar()
            return Missed.GONE
        self._check_there(reply)
        return _read(reply, lambda told: _named(name, translate.event(told)), made=version is None)

    def delete(self, name: str, version: str) -> Missed | None:
        reply = self._write("DELETE", self._entry(name), None, {"if-match": version})
        if reply.status == 412:
            return Missed.CHANGED
        if reply.status in (404, 410):
            self.calendar()
            return Missed.GONE
        _check(reply)
        if reply.status != 204:
            raise _not_the_service(reply)
        return None

    def busy(self, starts_at: str, ends_at: str) -> tuple[Timed, ...]:
        query = urlencode({"from": starts_at, "to": ends_at})
        reply = self._network.get(f"{self._own}/busy?{query}", self._headers)
        self._check_there(reply)
        return _read(reply, translate.busy)

    def hang_bell(self, name: str, post_to: str, token: str) -> Mapping[str, Any] | None:
        """None where the service does not post to such an address."""
        reply = self._write("PUT", self._bell(name), {"post_to": post_to, "token": token})
        if reply.status == 422:
            return None
        self._check_there(reply)
        return _read(reply, lambda told: {key: told[key] for key in ("hangs_at", "until")}, made=True)

    def take_down_bell(self, name: str) -> None:
        reply = self._write("DELETE", self._bell(name), None)
        if reply.status not in (404, 410):
            _check(reply)

    def _get(self, url: str) -> Reply:
        reply = self._network.get(url, self._headers)
        _check(reply)
        return reply

    def _write(
        self, method: str, url: str, wanted: Mapping[str, Any] | None, more: Mapping[str, str] | None = None
    ) -> Reply:
        body = b"" if wanted is None else json.dumps(wanted).encode()
        headers = {**self._headers, **(more or {}), "content-type": "application/json"}
        return self._network.send(method, url, body, headers)

    def _check_there(self, reply: Reply) -> None:
        """A calendar that is not found is said to be gone only if it says so itself."""
        if reply.status == 404:
            self.calendar()
        _check(reply)

    def _entry(self, name: str) -> str:
        return f"{self._own}/entries/{quote(name, safe='')}"

    def _bell(self, name: str) -> str:
        return f"{self._own}/bells/{quote(name, safe='')}"


def _check(reply: Reply) -> None:
    if error := failure(reply):
        raise error


def _read(reply: Reply, understand: Callable[[Any], T], *, made: bool = False) -> T:
    """The answer in our words. What is not the service's own answer is none: nobody knows what it means."""
    if reply.status != (201 if made else 200):
        raise _not_the_service(reply)
    try:
        return understand(json.loads(reply.body))
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise _not_the_service(reply) from error


def _page(told: Any) -> tuple[list[CalendarEvent], str | None, int | None]:
    more, upto = told["more"], told["upto"]
    if not (isinstance(more, str) and upto is None) and not (more is None and type(upto) is int):
        raise ValueError("a page without an end or a way on")
    return [translate.event(one) for one in told["entries"]], more, upto


def _named(name: str, found: CalendarEvent) -> CalendarEvent:
    if found.id != name:
        raise ValueError("another entry than the one that was asked for")
    return found


def _not_the_service(reply: Reply) -> Unavailable:
    words = f"{reply.host} answered something that is no calendar service's ({reply.status})"
    return Unavailable(words, code="not_a_calendar_service")
