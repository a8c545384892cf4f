"""
A second opinion: the double and an independent one, `myworld`, are asked the same at random.

It lives in an environment of its own, because we pin none of what it wants; so it is a long run for
`./dev soak tests/fakes`, and needs a package index. It knows client ids, 409 for deleted ones, sync tokens,
series and free/busy; it ignores If-Match and knows no watch, no batch and no calendars.insert. What is not
in the documentation, and they do otherwise, is not asked: an update of what is deleted, and one that changes
nothing, which is a new version there. It never lists an occurrence that stands apart, as Google says that it
does, and names those of whole days otherwise; so of occurrences only timed ones are asked for, by their id.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import httpx
import pytest
from googleapiclient.errors import HttpError

from tests.fakes.google_calendar import GoogleCalendar, Person, Resource
from tests.fakes.google_calendar_facts.client import ADA, Api, api_of
from tests.running import a_free_port

VERSION = "myworld==0.2.1"
STEPS = int(os.environ.get("SECOND_OPINION_STEPS", "1500"))
SEED = int(os.environ.get("SECOND_OPINION_SEED", "1"))
WORLD = {
    "name": "second",
    "task": "none",
    "servers": {"calendar": {"seed": {"user": {"email": ADA, "name": "Ada"}, "timeZone": "Europe/Berlin"}}},
}
FIRST = date(2026, 10, 20)
"""The clocks go back within the days that are played with"""

Answer: TypeAlias = "tuple[int, str, Any]"
"""The status, the reason of a refusal, and what was answered as far as both must agree"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Api]:
    """Ada's program at the other double, which is made and run for it."""
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "-q", VERSION], check=True, timeout=600)
    described = tmp_path / "second.yaml"
    described.write_text(json.dumps(WORLD))
    port = a_free_port()
    command: list[str | Path] = [
        programs / "myworld",
        "serve",
        "--env",
        described,
        "--port",
        str(port),
        "--time",
        "virtual",
    ]
    home = os.environ | {"HOME": str(tmp_path)}
    process = subprocess.Popen(command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    root = f"http://127.0.0.1:{port}"
    try:
        told = _when_ready(f"{root}/envs/second", process)
        [credentials] = list(told["credentials"].values())[:1]
        client = httpx.Client(timeout=30, trust_env=False)
        yield Api(credentials["google_access_token"], f"{root}/gw/www.googleapis.com", client)
        client.close()
    finally:
        process.terminate()
        process.wait(30)


def _when_ready(url: str, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the other double has ended"
        try:
            answer = httpx.get(url, trust_env=False)
            if answer.is_success:
                read: dict[str, Any] = answer.json()
                return read
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the other double does not answer")


@dataclass
class Both:
    """The two programs, and the sync token that each was given last."""

    ours: Api
    theirs: Api
    tokens: dict[int, str] = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)
    """Series of which an occurrence stands apart: the other double tells of the series instead"""
    differences: list[str] = field(default_factory=list)
    asked: int = 0
    refused: int = 0

    def compare(self, what: str, ask: Any) -> None:
        one, other = ask(self.ours, 0), ask(self.theirs, 1)
        self.asked += 1
        self.refused += one[0] >= 400
        if one != other:
            self.differences.append(f"{what}\n  double:  {one}\n  myworld: {other}")


def _said(request: Any, seen: Any) -> Answer:
    try:
        return 200, "", seen(request.execute(num_retries=0))
    except HttpError as error:
        return error.status_code, error.error_details[0]["reason"], None


def _event(told: Resource) -> Any:
    if told["status"] == "cancelled":
        return told["id"], "cancelled"
    when = [_instant(told[side]) for side in ("start", "end")]
    kept = [told.get(name) for name in ("summary", "description", "transparency", "recurrence", "colorId")]
    series = told.get("recurringEventId"), _instant(told.get("originalStartTime"))
    return told["id"], told["status"], when, kept, told.get("extendedProperties"), series


def _instant(side: Resource | None) -> Any:
    if side is None or "date" in side:
        return side and side["date"]
    return datetime.fromisoformat(side["dateTime"]).astimezone(UTC)


def _body(random: Random) -> Resource:
    first = FIRST + timedelta(days=random.randrange(20))
    body: Resource = {"summary": random.choice(["Ada", "Bob", "cleaning"])}
    if random.random() < 0.5:
        after = first + timedelta(days=random.randint(1, 4))
        body |= {"start": {"date": first.isoformat()}, "end": {"date": after.isoformat()}}
    else:
        starts = datetime.combine(first, datetime.min.time(), UTC) + timedelta(hours=random.randrange(24))
        ends = starts + timedelta(minutes=random.randint(1, 300))
        zone = random.choice(["Europe/Berlin", "America/New_York"])
        for side, when in (("start", starts), ("end", ends)):
            body[side] = {"dateTime": when.isoformat(), "timeZone": zone}
    if random.random() < 0.3:
        body["recurrence"] = [f"RRULE:FREQ={random.choice(['DAILY', 'WEEKLY'])};COUNT={random.randint(2, 6)}"]
    if random.random() < 0.2:
        body["transparency"] = "transparent"
    if random.random() < 0.3:
        body["extendedProperties"] = {"private": {"hubItem": str(random.randrange(9))}}
    return body


KINDS = (
    *("insert", "insert", "insert", "get", "update", "patch", "delete"),
    *("one", "one", "changes", "all", "busy"),
)


def _step(both: Both, ada: Person, random: Random) -> None:
    """One question that both know."""
    event_id = f"ours{random.randrange(STEPS // 6)}"
    kind = random.choice(KINDS)
    if kind == "insert":
        body = _body(random) | {"id": event_id}
        both.compare(
            f"insert {body}", lambda api, _: _said(_events(api).insert(body=body, **PRIMARY), _event)
        )
    elif kind == "get":
        named = PRIMARY | {"eventId": event_id}
        both.compare(f"get {event_id}", lambda api, _: _said(_events(api).get(**named), _event))
    elif kind in ("update", "patch"):
        named = PRIMARY | {"eventId": event_id}
        if both.ours.page(iCalUID=f"{event_id}@google.com")["items"]:  # what is deleted is no common ground
            body = _body(random) if kind == "update" else {"summary": f"patched {both.asked}"}
            both.compare(
                f"{kind} {event_id} {body}",
                lambda api, _: _said(getattr(_events(api), kind)(body=body, **named), _event),
            )
    elif kind == "delete":
        named = PRIMARY | {"eventId": event_id}
        both.compare(f"delete {event_id}", lambda api, _: _said(_events(api).delete(**named), lambda _: None))
    elif kind == "one":
        living = [event for event in ada.snapshot().values() if "recurrence" in event]
        series = [event["id"] for event in living if "dateTime" in event["start"]]
        if series:
            both.apart.add(chosen := random.choice(series))
            _step_in_series(both, ada.occurrence(chosen, 1), random)
    elif kind == "busy":
        opens = datetime.combine(FIRST + timedelta(days=random.randrange(20)), datetime.min.time(), UTC)
        closes = opens + timedelta(days=random.choice((1, 5, 30, 90)))
        window = {"timeMin": opens.isoformat(), "timeMax": closes.isoformat()}
        body = window | {"items": [{"id": "primary"}, {"id": "nobody@example.com"}]}
        both.compare(f"free/busy {window}", lambda api, _: _said(_busy(api, body), _spans))
    else:
        both.compare(kind, lambda api, which: _listed(both, api, which, kind == "changes"))


def _step_in_series(both: Both, event_id: str, random: Random) -> None:
    named, change = PRIMARY | {"eventId": event_id}, {"summary": f"apart {both.asked}"}
    asks = {
        "get": lambda api, _: _said(_events(api).get(**named), _event),
        "delete": lambda api, _: _said(_events(api).delete(**named), lambda _: None),
        "patch": lambda api, _: _said(_events(api).patch(body=change, **named), _event),
    }
    if both.ours.get(event_id)["status"] == "cancelled":
        del asks["patch"]
    kind = random.choice(list(asks))
    both.compare(f"{kind} {event_id}", asks[kind])


PRIMARY = {"calendarId": "primary"}


def _events(api: Api) -> Any:
    return api.events


def _busy(api: Api, body: Resource) -> Any:
    return api.service.freebusy().query(body=body)


def _spans(told: Resource) -> Any:
    return {
        name: ([(each["start"], each["end"]) for each in calendar["busy"]], calendar.get("errors"))
        for name, calendar in told["calendars"].items()
    }


def _listed(both: Both, api: Api, which: int, changes: bool) -> Answer:
    query: dict[str, Any] = {"syncToken": both.tokens[which]} if changes and which in both.tokens else {}
    events: dict[str, Any] = {}
    page: str | None = None
    while True:
        told = api.events.list(**PRIMARY, **query, **({"pageToken": page} if page else {})).execute()
        common = [event for event in told["items"] if not (changes and event["id"] in both.apart)]
        events |= {event["id"]: _event(event) for event in common if "_" not in event["id"]}
        if (page := told.get("nextPageToken")) is None:
            both.tokens[which] = told["nextSyncToken"]
            return 200, "", events


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_doubles_answer_alike(google: GoogleCalendar, ada: Person, other: Api) -> None:
    both, random = Both(api_of(google), other), Random(SEED)
    for _ in range(STEPS):
        _step(both, ada, random)
    assert both.differences == [], "\n".join([f"of {both.asked} questions:", *both.differences[:20]])
    assert both.refused > both.asked / 20
    assert google.violations == []
