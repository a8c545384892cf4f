"""Somebody's own calendar: what recurs in it, and what is in it besides guests. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.manners import Manner
from connectors.sandbox.stays import DAY, Stay
from connectors.sandbox.writing import CHECK_IN, Told, Written, digest, event, local, stamp
from hub.domain.periods import Nights

WEEK = 7 * DAY
_WEEKS_BACK, _WEEKS_AHEAD = 2, 9

_DAYLIGHT = ("DAYLIGHT", "19700329T020000", "BYMONTH=3", "+0100", "+0200")
_STANDARD = ("STANDARD", "19701025T030000", "BYMONTH=10", "+0200", "+0100")


@dataclass(frozen=True, slots=True)
class Series:
    """One night a week, closed by an event that recurs `count` times; its occurrences are stays."""

    id: str
    first: date
    count: int
    changed_at: datetime

    @property
    def originals(self) -> tuple[date, ...]:
        return tuple(self.first + n * WEEK for n in range(self.count))


def time_zone(name: str) -> tuple[str, ...]:
    """The VTIMEZONE of Madrid's clocks, under the name that a calendar has for them."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for kind, start, month, before, after in (_DAYLIGHT, _STANDARD):
        lines += [
            f"BEGIN:{kind}",
            f"DTSTART:{start}",
            f"RRULE:FREQ=YEARLY;{month};BYDAY=-1SU",
            f"TZOFFSETFROM:{before}",
            f"TZOFFSETTO:{after}",
            f"END:{kind}",
        ]
    return (*lines, "END:VTIMEZONE")


def events(
    manner: Manner, series: Iterable[Series], stays: Iterable[Stay], now: datetime, zone: ZoneInfo
) -> Iterator[Written]:
    """The recurring ones with their exceptions, and all that takes no night."""
    occurrences = [stay for stay in stays if stay.series]
    for one in series:
        left = {stay.original: stay for stay in occurrences if stay.series == one.id and stay.original}
        for told in _of_series(manner, one, left):
            yield event(manner, told, now, zone)
    yield from _besides(manner, now, zone)


def _of_series(manner: Manner, one: Series, left: dict[date, Stay]) -> Iterator[Told]:
    words = manner.blocks[0]
    skipped = [f"EXDATE{_at(manner, day)}" for day in one.originals if day not in left]
    yield Told(
        code=one.id,
        span=Nights(one.first, one.first + DAY),
        summary=words,
        uid=manner.block_uid,
        made=one.changed_at,
        timed=True,
        more=(f"RRULE:FREQ=WEEKLY;COUNT={one.count}", *skipped),
    )
    for original, stay in left.items():
        if stay.span != Nights(original, original + DAY):
            yield Told(
                code=one.id,
                span=stay.span,
                summary=words,
                uid=manner.block_uid,
                made=stay.changed_at,
                timed=True,
                more=(f"RECURRENCE-ID{_at(manner, original)}",),
            )


def _besides(manner: Manner, now: datetime, zone: ZoneInfo) -> Iterator[Written]:
    """Cleaning at midday, a birthday, a trip that was called off, a reminder: nights stay free."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday()) - _WEEKS_BACK * WEEK
    for week in range(_WEEKS_BACK + _WEEKS_AHEAD):
        day = monday + week * WEEK
        at = (local(day + DAY, time(11, 30), manner.zone_name), local(day + DAY, time(14), manner.zone_name))
        yield _plain(manner, day + DAY, "Cleaning", now, f"DTSTART{at[0]}", f"DTEND{at[1]}")
        birthday = day + 2 * DAY
        whole = f"DTSTART;VALUE=DATE:{birthday:%Y%m%d}"
        yield _plain(manner, birthday, "Nora's birthday", now, whole, "TRANSP:TRANSPARENT")
        trip = (day + 3 * DAY, day + 6 * DAY)
        dates = (f"DTSTART;VALUE=DATE:{trip[0]:%Y%m%d}", f"DTEND;VALUE=DATE:{trip[1]:%Y%m%d}")
        yield _plain(manner, trip[0], "Trip", now, *dates, "STATUS:CANCELLED")
        reminder = f"DTSTART{local(day + 4 * DAY, time(20), manner.zone_name)}"
        yield _plain(manner, day + 4 * DAY, "Pay the gas", now, reminder)


def _plain(manner: Manner, day: date, summary: str, now: datetime, *more: str) -> Written:
    uid = f"{digest(manner.title, summary, day)[:26]}@personal.example"
    lines = (f"UID:{uid}", f"DTSTAMP:{stamp(now)}", *more, f"SUMMARY:{summary}")
    return Written(Nights(day, day + DAY), lines)


def _at(manner: Manner, day: date) -> str:
    return local(day, CHECK_IN, manner.zone_name)
