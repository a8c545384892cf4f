"""
One calendar of the sandbox's calendar service: entries with versions, and a feed of what changed. Pure.

Every change has the next number of the agenda's sequence; an entry that was removed stays as a tombstone
under its name, until the agenda forgets what is old.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from connectors.sandbox import spans

Entry: TypeAlias = dict[str, Any]
"""As it goes over the wire; `number` is its place in the sequence and is not told"""

FIELDS = frozenset(
    {"span", "title", "notes", "shown_as", "colour", "repeats", "zone", "part_of", "stamp", "place", "people"}
)
"""What a writer may say of an entry; what is not said stays as it was"""
BLANK: Mapping[str, Any] = {
    "title": "",
    "notes": "",
    "shown_as": "busy",
    "colour": "",
    "repeats": [],
    "zone": "",
}


class Unfit(ValueError):
    """What was to be written is no entry."""


class Taken(Exception):
    """The name has, or had, an entry."""


class Outdated(Exception):
    """The entry is another version than the writer knows."""


class Removed(Exception):
    """There was one of this name."""


class Unknown(Exception):
    """There never was one of this name, or it is forgotten."""


class Forgotten(Exception):
    """What was removed since then is not known any more."""


@dataclass(frozen=True, slots=True)
class Part:
    """`more` is where to go on in this listing; on its last part `upto` is where the next one begins."""

    entries: tuple[Entry, ...]
    more: str | None
    upto: int | None


@dataclass(slots=True)
class Agenda:
    name: str
    title: str
    zone: str
    owner: str
    sequence: int = 0
    floor: int = 0
    """Up to here tombstones are forgotten"""
    entries: dict[str, Entry] = field(default_factory=dict)
    readers: dict[str, bool] = field(default_factory=dict)
    """Other accounts that see it -> whether they may write"""

    def get(self, name: str) -> Entry:
        """Also one that is removed. Raises Unknown."""
        if name not in self.entries:
            raise Unknown
        return self.entries[name]

    def add(self, name: str, wanted: Mapping[str, Any], now: datetime) -> Entry:
        """Raises Taken, Unfit."""
        if name in self.entries:
            raise Taken
        return self._write({"name": name, "version": 0, "removed": False, **BLANK}, wanted, now)

    def change(self, name: str, wanted: Mapping[str, Any], version: int | None, now: datetime) -> Entry:
        """`version` None is any. Raises Outdated, Removed, Unknown, Unfit."""
        return self._write(self._living(name, version), wanted, now)

    def remove(self, name: str, version: int | None, now: datetime) -> Entry:
        """A series takes its exceptions with it; an exception leaves a gap. Raises as `change` does."""
        entry = self._living(name, version)
        for other in list(self.entries.values()):
            if other.get("part_of", {}).get("series") == name and not other["removed"]:
                self._bury(other, now)
        return self._bury(entry, now)

    def listing(self, since: int | None, more: str | None, most: int) -> Part:
        """
        The changes since a number of the sequence, or everything that lives, in the sequence's order.

        Nothing changes meanwhile without being told: a change moves an entry to the end of the sequence.
        Raises Forgotten; ValueError for what is no `more`.
        """
        begun, after = map(int, more.split(".")) if more else (self.sequence, since or 0)
        if since is not None and not self.floor <= since <= self.sequence:
            raise Forgotten
        if since is None and begun < self.floor:
            raise Forgotten
        told = [
            entry
            for entry in sorted(self.entries.values(), key=lambda entry: int(entry["number"]))
            if entry["number"] > after
            and (since is not None or entry["number"] > begun or self._lives(entry))
        ]
        if len(told) > most:
            return Part(tuple(told[:most]), f"{begun}.{told[most - 1]['number']}", None)
        return Part(tuple(told), None, self.sequence)

    def forget(self) -> None:
        """Drop the tombstones: who has not asked since then has to list everything."""
        self.floor = self.sequence
        self.entries = {name: entry for name, entry in self.entries.items() if self._lives(entry)}

    def busy(self, starts_at: datetime, ends_at: datetime) -> list[tuple[datetime, datetime]]:
        """When something is shown as busy, put together."""
        found: list[tuple[datetime, datetime]] = []
        for start, end in sorted(self._taken(starts_at, ends_at)):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], end))
            else:
                found.append((start, end))
        return found

    def _taken(self, starts_at: datetime, ends_at: datetime) -> Iterator[tuple[datetime, datetime]]:
        replaced: dict[str, set[str]] = {}
        for entry in self.entries.values():
            if part := entry.get("part_of"):
                replaced.setdefault(part["series"], set()).add(part["instead_of"])
        for entry in self.entries.values():
            if not entry["removed"] and entry["shown_as"] == "busy":
                without = replaced.get(entry["name"], set())
                yield from spans.occurrences(entry, self.zone, without, (starts_at, ends_at))

    def _lives(self, entry: Entry) -> bool:
        """A gap in a series lives as long as the series does."""
        if not entry["removed"]:
            return True
        series = self.entries.get(entry.get("part_of", {}).get("series", ""))
        return series is not None and not series["removed"]

    def _living(self, name: str, version: int | None) -> Entry:
        entry = self.get(name)
        if entry["removed"]:
            raise Removed
        if version is not None and version != entry["version"]:
            raise Outdated
        return entry

    def _write(self, before: Entry, wanted: Mapping[str, Any], now: datetime) -> Entry:
        if strange := sorted(set(wanted) - FIELDS):
            raise Unfit(f"an entry has no {', '.join(strange)}")
        entry = {**before, **wanted}
        try:
            spans.check(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise Unfit(f"that is no entry: {error}") from error
        return self._numbered(entry, now)

    def _bury(self, entry: Entry, now: datetime) -> Entry:
        kept: Entry = {
            name: entry[name] for name in ("name", "version", "edited", "part_of") if name in entry
        }
        return self._numbered({**kept, "removed": True}, now)

    def _numbered(self, entry: Entry, now: datetime) -> Entry:
        """Of two versions the later is edited later, whatever the clock says."""
        edited = now.astimezone(UTC)
        if "edited" in entry:
            edited = max(edited, datetime.fromisoformat(entry["edited"]) + timedelta(microseconds=1))
        self.sequence += 1
        entry |= {
            "version": entry["version"] + 1,
            "edited": edited.isoformat(timespec="microseconds"),
            "number": self.sequence,
        }
        self.entries[entry["name"]] = entry
        return entry
