"""
The occurrences of a calendar's series, with its exceptions, as events of their own. PURE.

Whatever cannot be followed is neither an error nor free: it is busy where it certainly is, at its first
occurrence and at its exceptions, and says what the matter is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.calendars import CalendarEvent
from connectors.contract import AllDay, RemoteEvent, Timed, When, Window
from connectors.recurring import TOO_OFTEN, CountedRule, RecursTooOften, Steps
from connectors.rule_lines import Clock, Lines, read, zone_named

MOST_OCCURRENCES = 5_000
"""Of one series within the window"""
MOST_STEPS = 60_000
"""Of one series from its first occurrence to the end of the window; a day looked at is one, an occurrence
another: a daily rule of eighty years"""

_MARGIN = timedelta(days=3)
"""What lies between clocks of different zones, and a night"""

Original = date | datetime
"""When an occurrence would have been: its day, or an aware instant"""


@dataclass(frozen=True, slots=True)
class _Series:
    """A series in the words of its own clock."""

    master: CalendarEvent
    first: When
    clock: Clock
    zone: ZoneInfo
    """The property's"""

    @classmethod
    def of(cls, master: CalendarEvent, first: When, zone: ZoneInfo) -> _Series:
        own = (zone_named(master.zone) if master.zone else None) or zone
        return cls(master, first, Clock(own, isinstance(first, AllDay)), zone)

    @property
    def start(self) -> datetime:
        if isinstance(self.first, AllDay):
            return datetime.combine(self.first.first, time.min)
        return self.clock.shows(self.first.starts_at)

    @property
    def length(self) -> timedelta:
        if isinstance(self.first, AllDay):
            return self.first.after - self.first.first
        return self.first.ends_at - self.first.starts_at

    def at(self, shown: datetime) -> When:
        """The occurrence that begins when its clock shows this; days are dates, and hours pass as such."""
        if isinstance(self.first, AllDay):
            return AllDay(shown.date(), shown.date() + self.length)
        if shown == self.start:
            return self.first
        starts_at = shown.replace(tzinfo=self.clock.zone).astimezone(UTC)
        return Timed(starts_at, starts_at + self.length)


def expand(
    master: CalendarEvent | None, exceptions: Sequence[CalendarEvent], window: Window, zone: ZoneInfo
) -> tuple[RemoteEvent, ...]:
    """
    What touches the window of an event, or of a series and its exceptions as they stand, by time.

    `master` is None where only exceptions of a series are to be seen, as by one who is invited to these
    alone. `zone` is the property's, in which the window's days are meant. The uid is the master's id, the
    recurrence_id when the occurrence would have been: a date, or an instant in UTC, in ISO 8601.
    """
    if master is not None and master.deleted:
        return ()
    found = [*_exceptions(master, exceptions, zone)]
    wanted = _Wanted(window, zone, singles=False)
    if master is not None and master.when is not None:
        if not master.recurrence and not exceptions:
            one = _event(master, master.id, None, master.when)
            return (one,) if _Wanted(window, zone, singles=True)(one.when) else ()
        found += _occurrences(_Series.of(master, master.when, zone), exceptions, wanted)
    kept = [event for event in found if wanted(event.when)]
    return tuple(sorted(kept, key=lambda event: (wanted.begins(event.when), event.recurrence_id or "")))


def _exceptions(
    master: CalendarEvent | None, exceptions: Iterable[CalendarEvent], zone: ZoneInfo
) -> Iterator[RemoteEvent]:
    """Those that live, each where it stands by itself; of several for one occurrence the one that counts."""
    chosen: dict[str, CalendarEvent] = {}
    for event in sorted(exceptions, key=_weight):
        chosen[_named(event, master, zone)] = event
    for name, event in chosen.items():
        if not event.deleted and event.when is not None:
            yield _event(event, master.id if master else event.series, name, event.when)


def _weight(event: CalendarEvent) -> tuple[bool, bool, datetime, str]:
    """A busy one frees no time; else the newest counts."""
    lives = not event.deleted and event.when is not None
    return lives, event.busy, event.updated or datetime.min.replace(tzinfo=UTC), event.id


def _named(event: CalendarEvent, master: CalendarEvent | None, zone: ZoneInfo) -> str:
    original = _original(event, master, zone)
    return _stamp(original) if original is not None else event.id


def _original(event: CalendarEvent, master: CalendarEvent | None, zone: ZoneInfo) -> Original | None:
    """In days where the series is of whole days by now, whatever it was when the exception was made."""
    original = event.original
    if isinstance(original, AllDay):
        return original.first
    if original is not None and master is not None and isinstance(master.when, AllDay):
        return original.astimezone(zone).date()
    return original


def _stamp(original: Original) -> str:
    if isinstance(original, datetime):
        return original.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return original.isoformat()


def _occurrences(
    series: _Series, exceptions: Iterable[CalendarEvent], wanted: _Wanted
) -> Iterator[RemoteEvent]:
    """All that no exception stands for."""
    instead = {_original(event, series.master, series.zone) for event in exceptions}
    whens, problem = _whens(series, wanted)
    if series.master.zone and zone_named(series.master.zone) is None:
        problem = problem or f"its time zone {series.master.zone!r} is not known"
    for shown, when in whens.items():
        original = when.first if isinstance(when, AllDay) else when.starts_at
        if original not in instead and shown.date() not in instead:
            event = _event(series.master, series.master.id, _stamp(original), when)
            yield replace(event, problem=event.problem or problem)


def _whens(series: _Series, wanted: _Wanted) -> tuple[dict[datetime, When], str | None]:
    """By what the series' clock shows at their beginning; and why they are not all that there are."""
    only_first = {series.start: series.first}
    try:
        lines = read(series.master.recurrence, series.start, series.clock)
        shown = _followed(series, lines, wanted)
        whens = {moment: series.at(moment) for moment in shown}
    except RecursTooOften as error:
        return only_first, str(error)
    except MemoryError:
        raise
    except Exception:  # the library's many ways to refuse a rule; the first occurrence is known
        return only_first, "its recurrence cannot be read"
    return whens, lines.problem


def _followed(series: _Series, lines: Lines, wanted: _Wanted) -> set[datetime]:
    """The beginnings near the window. The first is one of them also where no rule meets it."""
    earliest, latest = wanted.around(series.length)
    steps = Steps(MOST_STEPS)
    found = {moment for moment in (series.start, *lines.dates) if earliest <= moment <= latest}
    for rule in lines.rules:
        for moment in CountedRule(rule, steps).between(earliest, latest, inc=True):
            found.add(moment)
            if len(found) > MOST_OCCURRENCES:
                raise RecursTooOften(TOO_OFTEN)
    if series.clock.all_day:
        found = {datetime.combine(moment.date(), time.min) for moment in found}
    return {one for one in found if one not in lines.without and one.date() not in lines.without_days}


def _event(event: CalendarEvent, uid: str, recurrence_id: str | None, when: When) -> RemoteEvent:
    return RemoteEvent(
        uid=uid,
        recurrence_id=recurrence_id,
        when=when,
        busy=event.busy,
        summary=event.summary,
        description=event.description,
        problem=event.problem,
        note="" if event.busy else event.why_free,
    )


class _Wanted:
    """Whether a time touches the window."""

    def __init__(self, window: Window, zone: ZoneInfo, *, singles: bool) -> None:
        after = window.singles_after if singles and window.singles_after else window.after
        self._first, self._after, self._zone = window.first, after, zone
        self._begin, self._end = self._midnight(window.first), self._midnight(after)

    def __call__(self, when: When) -> bool:
        if isinstance(when, AllDay):
            return when.first < self._after and self._first < when.after
        if when.starts_at == when.ends_at:
            return self._begin <= when.starts_at < self._end
        return when.starts_at < self._end and self._begin < when.ends_at

    def begins(self, when: When) -> datetime:
        return self._midnight(when.first) if isinstance(when, AllDay) else when.starts_at

    def around(self, length: timedelta) -> tuple[datetime, datetime]:
        """Between which moments of any clock what touches the window begins, if it is so long."""
        earliest, first, after = (
            datetime.combine(day, time.min) for day in (date.min, self._first, self._after)
        )
        reach = max(length, timedelta()) + _MARGIN
        return (first - reach if first - earliest > reach else earliest), after + _MARGIN

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self._zone).astimezone(UTC)
