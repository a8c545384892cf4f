"""
The channels that the sandbox plays, one row each. Pure.

What is published or seen in sample calendars is as it is there; where nothing is known (a PRODID of a small
platform, how often it reads) the row has a plausible value. All of it is to be measured, never relied upon.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from connectors.sandbox.boats import CLICK_AND_BOAT, GETMYBOAT, SAMBOAT, TURO
from connectors.sandbox.diaries import APPLE, GOOGLE, OUTLOOK
from connectors.sandbox.lodgings import AIRBNB, BOOKING, GUESTY, HOSTAWAY, SMOOBU, TRIPADVISOR, VRBO
from connectors.sandbox.manners import Echo, Manner

HUB = Manner(
    title="Another Channel Hub",
    prodids=("PRODID:-//Channel Hub//Calendar//EN",),
    lines=(
        "UID:{uid}",
        "DTSTAMP:{made}",
        "LAST-MODIFIED:{made}",
        "SEQUENCE:0",
        "{start}",
        "{end}",
        "SUMMARY:{summary}",
        "X-CHANNEL-HUB-ORIGIN:{origin}",
        "X-CHANNEL-HUB-VIA:{via}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
    ),
    stays=("Reserved",),
    blocks=("Not available",),
    uid="{code:.32}@other-hub.example",
    block_uid="{code:.32}@other-hub.example",
    past_days=31,
    echo=Echo.MARKED,
    reads_every=timedelta(minutes=15),
    agent="ChannelHub/0.1.0 (+calendar sync)",
)

CHANNELS: Mapping[str, Manner] = MappingProxyType(
    {
        "airbnb": AIRBNB,
        "booking": BOOKING,
        "vrbo": VRBO,
        "tripadvisor": TRIPADVISOR,
        "smoobu": SMOOBU,
        "guesty": GUESTY,
        "hostaway": HOSTAWAY,
        "google": GOOGLE,
        "outlook": OUTLOOK,
        "apple": APPLE,
        "samboat": SAMBOAT,
        "getmyboat": GETMYBOAT,
        "click_and_boat": CLICK_AND_BOAT,
        "turo": TURO,
        "hub": HUB,
    }
)
