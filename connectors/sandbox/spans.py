"""When entries of the sandbox's calendars are: `{"days": [first, after]}` or `{"instants": […]}`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule

STAMP = frozenset({"item", "revision", "signature"})
LONGEST = timedelta(days=3660)
MOST_OCCURRENCES = 2_000


def check(entry: Mapping[str, Any]) -> None:
    """KeyError, TypeError or ValueError for what is no entry."""
    first, after = edges(entry["span"])
    if not first <= after or after - first > LONGEST:
        raise ValueError("its span ends before it begins, or is too long")
    if isinstance(first, date) and not isinstance(first, datetime) and first == after:
        raise ValueError("it takes no day")
    if entry["shown_as"] not in ("busy", "free"):
        raise ValueError("it is shown as busy or as free")
    if not all(isinstance(entry[name], str) for name in ("title", "notes", "colour", "zone")):
        raise ValueError("title, notes, colour and zone are texts")
    if entry["zone"]:
        ZoneInfo(entry["zone"])
    if entry["repeats"]:
        _rules(entry, entry["zone"] or "UTC")
    if part := entry.get("part_of"):
        _edge(part["instead_of"])
        if not isinstance(part["series"], str):
            raise ValueError("a series is named")
    if not _is_stamp(entry.get("stamp") or dict.fromkeys(STAMP, "")):
        raise ValueError("a stamp has an item, a revision and a signature")


def _is_stamp(stamp: Mapping[str, Any]) -> bool:
    return set(stamp) == STAMP and all(isinstance(value, str) for value in stamp.values())


def edges(span: Mapping[str, Any]) -> tuple[date, date]:
    """Two dates, or two aware UTC instants, which are dates to Python."""
    if set(span) == {"days"}:
        first, after = (date.fromisoformat(day) for day in span["days"])
        return first, after
    starts_at, ends_at = (_instant(text) for text in span["instants"])
    return starts_at, ends_at


def occurrences(
    entry: Mapping[str, Any], zone: str, without: Collection[str], between: tuple[datetime, datetime]
) -> Iterator[tuple[datetime, datetime]]:
    """What an entry takes between two instants; days run from midnight to midnight in the agenda's zone."""
    first, after = edges(entry["span"])
    if not entry["repeats"]:
        found = [(first, after)]
    else:
        found = list(_repeated(entry, first, after, without, between))
    for one, end in found:
        starts_at, ends_at = _at(one, zone), _at(end, zone)
        if starts_at < between[1] and between[0] < ends_at:
            yield max(starts_at, between[0]), min(ends_at, between[1])


def _repeated(
    entry: Mapping[str, Any],
    first: date,
    after: date,
    without: Collection[str],
    between: tuple[datetime, datetime],
) -> Iterator[tuple[date, date]]:
    wall = ZoneInfo(entry["zone"] or "UTC")
    rules, timed = _rules(entry, wall.key), isinstance(first, datetime)
    early = between[0].replace(tzinfo=None) - (after - first) - timedelta(days=2)
    for number, on_wall in enumerate(rules.xafter(early, inc=True)):
        if number >= MOST_OCCURRENCES or on_wall > between[1].replace(tzinfo=None) + timedelta(days=2):
            return
        start = on_wall.replace(tzinfo=wall).astimezone(UTC) if timed else on_wall.date()
        if written(start) not in without:
            yield start, start + (after - first)


def _rules(entry: Mapping[str, Any], zone: str) -> Any:
    """In wall time without a zone, as a rule means it."""
    first, _ = edges(entry["span"])
    if isinstance(first, datetime):
        start = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    else:
        start = datetime.combine(first, time())
    lines = [_walled(line, zone) for line in entry["repeats"]]
    return rrule.rrulestr("\n".join(lines), dtstart=start, forceset=True)


def _walled(line: str, zone: str) -> str:
    """A line whose UTC instants are wall time."""
    head, _, values = line.rpartition(":")
    if head.startswith("RRULE"):
        parts = (
            f"UNTIL={_wall(part[6:], zone)}" if part.startswith("UNTIL=") else part
            for part in values.split(";")
        )
        return f"RRULE:{';'.join(parts)}"
    return f"{head.split(';')[0]}:{','.join(_wall(value, zone) for value in values.split(','))}"


def _wall(value: str, zone: str) -> str:
    if not value.endswith("Z"):
        return value
    instant = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y%m%dT%H%M%S")


def written(edge: date) -> str:
    """A day, or an instant in UTC, as the service writes it."""
    if isinstance(edge, datetime):
        return edge.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return edge.isoformat()


def _edge(text: str) -> date:
    return _instant(text) if "T" in text else date.fromisoformat(text)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant has an offset")
    return instant.astimezone(UTC)


def _at(edge: date, zone: str) -> datetime:
    if isinstance(edge, datetime):
        return edge
    return datetime.combine(edge, time(), ZoneInfo(zone)).astimezone(UTC)
