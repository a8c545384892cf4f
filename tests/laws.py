"""How often a law is tried where Hypothesis's own number does not fit."""

from __future__ import annotations

from hypothesis import settings


def examples(number: int) -> int:
    """So many in the long run (`./dev soak`), and the profile's share of them in the usual one."""
    profile = settings.default
    assert profile is not None
    return number * profile.max_examples // 100
