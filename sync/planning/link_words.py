"""How a link stands, in plain words, and what somebody is to do about it: one table. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sync.planning.schedule import TO_DO

MANY_FAILURES = 3
"""In a row: until then a channel is merely having a bad moment"""


class Standing(Protocol):
    """What the words are made of: a link as it is stored."""

    @property
    def state(self) -> str: ...
    @property
    def state_reason(self) -> str | None: ...
    @property
    def polled(self) -> bool | None: ...
    @property
    def emptying(self) -> bool: ...
    @property
    def guard(self) -> Mapping[str, Any] | None: ...
    @property
    def failures(self) -> int: ...
    @property
    def verified_at(self) -> datetime | None: ...
    @property
    def rests_until(self) -> datetime | None: ...
    @property
    def calendar_key(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Words:
    words: str
    to_do: str | None = None
    """None where nobody has to do anything"""


@dataclass(frozen=True, slots=True)
class _Row:
    holds: Callable[[Standing, datetime], bool]
    words: str
    to_do: str | None = None


TABLE: tuple[_Row, ...] = (
    _Row(
        lambda link, _: link.state == "paused",
        "paused{because}: its calendar is not read, and what it holds stays taken",
        "resume it when it is to go on",
    ),
    _Row(
        lambda link, _: link.state == "needs_auth",
        "signed out: the channel does not let us in, and what it holds stays taken",
        TO_DO["needs_auth"],
    ),
    _Row(
        lambda link, _: link.state == "lost",
        "lost: there is no calendar at its address any more, and what it holds stays taken",
        TO_DO["lost"],
    ),
    _Row(
        lambda link, _: link.emptying,
        "being emptied: our events are taken out of its calendar",
        "remove it once more when they are gone, or resume it to have them put back",
    ),
    _Row(
        lambda link, _: link.state == "guarded" and link.calendar_key is not None,
        "guarded: many of its events were deleted at once, and what they stand for stays taken",
        "release it if that was meant, put the events back if it was not; {left_alone}",
    ),
    _Row(
        lambda link, _: link.state == "guarded",
        "guarded: its calendar lost much at once, and what it no longer tells stays taken",
        "release it if that is right, keep it if it is not; {left_alone}",
    ),
    _Row(
        lambda link, _: not link.polled,
        "in order: the channel fetches our calendar, and there is none of its own to read",
    ),
    _Row(
        lambda link, _: link.failures >= MANY_FAILURES,
        "failing: {failures} attempts in a row came to nothing, and what it holds stays taken{because}",
        "look at its latest runs; it is tried again by itself",
    ),
    _Row(
        lambda link, _: link.failures > 0,
        "did not answer just now: it is tried again by itself{because}",
    ),
    _Row(
        lambda link, _: link.verified_at is None,
        "new: its calendar is read for the first time before long",
    ),
    _Row(
        lambda link, now: link.rests_until is not None and link.rests_until > now,
        "resting until {rests_until:%Y-%m-%d %H:%M} UTC: a quota of the channel's ran out",
    ),
    _Row(
        lambda link, _: link.guard is not None,
        "in order; something that it no longer tells is freed by itself once {readings}",
    ),
    _Row(lambda _link, _now: True, "in order"),
)
"""The first that holds is said"""


def told(link: Standing, now: datetime) -> Words:
    row = next(row for row in TABLE if row.holds(link, now))
    readings = (link.guard or {}).get("readings", 1)
    further = "1 further reading agrees" if readings == 1 else f"{readings} further readings agree"
    said = {
        "because": f" ({link.state_reason})" if link.state_reason else "",
        "failures": link.failures,
        "rests_until": link.rests_until,
        "readings": further,
        "left_alone": f"left alone, it is freed once {further}",
    }
    return Words(row.words.format_map(said), row.to_do and row.to_do.format_map(said))
