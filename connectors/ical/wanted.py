"""What of a feed is wanted: which events lie in the window, in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, RemoteEvent, When, Window
from connectors.ical.moments import as_utc

_midnight = lru_cache(maxsize=8192)(as_utc)
"""Thousands of events begin and end on the same few days, today as yesterday"""


class Wanted:
    """Whether a time touches the window; its days are the property's, in `zone`."""

    def __init__(self, window: Window, zone: ZoneInfo, *, recurring: bool) -> None:
        if window.singles_after is not None and not recurring:
            window = replace(window, after=window.singles_after)
        self._window = window
        self._begin, self._end = as_utc(window.first, zone), as_utc(window.after, zone)

    def __call__(self, when: When) -> bool:
        if isinstance(when, AllDay):
            return when.first < self._window.after and self._window.first < when.after
        if when.starts_at == when.ends_at:
            return self._begin <= when.starts_at < self._end
        return when.starts_at < self._end and self._begin < when.ends_at


def in_order(events: Iterable[RemoteEvent], zone: ZoneInfo) -> list[RemoteEvent]:
    """By time, each with a key of its own: what would repeat one is numbered."""
    ordered = []
    for number, event in enumerate(events):
        when = event.when
        if isinstance(when, AllDay):
            begin, end = _midnight(when.first, zone), _midnight(when.after, zone)
        else:
            begin, end = when.starts_at, when.ends_at
        ordered.append((begin, end, event.key, number, event))
    ordered.sort()

    if len({key for _, _, key, _, _ in ordered}) == len(ordered):
        return [event for *_, event in ordered]
    seen: dict[str, int] = {}
    distinct = []
    for _, _, key, _, event in ordered:
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            event = replace(event, recurrence_id=f"{event.recurrence_id or ''}#{seen[key]}")
        distinct.append(event)
    return distinct
