"""
A calendar service with a protocol of its own: what a connector of both directions has to speak to.

    GET    /agendas                            {"agendas": [{"name", "title", "zone", "may_write", "own"}]}
    POST   /agendas                            {"title": "…", "zone": "Europe/Lisbon"}
    GET    /agendas/{agenda}
    DELETE /agendas/{agenda}
    GET    /agendas/{agenda}/changes           ?since=12&more=…&most=200; everything that lives
                                               without `since`; 410 where what was removed since
                                               then is forgotten
    DELETE /agendas/{agenda}/tombstones        forgets what was removed
    GET    /agendas/{agenda}/entries/{name}    also of one that is removed: {"removed": true}
    PUT    /agendas/{agenda}/entries/{name}    If-None-Match: * makes it, If-Match: 3 changes version 3
    DELETE /agendas/{agenda}/entries/{name}    If-Match: 3
    GET    /agendas/{agenda}/busy              ?from=…&to=…
    PUT    /agendas/{agenda}/bells/{name}      {"post_to": "http://127.0.0.1:8000/…", "token": "…"}
    DELETE /agendas/{agenda}/bells/{name}

Every request has `Authorization: Key …`. If-Match: * is any version, for people with curl. 412: not that
version, or the name is taken; 410: it is removed. What a PUT does not name stays as it was.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from connectors.sandbox.agenda import Agenda, Entry, Forgotten, Outdated, Removed, Taken, Unfit, Unknown
from connectors.sandbox.bells import Bell, Bells, Ring
from connectors.sandbox.journal import Journal

PATH = "/agendas"
DEMO_KEY = "demo"
MOST = 500
NAME = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; header names are lower-case, `wanted` is its JSON body."""

    method: str
    target: str
    headers: Mapping[str, str]
    wanted: Any = None


@dataclass(frozen=True, slots=True)
class Told:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _No(Exception):
    def __init__(self, status: int, reason: str, **headers: str) -> None:
        self.told = Told(status, {"error": reason}, headers)


_STATUSES: Mapping[type[Exception], tuple[int, str]] = {
    Taken: (412, "the name has, or had, an entry"),
    Outdated: (412, "it is another version"),
    Removed: (410, "it is removed"),
    Unknown: (404, "there is no such entry"),
    Forgotten: (410, "what was removed since then is forgotten: list everything"),
}


class CalendarService:
    """
    `keys` are the secrets of accounts -> their names; `now` gives aware UTC. Safe for several threads.

    A journal keeps it over a restart.
    """

    def __init__(
        self, keys: Mapping[str, str], now: Callable[[], datetime], ring: Ring, journal: Journal | None = None
    ) -> None:
        self.keys = dict(keys)
        self.most = MOST
        """Entries that a page has at most, however many are asked for"""
        self.lock = threading.RLock()
        self.agendas: dict[str, Agenda] = {}
        self._now = now
        self._journal = journal or Journal(None)
        self._bells = Bells(now, ring)
        self._made = 0
        for row in self._journal.rows():
            self._replay(row)
        self._journal.begin(self._state())

    def make(self, owner: str, title: str, zone: str, name: str = "") -> Agenda:
        """ValueError for what is no zone."""
        ZoneInfo(zone)
        with self.lock:
            self._made += 1
            agenda = Agenda(name or f"agenda-{self._made}", title, zone, owner)
            self.agendas[agenda.name] = agenda
            self._journal.write({"agenda": _head(agenda), "made": self._made})
            return agenda

    def answer(self, asked: Asked) -> Told:
        path = urlsplit(asked.target)
        parts = [unquote(part) for part in path.path.strip("/").split("/")][1:]
        query = {name: values[0] for name, values in parse_qs(path.query).items()}
        with self.lock:
            try:
                return self._answer(asked, self._account(asked), parts, query)
            except _No as no:
                return no.told
            except tuple(_STATUSES) as error:
                status, reason = _STATUSES[type(error)]
                return Told(status, {"error": reason})
            except (Unfit, KeyError, TypeError, ValueError) as error:
                return Told(422, {"error": f"that cannot be done: {error}"})

    def _answer(self, asked: Asked, account: str, parts: list[str], query: Mapping[str, str]) -> Told:
        if not parts and asked.method == "GET":
            seen = [a for a in self.agendas.values() if account in {a.owner, *a.readers}]
            return Told(200, {"agendas": [_shown(agenda, account) for agenda in seen]})
        if not parts and asked.method == "POST":
            agenda = self.make(account, str(asked.wanted["title"])[:200], str(asked.wanted["zone"]))
            return Told(201, _shown(agenda, account))
        agenda = self._agenda(parts, account, writes=asked.method != "GET" and "bells" not in parts)
        match asked.method, parts[1:]:
            case "GET", []:
                return Told(200, _shown(agenda, account))
            case "DELETE", []:
                del self.agendas[agenda.name]
                self._bells.take_down(agenda.name)
                self._journal.write({"gone": agenda.name})
                return Told(204)
            case "GET", ["changes"]:
                return _changes(agenda, query, self.most)
            case "DELETE", ["tombstones"]:
                agenda.forget()
                self._journal.write({"forgot": agenda.name})
                return Told(204)
            case "GET", ["busy"]:
                starts_at, ends_at = (datetime.fromisoformat(query[name]) for name in ("from", "to"))
                taken = agenda.busy(starts_at, ends_at)
                return Told(200, {"busy": [[start.isoformat(), end.isoformat()] for start, end in taken]})
            case method, ["entries", name]:
                return self._entry(agenda, method, name, asked)
            case method, ["bells", name]:
                return self._bell(agenda, method, name, asked.wanted)
        raise _No(404, "there is nothing here")

    def _entry(self, agenda: Agenda, method: str, name: str, asked: Asked) -> Told:
        """Read, or written with a condition: without one nobody knows what is overwritten."""
        if method == "GET":
            return _entry_told(200, agenda.get(name))
        if NAME.fullmatch(name) is None:
            raise _No(422, "a name has letters, digits and hyphens, 64 at most")
        match, none = asked.headers.get("if-match", ""), asked.headers.get("if-none-match", "")
        if method == "PUT" and none == "*":
            made = self._changed(agenda, agenda.add(name, asked.wanted, self._now()))
            return _entry_told(201, made)
        if not match:
            raise _No(428, "If-Match or If-None-Match is needed")
        version = None if match == "*" else int(match)
        if method == "PUT":
            changed = agenda.change(name, asked.wanted, version, self._now())
            return _entry_told(200, self._changed(agenda, changed))
        if method == "DELETE":
            before = agenda.sequence
            agenda.remove(name, version, self._now())
            for entry in [e for e in agenda.entries.values() if e["number"] > before]:
                self._journal.write({"of": agenda.name, "entry": entry})
            self._bells.ring(agenda.name)
            return Told(204)
        raise _No(405, "an entry is read, put or deleted")

    def _changed(self, agenda: Agenda, entry: Entry) -> Entry:
        self._journal.write({"of": agenda.name, "entry": entry})
        self._bells.ring(agenda.name)
        return entry

    def _bell(self, agenda: Agenda, method: str, name: str, wanted: Any) -> Told:
        if method == "PUT":
            bell = self._bells.hang(agenda.name, name, str(wanted["post_to"]), str(wanted["token"]))
            self._journal.write({"bell": bell.kept()})
            return Told(201, {"bell": bell.name, "hangs_at": agenda.name, "until": bell.until.isoformat()})
        if method == "DELETE" and self._bells.take_down(agenda.name, name):
            self._journal.write({"taken_down": [agenda.name, name]})
            return Told(204)
        raise _No(404, "there is no such bell")

    def _account(self, asked: Asked) -> str:
        scheme, _, key = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "key" or key not in self.keys:
            raise _No(401, "the key is wrong")
        return self.keys[key]

    def _agenda(self, parts: list[str], account: str, *, writes: bool) -> Agenda:
        agenda = self.agendas.get(parts[0]) if parts else None
        if agenda is None:
            raise _No(404, "there is no such agenda")
        may = account == agenda.owner or agenda.readers.get(account)
        if may is None or (writes and not may):
            raise _No(403, "this account may not do that here")
        return agenda

    def _state(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for agenda in self.agendas.values():
            rows.append({"agenda": _head(agenda), "made": self._made})
            rows += [{"of": agenda.name, "entry": entry} for entry in agenda.entries.values()]
        return rows + [{"bell": bell.kept()} for bell in self._bells.all()]

    def _replay(self, row: Mapping[str, Any]) -> None:
        if "agenda" in row:
            head = Agenda(**row["agenda"])
            self.agendas[head.name], self._made = head, max(self._made, int(row["made"]))
        elif "entry" in row:
            agenda, entry = self.agendas[row["of"]], dict(row["entry"])
            agenda.entries[entry["name"]] = entry
            agenda.sequence = max(agenda.sequence, entry["number"])
        elif "forgot" in row:
            self.agendas[row["forgot"]].forget()
        elif "gone" in row:
            self.agendas.pop(row["gone"], None)
            self._bells.take_down(row["gone"])
        elif "bell" in row:
            self._bells.restore(Bell.of(row["bell"]))
        elif "taken_down" in row:
            self._bells.take_down(*row["taken_down"])


def _head(agenda: Agenda) -> dict[str, Any]:
    names = ("name", "title", "zone", "owner", "sequence", "floor", "readers")
    return {name: getattr(agenda, name) for name in names}


def _shown(agenda: Agenda, account: str) -> dict[str, Any]:
    own = account == agenda.owner
    return {
        "name": agenda.name,
        "title": agenda.title,
        "zone": agenda.zone,
        "may_write": own or agenda.readers.get(account, False),
        "own": own,
    }


def _changes(agenda: Agenda, query: Mapping[str, str], most: int) -> Told:
    since = int(query["since"]) if "since" in query else None
    part = agenda.listing(since, query.get("more"), min(int(query.get("most", most)), most))
    entries = [_said(entry) for entry in part.entries]
    return Told(200, {"entries": entries, "more": part.more, "upto": part.upto})


def _entry_told(status: int, entry: Entry) -> Told:
    return Told(status, _said(entry))


def _said(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if name != "number"}
