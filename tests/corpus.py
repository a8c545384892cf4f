"""Calendars by others, and what other readers find in them. Some are copyleft, so none is kept here."""

from __future__ import annotations

from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
"""Beside the checkout"""
ORACLE = CORPUS / "occurrences.jsonl"
"""A line a file: the occurrences on which independent readers agree"""

needed = pytest.mark.skipif(
    not ORACLE.exists(),
    reason=f"THE CORPUS IS ABSENT: {ORACLE} does not exist, so nothing here compares us with other readers",
)
