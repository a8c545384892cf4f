"""
How our bookings, holds, blackouts and turnaround read in a calendar. PURE.

What may be told decides which fields there are to fill in: no text, ours or a template, can name more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from types import MappingProxyType
from zoneinfo import ZoneInfo

from connectors import texts
from connectors.contract import AllDay, When
from connectors.mirroring import FIELDS, Kind, MirrorOptions, Telling

LONGEST_SUMMARY = 300
LONGEST_DESCRIPTION = 8000
"""
Calendars take no longer ones, counted in UTF-16 units and as HTML; what is too long ends before the line that
says whose event it is
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that is known of one event; empty is not known, or was forgotten."""

    kind: Kind
    unit: str
    property: str
    when: When
    zone: ZoneInfo
    status: str
    """Of a booking; of a blackout its kind"""
    reference: str = ""
    guests: int = 0
    source: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    summary: str
    description: str
    colour: str


_BUSY = "Busy: {unit}"
_REFERENCE: Mapping[Kind, str] = {
    Kind.BOOKING: "{unit}: {reference}, {party}",
    Kind.HOLD: "{unit}: hold {reference}, {party}",
    Kind.BLACKOUT: "{unit}: {status}",
    Kind.TURNAROUND: "{unit}: turnaround",
}
_GUEST: Mapping[Kind, str] = {
    **_REFERENCE,
    Kind.BOOKING: "{unit}: {name}, {party}",
    Kind.HOLD: "{unit}: hold for {name}, {party}",
}
SUMMARIES: Mapping[Telling, Mapping[Kind, str]] = {
    Telling.BUSY: dict.fromkeys(Kind, _BUSY),
    Telling.REFERENCE: _REFERENCE,
    Telling.GUEST: _GUEST,
}

LINES: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    Kind.BOOKING: (
        ("reference", "Booking {reference}, {party}"),
        ("name", "Name: {name}"),
        ("phone", "Telephone: {phone}"),
        ("email", "E-mail: {email}"),
        ("note", "Note: {note}"),
    ),
    Kind.HOLD: (
        ("reference", "Hold {reference}, {party}: not confirmed yet"),
        ("name", "Name: {name}"),
        ("phone", "Telephone: {phone}"),
        ("email", "E-mail: {email}"),
        ("note", "Note: {note}"),
    ),
    Kind.BLACKOUT: (("status", "Blackout: {status}"), ("note", "Note: {note}")),
    Kind.TURNAROUND: (("reference", "Kept free after booking {reference}"),),
}
"""The usual description: (field, line); a line is left out where its field is not told, or not known"""

KEPT = "Channel Hub keeps this event."
NOTICES: Mapping[Kind, str] = {
    Kind.BOOKING: (
        "If you move it, the booking moves, if it can; else the event is put back."
        " If you delete it, it is put back: cancel the booking in Channel Hub."
    ),
    Kind.HOLD: (
        "If you move it, the hold moves, if it can; else the event is put back."
        " If you delete it, the hold ends."
    ),
    Kind.BLACKOUT: (
        "If you move it, the blackout moves, if it can; else the event is put back."
        " If you delete it, the blackout ends."
    ),
    Kind.TURNAROUND: "It follows its stay: if you move or delete it, it is put back.",
}
NOTICE_OF_BUSY = "If you move or delete it, Channel Hub looks whether that can be; else it is put back."
NOTICE_ONE_WAY = "If you move, change or delete it, it is put back."


def look(shown: Shown, options: MirrorOptions, *, one_way: bool) -> Look:
    """What it says there; `one_way`: nobody's word in that calendar counts."""
    told = _told(shown, options.tells)
    known = options.tells is Telling.GUEST and not told.get("name")
    summaries = SUMMARIES[Telling.REFERENCE if known else options.tells]
    summary = " ".join(filled(summaries[shown.kind], told).split())

    wanted = options.looks.get(shown.kind)
    template = wanted.description if wanted else None
    said = _usual(shown.kind, told) if template is None else filled(template, told)
    notice = f"{KEPT} {_notice(shown.kind, options.tells, one_way)}"
    said = texts.cut(said.strip(), LONGEST_DESCRIPTION - len(notice) - 2, as_html=True)
    description = f"{said}\n\n{notice}" if said else notice
    return Look(summary[:LONGEST_SUMMARY], description, wanted.colour if wanted else "")


def filled(template: str, fields: Mapping[str, str]) -> str:
    """
    The template with its fields filled in, once: braces in a value are but braces. A field that there is
    not stays as it is written, and so does a template that cannot be read.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return template
    return "".join(
        literal + ("" if name is None else fields.get(name, _as_written(name, spec, conversion)))
        for literal, name, spec, conversion in parts
    )


def _as_written(name: str, spec: str | None, conversion: str | None) -> str:
    return "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"


def _usual(kind: Kind, told: Mapping[str, str]) -> str:
    return "\n".join(filled(line, told) for field, line in LINES[kind] if told.get(field))


def _notice(kind: Kind, tells: Telling, one_way: bool) -> str:
    if one_way:
        return NOTICE_ONE_WAY
    return NOTICE_OF_BUSY if tells is Telling.BUSY else NOTICES[kind]


def _told(shown: Shown, tells: Telling) -> Mapping[str, str]:
    """What may be told, by the names that a template uses; and how many come, in words."""
    first, after = _edges(shown.when, shown.zone)
    known = {
        "unit": shown.unit,
        "property": shown.property,
        "reference": shown.reference,
        "status": shown.status.replace("_", " "),
        "guests": str(shown.guests or ""),
        "arrival": first,
        "departure": after,
        "nights": str((shown.when.after - shown.when.first).days) if isinstance(shown.when, AllDay) else "",
        "source": shown.source,
        "name": shown.name,
        "phone": shown.phone,
        "email": shown.email,
        "note": shown.note,
    }
    told = {name: value for name, value in known.items() if name in FIELDS[tells]}
    if tells is not Telling.BUSY:
        told["party"] = "1 guest" if shown.guests == 1 else f"{shown.guests} guests"
    return MappingProxyType(told)


def _edges(when: When, zone: ZoneInfo) -> tuple[str, str]:
    if isinstance(when, AllDay):
        return when.first.isoformat(), when.after.isoformat()
    return _on_the_wall(when.starts_at, zone), _on_the_wall(when.ends_at, zone)


def _on_the_wall(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
