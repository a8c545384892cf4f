"""Boats and cars, let by the hour. Pure."""

from __future__ import annotations

from dataclasses import replace

from connectors.sandbox.manners import HOUR, STAMPED, Echo, Manner, Times

SAMBOAT = Manner(
    title="SamBoat",
    prodids=("PRODID:-//SamBoat//samboat.com//EN",),
    lines=STAMPED,
    stays=("Booked",),
    blocks=("Unavailable",),
    uid="{code:.20}@samboat.com",
    block_uid="{code:.20}@samboat.com",
    times=Times.UTC,
    echo=Echo.APART,
    whole_days=True,
    reads_every=6 * HOUR,
    agent="SamBoat calendar sync",
    hourly=True,
)

GETMYBOAT = replace(
    SAMBOAT,
    title="GetMyBoat",
    prodids=("PRODID:-//GetMyBoat//getmyboat.com//EN",),
    uid="{code:.20}@getmyboat.com",
    block_uid="{code:.20}@getmyboat.com",
    whole_days=False,
    agent="GetMyBoat/2 ical",
)

CLICK_AND_BOAT = replace(
    GETMYBOAT,
    title="Click&Boat",
    prodids=("PRODID:-//Click&Boat//clickandboat.com//FR",),
    stays=("Réservé",),
    blocks=("Indisponible",),
    uid="{code:.20}@clickandboat.com",
    block_uid="{code:.20}@clickandboat.com",
    times=Times.FLOATING,
    agent="ClickAndBoat-iCal",
)

TURO = replace(
    GETMYBOAT,
    title="Turo",
    prodids=("PRODID:-//Turo//turo.com//EN",),
    stays=("Trip {reference}",),
    uid="{code:.20}@turo.com",
    block_uid="{code:.20}@turo.com",
    echo=Echo.NONE,
    agent="Turo calendar import",
)
