"""The channels and their managers that let by the night. Pure."""

from __future__ import annotations

from connectors.sandbox.manners import HOUR, STAMPED, Echo, Manner, Policy, Validator

AIRBNB = Manner(
    title="Airbnb",
    prodids=(
        "PRODID:-//Airbnb Inc//Hosting Calendar 0.8.8//EN",
        "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN",
        "PRODID;X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//Hosting Calendar 0.8.8//EN",
    ),
    header=("CALSCALE:GREGORIAN", "VERSION:2.0"),
    lines=("{end}", "{start}", "UID:{uid}", "DESCRIPTION:{description}", "SUMMARY:{summary}"),
    stays=("Reserved",),
    blocks=("Airbnb (Not available)",),
    uid="1418fb94e984-{code:.32}@airbnb.com",
    block_uid="7f662ec65913-{dates:.32}@airbnb.com",
    description=(
        "Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM{reference}\n"
        "Phone Number (Last 4 Digits): {digits}"
    ),
    policy=Policy(lead=1, horizon=180, closed=185),
    wants_agent=True,
    echo=Echo.MERGED,
    reads_every=3 * HOUR,
    agent="Airbnb/1.0 (calendar)",
)

BOOKING = Manner(
    title="Booking.com",
    prodids=("PRODID:-//admin.booking.com//NONSGML v1.0//EN",),
    header=("METHOD:PUBLISH", "VERSION:2.0"),
    lines=("{start}", "{end}", "UID:{uid}", "SUMMARY:{summary}"),
    stays=("CLOSED - Not available",),
    blocks=("CLOSED - Not available",),
    uid="{daily:.32}@booking.com",
    block_uid="{daily:.32}@booking.com",
    begun_begins_today=True,
    validator=Validator.NONE,
    echo=Echo.APART,
    reads_every=2 * HOUR,
    agent="Booking.com ical-sync/2",
)

VRBO = Manner(
    title="Vrbo",
    prodids=("PRODID:-//HomeAway.com, Inc.//EN",),
    header=("METHOD:PUBLISH", "VERSION:2.0", "CALSCALE:GREGORIAN"),
    lines=("UID:{uid}", "DTSTAMP:{now}", "{start}", "{end}", "SUMMARY:{summary}"),
    stays=("Reserved - {guest}", "Réservée - {guest}", "Provisoire - {guest}"),
    blocks=("Blocked", "Indisponible"),
    uid="{code:.8}-{code:.4}-4{code:.3}-8{code:.3}-{code:.12}",
    block_uid="{first}-{after}",
    sometimes_duration=True,
    past_days=400,
    validator=Validator.NONE,
    echo=Echo.APART,
    reads_every=4 * HOUR,
    agent="HomeAway-Calendar-Import",
)

TRIPADVISOR = Manner(
    title="TripAdvisor",
    prodids=("PRODID:-//TripAdvisor LLC//Vacation Rentals//EN",),
    lines=STAMPED,
    stays=("Tripadvisor Booking: {guest}",),
    blocks=("Tripadvisor: Not available",),
    uid="{code:.24}@tripadvisor.com",
    block_uid="{code:.24}@tripadvisor.com",
    echo=Echo.APART,
    reads_every=24 * HOUR,
    agent="TripAdvisor/VR iCal",
)

SMOOBU = Manner(
    title="Smoobu",
    prodids=("PRODID:-//Smoobu//Smoobu Calendar//EN",),
    lines=STAMPED,
    stays=("{guest}",),
    blocks=("Blocked",),
    uid="{code:.20}@smoobu.com",
    block_uid="{code:.20}@smoobu.com",
    turnover=("Check-in: {guest}", "Check-out: {guest}"),
    past_days=30,
    echo=Echo.APART,
    reads_every=HOUR,
    agent="Smoobu-iCal/1.0",
)

GUESTY = Manner(
    title="Guesty",
    prodids=("PRODID:-//Guesty//Guesty Calendar//EN",),
    lines=STAMPED,
    stays=("Reserved: {guest}",),
    blocks=("Blocked by Guesty",),
    uid="{code:.24}@guesty.com",
    block_uid="{code:.24}@guesty.com",
    description="Code: GY-{reference}\nPhone: +34 600 000 {digits}\nEmail: {reference}@example.com",
    policy=Policy(
        lead=2,
        horizon=270,
        closed=95,
        preparation=1,
        rules=("an", "bw", "b"),
        summary="Blocked by Guesty",
        uid="{code:.24}_{rule}_{first_day}_{last_day}@guesty.com_{dates:.16}",
    ),
    echo=Echo.APART,
    reads_every=2 * HOUR,
    agent="guesty-ical/3.4",
)

HOSTAWAY = Manner(
    title="Hostaway",
    prodids=("PRODID:-//Hostaway//Hostaway iCal//EN",),
    lines=STAMPED,
    stays=("Reservation {reference}",),
    blocks=("Blocked",),
    uid="{code:.16}@hostaway.com",
    block_uid="{code:.16}@hostaway.com",
    validator=Validator.WEAK,
    echo=Echo.APART,
    reads_every=HOUR,
    agent="Hostaway/1.0",
)
