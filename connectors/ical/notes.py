"""In words, why an event does not count here (RemoteEvent.note). Pure."""

from __future__ import annotations

SHOWN_AS_FREE = "its calendar shows it as free"
"""TRANSP:TRANSPARENT, and neither cancelled nor without length: a busy word can make it count"""
NOT_ASKED_FOR = "ignored: none of the phrases that count is in it"
ARRIVAL = "the arrival of a stay that is listed by itself"
DEPARTURE = "the departure of a stay that is listed by itself"


def ignored_by(phrase: str) -> str:
    return f"ignored by the phrase {phrase!r}"


def free_by(phrase: str) -> str:
    return f"free by the phrase {phrase!r}"
