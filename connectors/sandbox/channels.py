"""What the feeds of three well-known channels look like, made up from a date. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from icalendar.prop import vText


class Channel(StrEnum):
    AIRBNB = "airbnb"
    BOOKING = "booking"
    VRBO = "vrbo"


@dataclass(frozen=True, slots=True)
class Entry:
    """One stay or block of a sample feed; half-open dates."""

    uid: str
    summary: str
    first: date
    after: date
    description: str = ""

    def __post_init__(self) -> None:
        if self.after <= self.first:
            raise ValueError(f"the day after the last, {self.after}, must be after the first, {self.first}")


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a channel writes: templates, filled in with what an entry says. `code` is 64 hex digits."""

    title: str
    header: tuple[str, ...]
    lines: tuple[str, ...]
    """Of one event, in the channel's order; a line whose value is empty is left out."""
    uid: str
    block_uid: str
    blocks: frozenset[str] = frozenset()
    """The summaries that are no stays."""
    stay_description: str = ""


MANNERS: Mapping[Channel, _Manner] = {
    Channel.AIRBNB: _Manner(
        title="Airbnb",
        header=("PRODID:-//Airbnb Inc//Hosting Calendar 0.8.8//EN", "CALSCALE:GREGORIAN", "VERSION:2.0"),
        lines=(
            "DTEND;VALUE=DATE:{after}",
            "DTSTART;VALUE=DATE:{first}",
            "UID:{uid}",
            "DESCRIPTION:{description}",
            "SUMMARY:{summary}",
        ),
        uid="1418fb94e984-{code:.32}@airbnb.com",
        block_uid="7f662ec65913-{code:.32}@airbnb.com",
        blocks=frozenset({"Airbnb (Not available)"}),
        stay_description=(
            "Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM{code:.8}\n"
            "Phone Number (Last 4 Digits): 0000"
        ),
    ),
    Channel.BOOKING: _Manner(
        title="Booking.com",
        header=("PRODID:-//admin.booking.com//NONSGML v1.0//EN", "METHOD:PUBLISH", "VERSION:2.0"),
        lines=(
            "DTSTART;VALUE=DATE:{first}",
            "DTEND;VALUE=DATE:{after}",
            "UID:{uid}",
            "SUMMARY:{summary}",
        ),
        uid="{code:.32}@booking.com",
        block_uid="{code:.32}@booking.com",
    ),
    Channel.VRBO: _Manner(
        title="Vrbo",
        header=("PRODID:-//HomeAway.com, Inc.//EN", "METHOD:PUBLISH", "VERSION:2.0", "CALSCALE:GREGORIAN"),
        lines=(
            "UID:{uid}",
            "DTSTAMP:{today}T000000Z",
            "DTSTART;VALUE=DATE:{first}",
            "DTEND;VALUE=DATE:{after}",
            "SUMMARY:{summary}",
        ),
        uid="{code:.8}-{code:.4}-4{code:.3}-8{code:.3}-{code:.12}",
        block_uid="{first}-{after}",
        blocks=frozenset({"Blocked", "Indisponible"}),
    ),
}

# Days from today, nights, and what the channel says of them. Stays meet at checkouts, and some are past.
_PLANS: Mapping[Channel, Sequence[tuple[int, int, str]]] = {
    Channel.AIRBNB: (
        (-2, 4, "Reserved"),
        (9, 5, "Reserved"),
        (14, 2, "Airbnb (Not available)"),
        (33, 7, "Reserved"),
        (75, 3, "Airbnb (Not available)"),
    ),
    Channel.BOOKING: (
        (4, 3, "CLOSED - Not available"),
        (21, 2, "CLOSED - Not available"),
        (44, 6, "CLOSED - Not available"),
        (90, 4, "CLOSED - Not available"),
    ),
    Channel.VRBO: (
        (-20, 6, "Reserved - Bruno"),
        (17, 4, "Réservée - Amélie"),
        (28, 3, "Blocked"),
        (52, 9, "Reserved - Inês"),
        (61, 2, "Provisoire - Chloé"),
        (110, 5, "Indisponible"),
    ),
}


def sample(channel: Channel, today: date) -> tuple[Entry, ...]:
    """The channel's entries as of a day; the same day gives the same ones."""
    entries = []
    for number, (offset, nights, summary) in enumerate(_PLANS[channel]):
        first = today + timedelta(days=offset)
        entries.append(new(channel, summary, first, first + timedelta(days=nights), f"{today} {number}"))
    return tuple(entries)


def new(channel: Channel, summary: str, first: date, after: date, seed: str) -> Entry:
    """An entry as the channel would make it; raises ValueError unless `after` is after `first`."""
    manner = MANNERS[channel]
    facts = {
        "code": hashlib.sha256(f"{channel} {seed}".encode()).hexdigest(),
        "first": f"{first:%Y%m%d}",
        "after": f"{after:%Y%m%d}",
    }
    is_block = summary in manner.blocks
    uid = (manner.block_uid if is_block else manner.uid).format(**facts)
    description = "" if is_block else manner.stay_description.format(**facts)
    return Entry(uid, summary, first, after, description)


def feed(channel: Channel, entries: Iterable[Entry], today: date) -> bytes:
    """The channel's feed with these entries, as it would write it today."""
    lines = ["BEGIN:VCALENDAR", *MANNERS[channel].header]
    for entry in sorted(entries, key=lambda entry: (entry.first, entry.uid)):
        lines += ["BEGIN:VEVENT", *_event(channel, entry, today), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(channel: Channel, entry: Entry, today: date) -> Iterable[str]:
    facts = {
        "uid": _text(entry.uid),
        "summary": _text(entry.summary),
        "description": _text(entry.description),
        "first": f"{entry.first:%Y%m%d}",
        "after": f"{entry.after:%Y%m%d}",
        "today": f"{today:%Y%m%d}",
    }
    filled = (template.format(**facts) for template in MANNERS[channel].lines)
    return [line for line in filled if not line.endswith(":")]


def _text(value: str) -> str:
    return vText(value).to_ical().decode()


def _folded(line: str) -> bytes:
    """Lines of at most 75 octets; 18 characters never have more than 72."""
    width = 74 if line.isascii() else 18
    if len(line.encode()) <= 75:
        width = len(line)
    return "\r\n ".join(line[at : at + width] for at in range(0, len(line), width)).encode() + b"\r\n"
