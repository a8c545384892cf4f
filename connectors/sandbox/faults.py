"""What goes wrong between a channel's calendar and whoever asks for it: each fault by its name. Pure."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from connectors.sandbox.writing import Written, digest

Events = Callable[[Sequence[Written], Random], Sequence[Written]]
Body = Callable[[bytes, Random], bytes]

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
CALENDAR = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes over the wire. `slow`: the first byte comes too late, `trickle`: each does."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": CALENDAR})
    slow: bool = False
    trickle: bool = False
    cut_after: int | None = None
    """Announce all of the body, send so many bytes of it and hang up"""


Answer = Callable[[Reply, Random], Reply]


@dataclass(frozen=True, slots=True)
class Fault:
    """
    `true`: what it answers says all that is so, however oddly. `lasting` is the shortest and the longest
    time, from the first question that meets it. What a `cached` fault answered stands for a day for whoever
    asks only whether it has changed.
    """

    says: str
    true: bool
    lasting: tuple[timedelta, timedelta]
    events: Events | None = None
    body: Body | None = None
    reply: Answer | None = None
    cached: bool = False

    @property
    def lies(self) -> bool:
        """A complete calendar that lacks something."""
        return self.events is not None and not self.true


MOMENT = (2 * _MINUTE, 10 * _MINUTE)
"""A calendar that lacks something is put right before a second question agrees"""
WHILE = (10 * _MINUTE, 25 * _MINUTE)
"""One that lacks everything, before a third does"""
OUTAGE = (_HOUR, 30 * _HOUR)
ODDITY = (_HOUR, 30 * _HOUR)


def _none(_events: Sequence[Written], _rng: Random) -> Sequence[Written]:
    return ()


def _half(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    return [one for one in events if rng.random() < 0.5]


def _without_last(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    return events[: -rng.randint(1, max(1, len(events) // 3))]


def _without_one(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    gone = rng.randrange(len(events)) if events else 0
    return [*events[:gone], *events[gone + 1 :]]


def _reordered(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    return rng.sample(events, len(events))


def _renamed(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    """Alike where they were alike: the parts of a series still belong together."""
    salt = rng.random()
    return [_with_uid(one, lambda uid: f"{digest(salt, uid)[:32]}@reissued.example") for one in events]


def _in_pairs(events: Sequence[Written], _rng: Random) -> Sequence[Written]:
    """Two stays share a UID; what recurs keeps its own."""
    found = list(events)
    plain = [n for n, one in enumerate(found) if not _recurs(one)]
    for first, second in zip(plain[::2], plain[1::2], strict=False):
        uid = _uid(found[first])
        found[second] = _with_uid(found[second], lambda _, uid=uid: uid)  # type: ignore[misc]
    return found


def _doubled(events: Sequence[Written], _rng: Random) -> Sequence[Written]:
    return [*events, *(one for one in events if not _recurs(one))]


def _broken(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    """Everything of one event but when it begins."""
    found = [*events]
    if found:
        chosen = rng.randrange(len(found))
        found[chosen] = replace(found[chosen], lines=tuple(_spoilt(line) for line in found[chosen].lines))
    return found


def _spoilt(line: str) -> str:
    name = line.split(":")[0].split(";")[0]
    return {"SUMMARY": "SUMMARY;=:\x07broken", "DTSTAMP": "DTSTAMP:yesterday", "SEQUENCE": "SEQUENCE:x"}.get(
        name, line
    )


def _dateless(events: Sequence[Written], rng: Random) -> Sequence[Written]:
    """One event whose dates nobody can read."""
    found = [*events]
    if found:
        chosen = rng.randrange(len(found))
        lines = (
            "DTSTART:soon" if line.startswith("DTSTART") else line
            for line in found[chosen].lines
            if not line.startswith(("DTEND", "DURATION"))
        )
        found[chosen] = replace(found[chosen], lines=tuple(lines))
    return found


def _status(status: int, **headers: str) -> Answer:
    sent = {"Content-Type": "text/plain"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda _reply, _rng: Reply(status, b"try again later\n", sent)


def _page(_reply: Reply, _rng: Random) -> Reply:
    page = b"<!doctype html><html><body><h1>We will be right back</h1></body></html>"
    return Reply(200, page, {"Content-Type": "text/html"})


def _packed(reply: Reply, _rng: Random) -> Reply:
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, body=gzip.compress(reply.body, mtime=0), headers=headers)


FAULTS: Mapping[str, Fault] = {
    "empty": Fault("a complete calendar without any event", False, WHILE, events=_none),
    "half": Fault("about half of the events are missing", False, MOMENT, events=_half),
    "one_gone": Fault("one event is missing", False, MOMENT, events=_without_one),
    "last_lost": Fault("the last events are missing, the end is there", False, MOMENT, events=_without_last),
    "dateless": Fault("the dates of one event cannot be read", False, MOMENT, events=_dateless),
    "stale_empty": Fault(
        "no event; and not changed since, says a cache", False, MOMENT, events=_none, cached=True
    ),
    "stale_half": Fault("half of them; and not changed since", False, MOMENT, events=_half, cached=True),
    "cut": Fault(
        "breaks off in the middle, without END", False, OUTAGE, body=lambda body, _rng: body[: len(body) // 2]
    ),
    "hung_up": Fault(
        "hangs up in the middle",
        False,
        OUTAGE,
        reply=lambda reply, _rng: replace(reply, cut_after=len(reply.body) // 2),
    ),
    "nothing": Fault(
        "an answer without a body", False, OUTAGE, reply=lambda reply, _rng: replace(reply, body=b"")
    ),
    "no_content": Fault("204", False, OUTAGE, reply=lambda _reply, _rng: Reply(204, b"", {})),
    "error": Fault("500", False, OUTAGE, reply=_status(500)),
    "away": Fault("503, and when to come back", False, OUTAGE, reply=_status(503, Retry_After="1800")),
    "too_often": Fault("429, and when to come back", False, OUTAGE, reply=_status(429, Retry_After="3600")),
    "refused": Fault("403 for a moment", False, WHILE, reply=_status(403)),
    "page": Fault("200, and a web page", False, OUTAGE, reply=_page),
    "slow": Fault("no answer in time", False, WHILE, reply=lambda reply, _rng: replace(reply, slow=True)),
    "trickle": Fault("byte by byte", False, WHILE, reply=lambda reply, _rng: replace(reply, trickle=True)),
    "reordered": Fault("the events in another order", True, ODDITY, events=_reordered),
    "renamed": Fault("all UIDs are reissued", True, ODDITY, events=_renamed),
    "shared_uids": Fault("two events share a UID", True, ODDITY, events=_in_pairs),
    "doubled": Fault("every event twice", True, ODDITY, events=_doubled),
    "broken": Fault("one event of which only the dates can be read", True, ODDITY, events=_broken),
    "garbled": Fault(
        "another character set than it says",
        True,
        ODDITY,
        body=lambda body, _rng: body.decode().encode("latin-1", "replace"),
    ),
    "bare": Fault(
        "a byte order mark, and bare line feeds",
        True,
        ODDITY,
        body=lambda body, _rng: b"\xef\xbb\xbf" + body.replace(b"\r\n", b"\n"),
    ),
    "packed": Fault("gzip", True, ODDITY, reply=_packed),
    "moved": Fault(
        "a redirect to the calendar",
        True,
        ODDITY,
        reply=lambda _reply, _rng: Reply(302, b"", {"Location": "?moved"}),
    ),
}


def _with_uid(one: Written, rename: Callable[[str], str]) -> Written:
    lines = (f"UID:{rename(line[4:])}" if line.startswith("UID:") else line for line in one.lines)
    return replace(one, lines=tuple(lines))


def _uid(one: Written) -> str:
    return next(line[4:] for line in one.lines if line.startswith("UID:"))


def _recurs(one: Written) -> bool:
    return any(line.startswith(("RRULE", "RECURRENCE-ID", "EXDATE")) for line in one.lines)
