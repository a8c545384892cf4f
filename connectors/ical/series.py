"""Which events the components of one UID are: one, several that share it by mistake, or a series. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from icalendar import Event

from connectors.contract import AllDay, RemoteEvent, Window
from connectors.ical.judged import MADE_UID, in_series, recurs, remote_event, sequence_of, stamp
from connectors.ical.moments import Moment, moment_of
from connectors.ical.recurrence import occurrences
from connectors.ical.wanted import Wanted
from connectors.recurring import RecursTooOften


@dataclass(frozen=True, slots=True)
class Read:
    """What is wanted of them, and the problems that belong to none of it."""

    events: tuple[RemoteEvent, ...]
    problems: tuple[str, ...] = ()
    undated: tuple[int, ...] = ()
    """Which of the components have no date that can be read"""


def sharing(events: Sequence[RemoteEvent]) -> list[RemoteEvent]:
    """
    Events of one UID, none of which recurs: those of the highest SEQUENCE, a lower one being an older
    version; each named by its beginning if several are left. Those of the same dates are one, which is
    busy if any of them is. Without a UID of their own none is a version of another.
    """
    made = events[0].uid.startswith(MADE_UID)
    highest = max(event.sequence for event in events)
    left = _busiest(
        (event for event in events if made or event.sequence == highest), lambda event: event.when
    )
    return left if len(left) == 1 else [replace(event, recurrence_id=_beginning(event)) for event in left]


def series(uid: str, members: Sequence[Event], window: Window, zone: ZoneInfo) -> Read:
    """Components of one UID, some of which recur or are exceptions; `zone` is the property's."""
    exceptions = [member for member in members if "RECURRENCE-ID" in member]
    masters = _latest([member for member in members if "RECURRENCE-ID" not in member])
    masters.sort(key=lambda master: not recurs(master))  # exceptions belong to the one that recurs
    events: list[RemoteEvent] = []
    problems = []
    alone = [*masters[1:], *_contradicting(exceptions)]
    for related in ([*masters[:1], *exceptions], *([member] for member in alone)):
        found, problem = _expanded(uid, related, len(masters) > 1, window, zone)
        events += found
        if problem and not found:
            problems.append(f"{uid}: {problem}")
    return Read(tuple(_busiest(events, lambda event: (event.recurrence_id, event.when))), tuple(problems))


def _latest(masters: list[Event]) -> list[Event]:
    """Of the highest SEQUENCE, all that may take different time."""
    highest = max((sequence_of(master) for master in masters), default=0)
    distinct = {
        (moment_of(master, "DTSTART"), moment_of(master, "DTEND"), *_takes(master)): master
        for master in masters
        if sequence_of(master) == highest
    }
    return list(distinct.values())


def _takes(master: Event) -> list[str]:
    dates = [
        repr([entry.dt for entry in getattr(master.get(name), "dts", ())]) for name in ("RDATE", "EXDATE")
    ]
    return [*dates, *(repr(master.get(name)) for name in ("RRULE", "STATUS", "TRANSP"))]


def _contradicting(exceptions: Sequence[Event]) -> list[Event]:
    """Exceptions to one occurrence, of one SEQUENCE: the library would follow one of them only."""
    of_one: dict[Moment, list[Event]] = defaultdict(list)
    for exception in exceptions:
        of_one[moment_of(exception, "RECURRENCE-ID")].append(exception)
    found: list[Event] = []
    for rivals in of_one.values():
        highest = max(map(sequence_of, rivals))
        latest = [rival for rival in rivals if sequence_of(rival) == highest]
        found += latest if len(latest) > 1 else ()
    return found


def _busiest(events: Iterable[RemoteEvent], key: Callable[[RemoteEvent], Hashable]) -> list[RemoteEvent]:
    """Of those that are one by the key, a busy one if there is any: the others free no time."""
    chosen: dict[Hashable, RemoteEvent] = {}
    for event in events:
        if event.busy or key(event) not in chosen or not chosen[key(event)].busy:
            chosen[key(event)] = event
    return list(chosen.values())


def _expanded(
    uid: str, related: Sequence[Event], shared: bool, window: Window, zone: ZoneInfo
) -> tuple[list[RemoteEvent], str | None]:
    """What is wanted of it, and what could not be read of its recurrence, which may be all of it."""
    problem = None
    expanded = list(related)
    recurring = recurs(related[0])
    if recurring or in_series(related[-1]):
        try:
            expanded, problem = occurrences(related, window)
        except RecursTooOften as error:
            problem = str(error)
        except MemoryError:
            raise
        except Exception:  # the library's many ways to refuse a rule; the dates themselves are known
            problem = "its recurrence cannot be read"
    named = shared or recurring or in_series(related[-1])
    events = (remote_event(uid, component, named=named) for component in expanded)
    wanted = Wanted(window, zone, recurring=recurring)
    found = [event for event in events if wanted(event.when)]
    return [replace(event, problem=event.problem or problem) for event in found], problem


def _beginning(event: RemoteEvent) -> str:
    return stamp(event.when.first if isinstance(event.when, AllDay) else event.when.starts_at)
