"""The calendars of the demo's hostel: one for each of its units, with a few stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType

from connectors.sandbox.channels import CHANNELS

UNITS = 48
"""Of each kind"""
SOONEST, NEAREST, LONGEST = 8, 2, 6
"""Days until the first stay at least, then days between stays at least, and nights of one at most"""
STAYS = (4, 6)
GUESTS = ("Amélie", "Bruno", "Chloé", "Dag", "Inês", "Łukasz", "Noor", "Zoë")


def _calendars() -> Iterator[tuple[str, str]]:
    for what, kinds in (("bunk", ("booking", "hostaway")), ("cabin", ("tripadvisor", "vrbo"))):
        for number in range(1, UNITS + 1):
            yield f"harbour-{what}-{number}", kinds[2 * number > UNITS]


CALENDARS: Mapping[str, str] = MappingProxyType(dict(_calendars()))
"""Name -> the kind of channel; half of the units of a kind are at one, half at the other"""


def plan(name: str) -> tuple[tuple[int, int, str], ...]:
    """Days from today, nights, and what the channel says of it: the same for a name on any day."""
    rng = Random(name)  # noqa: S311 -- a game, from a seed
    manner = CHANNELS[CALENDARS[name]]
    found, day = [], SOONEST
    for _ in range(rng.randint(*STAYS)):
        day += rng.randint(NEAREST, 24)
        nights = rng.randint(1, LONGEST)
        words = rng.choice(manner.stays)
        summary = words.format(guest=rng.choice(GUESTS), reference=f"{rng.randrange(10**8):08}")
        found.append((day, nights, summary))
        day += nights
    return tuple(found)
