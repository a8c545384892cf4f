"""What one event says of itself: whose it is, the channel's code, the guest's last digits. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from connectors.contract import Nature, RemoteEvent
from connectors.ical.particulars import code_of, phone_digits_of
from connectors.ical.profiles import Profile
from connectors.ical.words import Reading, read

_ENOUGH = 4_000
"""Characters of a text in which codes and numbers are sought"""
_FIGURE = re.compile(r"\d")


class Meaning(NamedTuple):
    reading: Reading
    nature: Nature
    code: str
    phone_digits: str


class Meanings:
    """Of the events of one channel; what has been said once is not worked out again."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._readings: dict[str, Reading] = {}
        self._of_summaries: dict[str, Meaning] = {}

    def of(self, event: RemoteEvent) -> Meaning:
        """What its summary, its description and its UID tell."""
        summary = event.summary
        if self._profile.block_uid is not None and self._profile.block_uid.match(event.uid):
            return Meaning(self._reading(summary), Nature.BLOCK, "", "")
        if event.description:
            return self._meaning(summary, event.description)
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
