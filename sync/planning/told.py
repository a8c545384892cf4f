"""What a pass did, in words. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WORDS: Mapping[str, tuple[str, str]] = {
    "created": ("1 event written", "{n} events written"),
    "updated": ("1 event brought up to date", "{n} events brought up to date"),
    "deleted": ("1 event removed", "{n} events removed"),
    "accepted": ("1 change made there taken over", "{n} changes made there taken over"),
    "reverted": ("1 change made there put back", "{n} changes made there put back"),
    "restored": ("1 event that was deleted there put back", "{n} events that were deleted there put back"),
    "recreated": ("1 event deleted there written again", "{n} events deleted there written again"),
    "released": ("1 hold or blackout given up", "{n} holds or blackouts given up"),
    "refused": ("1 event refused by the channel", "{n} events refused by the channel"),
}


LINES = 60
"""Of what others changed; a first sync of a full calendar is told in numbers"""


def summary(counts: Mapping[str, int], theirs: Sequence[str], refused: Sequence[str]) -> tuple[str, ...]:
    """What a pass did: to events of ours in numbers, to those of others one by one, and what was refused."""
    reasons = tuple(dict.fromkeys(refused))
    more = len(theirs) - LINES
    rest = (f"and {more} lines more",) if more > 0 else ()
    return (*written(counts), *theirs[:LINES], *rest, *reasons)


def written(counts: Mapping[str, int]) -> tuple[str, ...]:
    """One line for each kind of thing that was done to events of ours."""
    found = ((counts.get(name, 0), one, many) for name, (one, many) in WORDS.items())
    return tuple(one if number == 1 else many.format(n=number) for number, one, many in found if number)
