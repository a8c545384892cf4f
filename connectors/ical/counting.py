"""Which events of a feed count, by the phrases in a link's settings. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import RemoteEvent
from connectors.ical import notes
from connectors.ical.options import FeedOptions
from connectors.ical.words import folded

_Phrases = tuple[tuple[str, str], ...]


class Counting:
    """Decides event after event. What is cancelled, and what has no length, stays free whatever its words."""

    def __init__(self, options: FeedOptions) -> None:
        self._only = _folded(options.only)
        self._ignore = _folded(options.ignore)
        self._busy = _folded(options.busy_words)
        self._free = _folded(options.free_words)
        self.asks_nothing = not (self._only or self._ignore or self._busy or self._free)

    def of(self, event: RemoteEvent, summary: str) -> tuple[bool, str]:
        """Whether it is busy, and the note of one that is not. `summary` is the event's, folded."""
        if not event.busy and event.note != notes.SHOWN_AS_FREE:
            return False, event.note
        anywhere = summary
        if self._only or self._busy:
            anywhere = f"{summary} {folded(event.description)}"

        if self._only and _first(self._only, anywhere) is None:
            return False, notes.NOT_ASKED_FOR
        if (phrase := _first(self._ignore, summary)) is not None:
            return False, notes.ignored_by(phrase)
        if _first(self._busy, anywhere) is not None:
            return True, ""
        if event.busy and (phrase := _first(self._free, summary)) is not None:
            return False, notes.free_by(phrase)
        return event.busy, event.note


def _folded(phrases: Iterable[str]) -> _Phrases:
    return tuple((folded(phrase), phrase) for phrase in phrases)


def _first(phrases: _Phrases, text: str) -> str | None:
    """The first of them that is in a folded text, as it was written."""
    return next((written for phrase, written in phrases if phrase in text), None)
