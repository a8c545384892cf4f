"""When what is not told any more is free, if every reading from now on agrees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.planning.freeing import freed_at

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("reads", "needs", "read", "pull", "freed"),
    [
        (1, 2, 0, 15, 15),
        (1, 3, 0, 15, 30),
        (1, 5, 0, 15, 60),
        (1, 2, 0, 1, 15),
        (1, 2, -60, 4, 4),
        (1, 2, -60, -5, 0),
        (2, 3, -14, 60, 60),
        (0, 3, -1, 1, 44),
    ],
)
def test_readings_count_a_quarter_of_an_hour_apart(
    reads: int, needs: int, read: int, pull: int, freed: int
) -> None:
    """`read` is when the last one counted, `pull` when the next one comes: in minutes from now."""
    found = freed_at(reads, needs, NOW + read * MINUTE, NOW + pull * MINUTE, NOW)

    assert found == NOW + freed * MINUTE
