"""The sandbox's calendar service as tests play it: served on loopback, with faults in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import connectors.sandbox
from connectors.contract import AllDay, When
from connectors.sandbox import samples, spans
from connectors.sandbox.agenda import FIELDS, Entry
from connectors.sandbox.calendar_service import Asked, CalendarService
from connectors.sandbox.connector import SandboxConnector, SandboxSettings
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.zoo import Zoo
from connectors.transport import Network
from tests.connectors.calendar_harness import (
    HASTY,
    PATIENT,
    WITHOUT_END,
    CalendarHarness,
    Person,
    TwoWay,
)
from tests.connectors.contract import WAIT, Fault
from tests.fakes import faulty_proxy
from tests.fakes.faulty_proxy import Answer, FaultyProxy, Passed, Trouble
from tests.fakes.notice_inbox import NoticeInbox

KEY = "s3cr3t-key"
OTHER_KEY = "s3cr3t-too"
SECONDS = str(int(WAIT.total_seconds()))


class SandboxPerson(Person):
    """Uses the service itself, with any version."""

    def __init__(self, service: CalendarService, agenda: str) -> None:
        self._service = service
        self._agenda = agenda
        self._made = 0

    def add(self, when: When, summary: str = "", recurrence: Sequence[str] = (), zone: str = "") -> str:
        self._made += 1
        wanted = {"span": _span(when), "title": summary, "repeats": list(recurrence), "zone": zone}
        return self._put(f"mine-{self._made}", wanted, new=True)

    def edit(self, event_id: str, summary: str) -> None:
        self._put(event_id, {"title": summary})

    def shift(self, event_id: str, when: When) -> None:
        self._put(event_id, {"span": _span(when)})

    def show_as_free(self, event_id: str) -> None:
        self._put(event_id, {"shown_as": "free"})

    def delete(self, event_id: str) -> None:
        self._do("DELETE", event_id, None, {"if-match": "*"})

    def duplicate(self, event_id: str) -> str:
        self._made += 1
        entry = self._entry(event_id)
        wanted = {name: value for name, value in entry.items() if name in FIELDS}
        return self._put(f"copy-{self._made}", wanted, new=True)

    def annotate(self, event_id: str, place: str) -> None:
        self._put(event_id, {"place": place})

    def place(self, event_id: str) -> str:
        return str(self._entry(event_id)["place"])

    def shift_occurrence(self, series: str, original: AllDay | datetime, when: When) -> None:
        self._except(series, original, when)

    def skip_occurrence(self, series: str, original: AllDay | datetime) -> None:
        when = original if isinstance(original, AllDay) else None
        self.delete(self._except(series, original, when))

    def _except(self, series: str, original: AllDay | datetime, when: When | None) -> str:
        self._made += 1
        edge: date = original.first if isinstance(original, AllDay) else original
        whole = self._entry(series)
        wanted = {
            "span": whole["span"] if when is None else _span(when),
            "title": whole["title"],
            "part_of": {"series": series, "instead_of": spans.written(edge)},
        }
        return self._put(f"part-{self._made}", wanted, new=True)

    def _entry(self, name: str) -> Entry:
        entry: Entry = self._do("GET", name, None, {})
        return entry

    def _put(self, name: str, wanted: Mapping[str, Any], *, new: bool = False) -> str:
        self._do("PUT", name, wanted, {"if-none-match": "*"} if new else {"if-match": "*"})
        return name

    def _do(self, method: str, name: str, wanted: Any, headers: Mapping[str, str]) -> Any:
        target = f"/agendas/{self._agenda}/entries/{name}"
        told = self._service.answer(Asked(method, target, {"authorization": f"Key {KEY}", **headers}, wanted))
        assert told.status < 300, told
        return told.body


class SandboxHarness(CalendarHarness):
    def __init__(self, server: SandboxServer, proxy: FaultyProxy, inbox: NoticeInbox) -> None:
        self.service, self.proxy, self.inbox = server.calendars, proxy, inbox
        self.service.keys |= {KEY: "ada", OTHER_KEY: "eve"}
        mine, other = (self.service.make("ada", title, "UTC") for title in ("Mine", "Other"))
        mine.readers["eve"] = True
        self.agenda = mine
        self.connector: TwoWay = SandboxConnector()
        self.settings = SandboxSettings(url=proxy.url, key=KEY, calendar=mine.name)
        self.other = SandboxSettings(url=proxy.url, key=KEY, calendar=other.name)
        self.twin = SandboxSettings(url=proxy.url + "/", key=OTHER_KEY, calendar=mine.name)
        self.patient, self.hasty = (Network([proxy.host], deadline=time) for time in (PATIENT, HASTY))
        self.network = self.patient
        self.secrets = (KEY, OTHER_KEY)
        self.person = SandboxPerson(self.service, mine.name)
        self.address = inbox.address
        self.readme = Path(connectors.sandbox.__file__).parent / "README.md"

    def break_(self, fault: Fault) -> None:
        self.network = self.hasty if fault in WITHOUT_END else self.patient
        self.proxy.trouble = _trouble(fault, self.proxy)

    def heal(self) -> None:
        self.network, self.proxy.trouble = self.patient, None

    def lose_the_answer(self) -> None:
        self.proxy.trouble = faulty_proxy.loses_the_answer

    def requests(self) -> int:
        return len(self.proxy.passed())

    def pages_of(self, events: int) -> None:
        self.service.most = events

    def expire_cursors(self) -> None:
        self.agenda.forget()

    def delete_calendar(self) -> None:
        told = self.service.answer(
            Asked("DELETE", f"/agendas/{self.agenda.name}", {"authorization": f"Key {KEY}"})
        )
        assert told.status == 204

    def refuse(self) -> None:
        del self.service.keys[KEY]

    def notices(self, least: int) -> Sequence[Mapping[str, str]]:
        return self.inbox.wait(least)


@contextmanager
def playing() -> Iterator[SandboxHarness]:
    with SandboxServer(0, Zoo((), samples.ZONE)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            with FaultyProxy(server.url) as proxy, NoticeInbox() as inbox:
                yield SandboxHarness(server, proxy, inbox)
        finally:
            server.shutdown()
            thread.join()


def _trouble(fault: Fault, proxy: FaultyProxy) -> Trouble:
    return {
        Fault.OUTAGE: faulty_proxy.says(500),
        Fault.OVERLOADED: faulty_proxy.says(503, {"Retry-After": SECONDS}),
        Fault.SILENT: faulty_proxy.silent(proxy),
        Fault.HANGS_UP: faulty_proxy.hangs_up,
        Fault.BREAKS_OFF: faulty_proxy.breaks_off,
        Fault.HALF: faulty_proxy.half,
        Fault.BLANK: faulty_proxy.says(200, body=b""),
        Fault.NO_CONTENT: faulty_proxy.says(204),
        Fault.WEB_PAGE: faulty_proxy.says(200, {"Content-Type": "text/html"}, faulty_proxy.PAGE),
        Fault.SIGNED_OUT: faulty_proxy.says(401),
        Fault.GONE: faulty_proxy.says(404),
        Fault.TOO_OFTEN: faulty_proxy.says(429, {"Retry-After": SECONDS}),
        Fault.ENDLESS: faulty_proxy.endless,
    }[fault]


def _span(when: When) -> dict[str, list[str]]:
    if isinstance(when, AllDay):
        return {"days": [when.first.isoformat(), when.after.isoformat()]}
    return {"instants": [when.starts_at.isoformat(), when.ends_at.isoformat()]}


__all__ = ["KEY", "Answer", "Passed", "SandboxHarness", "SandboxPerson", "playing"]
