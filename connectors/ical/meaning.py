"""What one event says of itself: whose it is, the channel's code, the guest's last digits. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from connectors.contract import Nature, RemoteEvent
from connectors.ical.particulars import code_of, phone_digits_of
from connectors.ical.profiles import Profile
from connectors.ical.words import Reading, read

_ENOUGH = 4_000
"""Characters of a text in which codes and numbers are sought"""
_ENTRY = 350
"""Bytes of what is remembered of a text besides the text, about"""
_FIGURE = re.compile(r"\d")


class Meaning(NamedTuple):
    reading: Reading
    nature: Nature
    code: str
    phone_digits: str


class Lexicon:
    """
    What texts were found to mean, by channel, from one feed to the next: a description takes longer to search
    than the whole event to be looked up.

    Once it is full it takes no more, and is emptied, between two feeds, when it has turned away as many as it
    has: so one that does not quite fit in is not forgotten each time.
    """

    def __init__(self, most_bytes: int = 0) -> None:
        self._most_bytes = most_bytes
        self._empty()

    def _empty(self) -> None:
        self._bytes = self._turned_away = 0
        self._known: dict[str, dict[tuple[str, str], Meaning]] = {}

    def of(self, channel: str) -> Mapping[tuple[str, str], Meaning]:
        """By (summary, description); for one feed."""
        if self._turned_away > len(self):
            self._empty()
        return self._known.setdefault(channel, {})

    def put(self, channel: str, summary: str, description: str, meaning: Meaning) -> None:
        """Of a channel that `of` was asked for."""
        if self._bytes >= self._most_bytes:
            self._turned_away += 1
            return
        self._bytes += _ENTRY + len(summary) + len(description)
        self._known[channel][summary, description] = meaning

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))


class Meanings:
    """Of the events of one channel; what has been said once is not worked out again."""

    def __init__(self, profile: Profile, lexicon: Lexicon) -> None:
        self._profile = profile
        self._lexicon = lexicon
        self._known = lexicon.of(profile.slug)
        self._readings: dict[str, Reading] = {}
        self._of_summaries: dict[str, Meaning] = {}

    def of(self, event: RemoteEvent) -> Meaning:
        """What its summary, its description and its UID tell; a stay may have got a closure's UID."""
        said = self._said(event)
        pattern = self._profile.block_uid
        if said.nature is Nature.STAY or pattern is None or not pattern.match(event.uid):
            return said
        return said._replace(nature=Nature.BLOCK, code="", phone_digits="")

    def _said(self, event: RemoteEvent) -> Meaning:
        summary = event.summary
        if description := event.description:
            meaning = self._known.get((summary, description))
            if meaning is None:
                meaning = self._meaning(summary, description)
                self._lexicon.put(self._profile.slug, summary, description, meaning)
            return meaning
        if (known := self._of_summaries.get(summary)) is None:
            known = self._of_summaries[summary] = self._meaning(summary, "")
        return known

    def _reading(self, summary: str) -> Reading:
        if (known := self._readings.get(summary)) is None:
            known = self._readings[summary] = read(summary)
        return known

    def _meaning(self, summary: str, description: str) -> Meaning:
        reading = self._reading(summary)
        text = f"{summary}\n{description}"[:_ENOUGH]
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text)[:_ENOUGH]  # some signs stand for many
        if not description and not _FIGURE.search(summary):
            return Meaning(reading, self._nature(reading, ""), "", "")
        code = self._code(text)
        return Meaning(reading, self._nature(reading, code), code, self._phone_digits(text))

    def _nature(self, reading: Reading, code: str) -> Nature:
        profile = self._profile
        if profile.either is not None and profile.either.search(reading.text):
            return Nature.UNKNOWN
        stay = reading.stay or bool(code)
        if not stay and not reading.block and profile.stay is not None:
            stay = profile.stay.search(reading.text) is not None
        if stay == reading.block or (reading.block and profile.closures_may_be_stays):
            return Nature.UNKNOWN
        return Nature.STAY if stay else Nature.BLOCK

    def _code(self, text: str) -> str:
        if self._profile.code is not None and (found := self._profile.code.search(text)):
            return str(next(filter(None, found.groups())))
        return code_of(text)

    def _phone_digits(self, text: str) -> str:
        if self._profile.phone is not None and (found := self._profile.phone.search(text)):
            return str(found[1])
        return phone_digits_of(text)
