"""People's own calendars, in which guests are entered by hand. Pure."""

from __future__ import annotations

from connectors.sandbox.manners import HOUR, Manner, Times, Validator

_PERSONAL = ("{start}", "{end}", "DTSTAMP:{now}", "UID:{uid}", "SEQUENCE:0", "SUMMARY:{summary}")

GOOGLE = Manner(
    title="Google Calendar",
    prodids=("PRODID:-//Google Inc//Google Calendar 70.9054//EN",),
    header=(
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:The flat",
        "X-WR-TIMEZONE:Europe/Madrid",
    ),
    lines=_PERSONAL,
    stays=("Guests: {guest}",),
    blocks=("Closed", "Painters"),
    uid="{code:.26}@google.com",
    block_uid="{code:.26}@google.com",
    times=Times.ZONED,
    zone_name="Europe/Madrid",
    defines_zone=True,
    past_days=400,
    reads_every=12 * HOUR,
    agent="Google-Calendar-Importer",
    personal=True,
)

OUTLOOK = Manner(
    title="Outlook",
    prodids=("PRODID:Microsoft Exchange Server 2010",),
    header=("METHOD:PUBLISH", "VERSION:2.0", "X-WR-CALNAME:Calendar"),
    lines=(
        "UID:{uid}",
        "SUMMARY:{summary}",
        "{start}",
        "{end}",
        "CLASS:PUBLIC",
        "PRIORITY:5",
        "DTSTAMP:{now}",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    ),
    stays=("Busy",),
    blocks=("Busy", "Away"),
    uid="040000008200E00074C5B7101A82E008{code:.40}",
    block_uid="040000008200E00074C5B7101A82E008{code:.40}",
    times=Times.ZONED,
    zone_name="Romance Standard Time",
    defines_zone=True,
    past_days=90,
    reads_every=3 * HOUR,
    agent="Microsoft.Exchange/15.20",
    personal=True,
)

APPLE = Manner(
    title="Apple Calendar",
    prodids=("PRODID:-//Apple Inc.//macOS 15.1//EN",),
    header=("METHOD:PUBLISH", "VERSION:2.0", "X-WR-CALNAME:Home", "CALSCALE:GREGORIAN"),
    lines=("CREATED:{made}", "UID:{uid}", "{end}", "SUMMARY:{summary}", "{start}", "DTSTAMP:{made}"),
    stays=("{guest} and family",),
    blocks=("At home ourselves",),
    uid="{code:.8}-{code:.4}-4{code:.3}-9{code:.3}-{code:.12}",
    block_uid="{code:.8}-{code:.4}-4{code:.3}-A{code:.3}-{code:.12}",
    times=Times.ZONED,
    zone_name="Europe/Madrid",
    past_days=400,
    validator=Validator.WEAK,
    reads_every=HOUR,
    agent="macOS/15.1 (24B83) dataaccessd/1.0",
    personal=True,
)
