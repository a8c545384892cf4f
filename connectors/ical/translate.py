"""
From the bytes of a feed to remote events in our words. Pure.

One event that cannot be read never loses the others; an event of which nothing but the dates can be read is
busy. RFC 5545, read as channels write it: see README.md.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event, Timezone
from icalendar.prop import vText
from icalendar.timezone import tzp

from connectors.contract import AllDay, RemoteEvent, Timed, When, Window
from connectors.ical.content import Block, Content, NotACalendar, read_content
from connectors.ical.moments import Moment, as_utc, extent, floating_zone, is_day, moment_of, settle
from connectors.ical.recurrence import RecursTooOften, occurrences

MOST_EVENTS = 50_000
LONGEST_UID = 400
LONGEST_SUMMARY = 1_000
LONGEST_DESCRIPTION = 10_000
MOST_PROBLEMS = 100

_PROBLEM = "X-CHANNEL-HUB-PROBLEM"
# icalendar keeps the zones that feeds define in one registry: emptied for each, so that none reads another's.
_ZONES = threading.Lock()


@dataclass(frozen=True, slots=True)
class Parsed:
    """`events` are sorted by time; those that are free (`busy` False) are among them."""

    events: tuple[RemoteEvent, ...]
    problems: tuple[str, ...]
    title: str


def read(body: bytes, window: Window, zone: ZoneInfo) -> Parsed:
    """Everything the feed says about the window; `zone` is the property's, for times that name none.

    Raises NotACalendar for whatever is not one complete calendar, and for one with too many events.
    """
    content = read_content(body)
    if len(content.events) > MOST_EVENTS:
        raise NotACalendar(f"it has more than {MOST_EVENTS} events", "too_many_events")
    problems: list[str] = []
    if content.has_free_busy:
        problems.append("it holds free/busy times (VFREEBUSY), which are not read")

    components = _components(content, floating_zone(content.time_zone, zone), problems)
    events: list[RemoteEvent] = []
    for uid, members in _by_uid(components).items():
        events += _of_one_uid(uid, members, window, zone, problems)
        if len(events) > MOST_EVENTS:
            raise NotACalendar(f"it has more than {MOST_EVENTS} occurrences", "too_many_events")
    events = _with_distinct_keys(sorted(events, key=lambda event: _order(event, zone)))

    problems += (f"{event.key}: {event.problem}" for event in events if event.problem)
    return Parsed(tuple(events), _few(problems), content.title)


def _components(content: Content, zone: ZoneInfo, problems: list[str]) -> list[Event]:
    """The events with their dates settled; one without any date is a problem and no event."""
    components = []
    with _ZONES:
        tzp.use_default()
        for block in content.time_zones:
            try:
                Timezone.from_ical(_text("VTIMEZONE", block))
            except Exception:  # whatever the library makes of it: the zone stays unknown, and is reported
                problems.append("a time zone (VTIMEZONE) cannot be read")
        for position, block in enumerate(content.events, 1):
            try:
                component = _component(block, zone)
            except Exception:  # one event that trips the library up never loses the others
                component = None
            if component is None:
                problems.append(f"event {position} of the feed has no date that can be read")
            else:
                components.append(component)
    return components


def _component(block: Block, zone: ZoneInfo) -> Event | None:
    parsed = Event.from_ical(_text("VEVENT", block))
    assert isinstance(parsed, Event)
    found = extent(parsed, zone)
    if found is None:
        return None
    broken = next((name for name, _ in parsed.errors if name not in ("DTSTART", "DTEND", "DURATION")), None)
    settle(parsed, found, zone)
    problem = found.problem or (f"its {broken} cannot be read" if broken else None)
    if problem or block.unfinished:
        parsed[_PROBLEM] = vText(problem or "it breaks off before END:VEVENT")
    return parsed


def _text(name: str, block: Block) -> str:
    return "\r\n".join([f"BEGIN:{name}", *block.lines, f"END:{name}", ""])


def _by_uid(components: Iterable[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = defaultdict(list)
    for component in components:
        grouped[_uid(component)].append(component)
    return grouped


def _of_one_uid(
    uid: str, members: list[Event], window: Window, zone: ZoneInfo, problems: list[str]
) -> Iterator[RemoteEvent]:
    """Several events of one UID are a series with its exceptions, or bookings that share it by mistake."""
    exceptions = [member for member in members if "RECURRENCE-ID" in member]
    masters = _latest([member for member in members if "RECURRENCE-ID" not in member])
    masters.sort(key=lambda master: not _recurs(master))  # exceptions belong to the one that recurs
    shared = len(masters) > 1
    for series in ([*masters[:1], *exceptions], *([master] for master in masters[1:])):
        found, problem = _series(uid, series, shared, window, zone)
        if problem and not found:
            problems.append(f"{uid}: {problem}")
        yield from found


def _latest(masters: list[Event]) -> list[Event]:
    """Those of the highest SEQUENCE, without exact repetitions: a lower one is an older version."""
    highest = max((_sequence(master) for master in masters), default=0)
    distinct = {
        (moment_of(master, "DTSTART"), moment_of(master, "DTEND"), repr(master.get("RRULE"))): master
        for master in masters
        if _sequence(master) == highest
    }
    return list(distinct.values())


def _series(
    uid: str, members: list[Event], shared: bool, window: Window, zone: ZoneInfo
) -> tuple[list[RemoteEvent], str | None]:
    """What is wanted of it, and what could not be read of its recurrence, which may be all of it."""
    problem = None
    expanded = members
    named = shared
    wanted = window
    if window.singles_after is not None and not _recurs(members[0]):
        wanted = replace(window, after=window.singles_after)
    if _recurs(members[0]) or "RECURRENCE-ID" in members[-1]:
        named = True
        try:
            expanded, more = occurrences(members, window)
            problem = "it recurs too often: only its first occurrences count" if more else None
        except RecursTooOften as error:
            problem = str(error)
        except Exception:  # the library's many ways to refuse a rule; the dates themselves are known
            problem = "its recurrence cannot be read"
    events = (_event(uid, component, named) for component in expanded)
    found = [event for event in events if _within(event.when, wanted, zone)]
    return [replace(event, problem=event.problem or problem) for event in found], problem


def _event(uid: str, component: Event, named: bool) -> RemoteEvent:
    when = _when(moment_of(component, "DTSTART"), moment_of(component, "DTEND"))
    original = moment_of(component, "RECURRENCE-ID" if "RECURRENCE-ID" in component else "DTSTART")
    empty = isinstance(when, Timed) and when.starts_at == when.ends_at
    free = _word(component, "STATUS") == "CANCELLED" or _word(component, "TRANSP") == "TRANSPARENT"
    return RemoteEvent(
        uid=uid,
        recurrence_id=_stamp(original) if named else None,
        when=when,
        busy=not (empty or free),
        summary=_words(component, "SUMMARY", LONGEST_SUMMARY),
        description=_words(component, "DESCRIPTION", LONGEST_DESCRIPTION),
        sequence=_sequence(component),
        problem=_words(component, _PROBLEM, LONGEST_SUMMARY) or None,
    )


def _when(start: Moment, end: Moment) -> When:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return Timed(start.astimezone(UTC), end.astimezone(UTC))
    return AllDay(start, end)


def _within(when: When, window: Window, zone: ZoneInfo) -> bool:
    if isinstance(when, AllDay):
        return when.first < window.after and window.first < when.after
    begin, end = as_utc(window.first, zone), as_utc(window.after, zone)
    if when.starts_at == when.ends_at:
        return begin <= when.starts_at < end
    return when.starts_at < end and begin < when.ends_at


def _with_distinct_keys(events: Iterable[RemoteEvent]) -> list[RemoteEvent]:
    """A key stands for one event of a link: what would repeat one is numbered."""
    seen: dict[str, int] = defaultdict(int)
    distinct = []
    for event in events:
        seen[event.key] += 1
        if (number := seen[event.key]) > 1:
            event = replace(event, recurrence_id=f"{event.recurrence_id or ''}#{number}")
        distinct.append(event)
    return distinct


def _uid(component: Event) -> str:
    """The UID; made from the content where it is missing, shortened where no index could hold it."""
    uid = _words(component, "UID", 1_000 * LONGEST_UID).strip()
    if not uid:
        parts = (moment_of(component, "DTSTART"), moment_of(component, "DTEND"), _word(component, "SUMMARY"))
        return "no-uid-" + _digest("|".join(map(str, parts)))
    return uid if len(uid) <= LONGEST_UID else uid[:LONGEST_UID] + "~" + _digest(uid)


def _recurs(component: Event) -> bool:
    return "RRULE" in component or "RDATE" in component


def _sequence(component: Event) -> int:
    value: Any = component.get("SEQUENCE", 0)
    return min(value, 2**31 - 1) if isinstance(value, int) and value >= 0 else 0


def _word(component: Event, name: str) -> str:
    return _words(component, name, 40).strip().upper()


def _words(component: Event, name: str, longest: int) -> str:
    value: Any = component.get(name, "")
    return str(value[0] if isinstance(value, list) else value)[:longest]


def _stamp(moment: Moment) -> str:
    if is_day(moment):
        return moment.isoformat().replace("-", "")
    return as_utc(moment, ZoneInfo("UTC")).isoformat()[:19].replace("-", "").replace(":", "") + "Z"


def _order(event: RemoteEvent, zone: ZoneInfo) -> tuple[Any, ...]:
    if isinstance(event.when, AllDay):
        return as_utc(event.when.first, zone), as_utc(event.when.after, zone), event.key
    return event.when.starts_at, event.when.ends_at, event.key


def _few(problems: list[str]) -> tuple[str, ...]:
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    return (*problems[:MOST_PROBLEMS], f"and {len(problems) - MOST_PROBLEMS} more")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
