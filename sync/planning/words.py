"""What a sync changed, told in words: spans and units, never a guest. PURE."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Nature, When
from hub.domain.offers import Offer
from hub.domain.periods import Period
from sync.planning.known import Known, Slide
from sync.planning.measure import Measure
from sync.planning.placing import Blocked
from sync.planning.tallies import Stretch, total

MOST = 50
"""How many changes are told one by one"""


class Spanned(Protocol):
    """What has a span: an external event as it is stored."""

    @property
    def first(self) -> date | None: ...
    @property
    def after(self) -> date | None: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


class Trip(StrEnum):
    """Why the guard is tripped."""

    EMPTY = "the calendar is empty although {concerned} {were} held"
    ONLY_WINDOWS = "the calendar has nothing but its booking window although {concerned} {were} held"
    HALF = "{number} of the {every} that were held are missing or shorter"


@dataclass(frozen=True, slots=True)
class Told:
    """One event: the span it had, and the span it has now; None where there is none."""

    event_id: UUID
    before: str | None
    after: str | None
    remark: str = ""
    """What is news about it beside its span"""

    @property
    def action(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


def span(event: Spanned, zone: ZoneInfo) -> str:
    """Dates from the first to the day that is free again, or times of the place's clocks."""
    if event.first is not None and event.after is not None:
        return f"{event.first} to {event.after}"
    return times(event.starts_at, event.ends_at, zone)


def ends(event: Spanned, zone: ZoneInfo) -> tuple[str, str]:
    """The same for programs: dates, or instants as the clocks of the place show them."""
    if event.first is not None and event.after is not None:
        return event.first.isoformat(), event.after.isoformat()
    return _instants(event.starts_at, event.ends_at, zone)


def stretch(when: When, zone: ZoneInfo) -> str:
    """The same of what is not stored."""
    if isinstance(when, AllDay):
        return f"{when.first} to {when.after}"
    return times(when.starts_at, when.ends_at, zone)


def summary(
    told: Sequence[Told],
    placed: Mapping[UUID, Sequence[Blocked]],
    offers: Sequence[Offer],
    *,
    waits: Sequence[str] = (),
    more: Sequence[str] = (),
) -> tuple[str, ...]:
    """
    `+` came, `~` moved, `-` went; the unit where one is known. Then the spans that wait, and `more` lines.
    Nothing of what only reads otherwise.
    """
    wholes_first = sorted(offers, key=lambda offer: not offer.composite)
    names = {leaf: offer.unit.name for offer in wholes_first for leaf in offer.unit.leaves}
    news = [one for one in told if one.before != one.after or one.remark]
    lines = [_line(one, placed.get(one.event_id, ()), names) for one in news[:MOST]]
    lines += [f"waits: {one} is not told any more" for one in waits[: MOST - len(lines)]]
    if (unsaid := len(news) + len(waits) - len(lines)) > 0:
        lines.append(f"and {unsaid} more")
    return (*lines, *more)


def windows(slides: Iterable[tuple[Slide, When]], zone: ZoneInfo) -> tuple[str, ...]:
    """One line for all windows of the channel's policy that moved on or are new: what they leave open."""
    days = [(slide, _days(when, zone)) for slide, when in slides]
    said = []
    if ends := [after for slide, (_, after) in days if slide is Slide.LEAD]:
        said.append(f"from {max(ends)}")
    if begins := [first for slide, (first, _) in days if slide is Slide.HORIZON]:
        said.append(f"until {min(begins)}")
    return (f"its booking window moved on: open {' '.join(said)}",) if said else ()


def back(number: int) -> tuple[str, ...]:
    """That what was missing is told again."""
    if not number:
        return ()
    return (f"{number} that {'was' if number == 1 else 'were'} missing {_are(number)} there again",)


def why(
    trip: Trip | None,
    tripped: bool,
    concerned: Collection[Known],
    every: Collection[Known],
    free: Sequence[Stretch],
    measure: Measure,
    readings: int,
) -> str:
    """Why time that is not told is not free yet: what is missed of how much, and what it waits for."""
    number = len(concerned)
    events = _events(concerned)
    if trip is not None:
        were = "was" if number == 1 else "were"
        cause = trip.format(concerned=events, were=were, number=number, every=_events(every))
    elif tripped:
        cause = f"most of the calendar went at once, and {events} {_are(number)} missing or shorter still"
    else:
        cause = f"{events} {_are(number)} missing or shorter"
    first, _ = edges(free[0].period, measure)
    agree = "1 more reading that agrees" if readings == 1 else f"{readings} more readings that agree"
    apart = "at least 15 minutes apart"
    return f"{cause}: {_amount(free, measure)} from {first} would be freed; waiting for {agree}, {apart}"


def edges(period: Period, measure: Measure) -> tuple[str, str]:
    """Dates where it is nights or whole days, else instants as the clocks of the place show them."""
    when = measure.when(period)
    if isinstance(when, AllDay):
        return when.first.isoformat(), when.after.isoformat()
    return _instants(when.starts_at, when.ends_at, measure.zone)


def _instants(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    first, last = (edge.astimezone(zone) for edge in (starts_at, ends_at))
    return first.isoformat(timespec="minutes"), last.isoformat(timespec="minutes")


def problems(number: int) -> tuple[str, ...]:
    """That something could not be read: a preview of the link shows what. Its text may name a guest."""
    if not number:
        return ()
    return (f"{number} thing{'s' if number > 1 else ''} in it could not be read; a preview says what",)


def _line(one: Told, blocks: Sequence[Blocked], names: Mapping[UUID, str]) -> str:
    units = ", ".join(
        sorted({names.get(block.unit_id, "a unit") if block.unit_id else "no unit" for block in blocks})
    )
    where = f" on {units}" if units else ""
    if one.before is None:
        return f"+ {one.after}{where}"
    if one.after is None:
        return f"- {one.before}"
    remark = f", {one.remark}" if one.remark else ""
    if one.before == one.after:
        return f"~ {one.after}{where}{remark}"
    return f"~ {one.before} is now {one.after}{where}{remark}"


def times(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Two instants on the clocks of the place."""
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {until}"


def _days(when: When, zone: ZoneInfo) -> tuple[date, date]:
    if isinstance(when, AllDay):
        return when.first, when.after
    return when.starts_at.astimezone(zone).date(), when.ends_at.astimezone(zone).date()


def _amount(free: Sequence[Stretch], measure: Measure) -> str:
    if measure.nightly:
        days = (measure.day(one.period.ends_at) - measure.day(one.period.starts_at) for one in free)
        return _counted(sum(span.days * one.times for span, one in zip(days, free, strict=True)), "night")
    return _counted(-(-total(free) // timedelta(hours=1)), "hour")


def _events(known: Collection[Known]) -> str:
    stays = all(one.nature is Nature.STAY for one in known)
    return _counted(len(known), "stay" if stays else "event")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
