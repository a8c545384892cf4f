"""Undoing a sync, in words. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Timed
from hub.domain.availability import Taken
from hub.domain.periods import Nights, Span
from hub.errors import Reason
from sync.planning import headline as headlines
from sync.planning.undone import (
    Act,
    ChangeBack,
    CloseAgain,
    Event,
    Hold,
    Ignore,
    Keep,
    MoveBack,
    Place,
    There,
)

NOTHING = "nothing to undo"
WRITTEN = "What this sync wrote in the channel's calendar follows what is here with the next sync."

NOTHING_AHEAD = Reason("nothing_ahead", "nothing of it takes or took time that lies ahead")
UNIT_GONE = Reason("gone", "the unit is not there any more")
IGNORED = Reason("ignored", "it is ignored already")
UNTOLD = Reason("untold", "it was made before the log told what an event took")

_THERE = ("created", "updated", "deleted", "reverted", "restored", "recreated")
"""Counts of a run that say that it wrote there"""


def wrote_there(counts: Mapping[str, Any]) -> bool:
    return any(counts.get(name) for name in _THERE)


def headline(done: Iterable[Act], left: int, more: int) -> str:
    """In one line: what is done, and how much of the sync's changes is left."""
    totals: Counter[str] = Counter()
    hours = timedelta()
    for act in done:
        if not isinstance(act, Hold):
            totals[_COUNTED[type(act)]] += 1
        elif isinstance(act.span, Nights):
            totals["night"] += len(act.span)
        else:
            hours += act.span.ends_at - act.span.starts_at
    totals["hour"] = -(-hours // timedelta(hours=1))
    parts = [f"{_counted(totals[one], one)} {words}" for one, words in _DONE.items() if totals[one]]
    parts += [f"{totals[_REST]} kept"] if totals[_REST] else []
    parts += [f"{left} left"] if left else []
    parts += [f"{more} more: undo again"] if more else []
    return ", ".join(parts) or NOTHING


_REST = "rest"
_COUNTED: Mapping[type[Act], str] = {
    Ignore: "event",
    Keep: _REST,
    MoveBack: "booking",
    ChangeBack: "blackout",
    CloseAgain: "blackout",
}
_DONE: Mapping[str, str] = {
    "event": "ignored",
    "night": "held again",
    "hour": "held again",
    "booking": "moved back",
    "blackout": "put back",
}


def stays(event: Event | None, there: There) -> Reason | None:
    """Why an event stays as it is."""
    if event is None:
        return Reason("gone", "the event is gone since")
    if event.run_id != there.run_id:
        return Reason("changed_since", "it was changed since, by another sync")
    if event.other:
        why = "its channel tells it under another name since, or in other words: it may be another stay"
        return Reason("changed_since", why)
    if event.with_others:
        why = "it belongs to a series of which other syncs brought a part: ignoring it would free that too"
        return Reason("of_series", why)
    return None


def taken_by(row: Taken) -> Reason:
    facts = {"unit_id": str(row.unit_id), "cause": row.cause.value}
    return Reason("taken", f"taken already, by {row.label}", facts=facts)


def held(holds: Collection[Hold], there: There) -> str:
    """Of what an event took: how much is held again."""
    total = headline(holds, 0, 0).removesuffix(" held again")
    names = units((hold.unit_id for hold in holds), there)
    return f"{total} of {names} {'is' if total.startswith('1 ') else 'are'} held again"


def came(said: Mapping[str, Any] | None, unit_ids: Iterable[UUID], there: There) -> str:
    """An event's time, as the change log says it, and its units."""
    names = units(unit_ids, there)
    return told((said or {}).get("span", "?"), there) + (f", {names}" if names else "")


def told(span: str, there: There) -> str:
    """The log's "2027-07-03 to 2027-07-07" as 3-7 July 2027; times as they are."""
    first, _, after = span.partition(" to ")
    try:
        return headlines.stretch(AllDay(date.fromisoformat(first), date.fromisoformat(after)), _today(there))
    except ValueError:
        return span


def stretch(span: Span, there: There) -> str:
    """A span of ours, by the clocks of the place."""
    if isinstance(span, Nights):
        return headlines.stretch(AllDay(span.arrival, span.departure), _today(there))
    first, last = (edge.astimezone(there.zone) for edge in (span.starts_at, span.ends_at))
    return headlines.stretch(Timed(first, last), _today(there))


def places(found: Iterable[Place], there: There) -> str:
    return "; ".join(f"{stretch(one.span, there)}, {units([one.unit_id], there)}" for one in found)


def units(unit_ids: Iterable[UUID], there: There) -> str:
    return ", ".join(sorted({there.names.get(unit_id, "a unit") for unit_id in unit_ids}))


def note(ran_at: datetime, zone: ZoneInfo, channel: str) -> str:
    """Of the blackouts that hold again what an event took."""
    day = ran_at.astimezone(zone)
    return f"held again: undid the sync of {day.day} {day:%b %Y} at {channel}"


def _today(there: There) -> date:
    return there.now.astimezone(there.zone).date()


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
