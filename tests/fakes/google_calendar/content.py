"""What an event may say, and what a server makes of it before it keeps it."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.google_calendar import errors, recurring, times
from tests.fakes.google_calendar.world import Calendar, Resource

OURS = re.compile(r"[a-v0-9]{5,1024}")
KEY, VALUE, PROPERTIES, BYTES = 44, 1024, 300, 32 * 1024
"""Limits of extended properties: characters of a name and of a value, how many, and all of them together"""

_BY_THE_SERVER = ("kind", "etag", "id", "htmlLink", "created", "updated", "creator", "organizer", "sequence")
_FOR_GOOD = ("recurringEventId", "originalStartTime", "hangoutLink", "iCalUID", "eventType", "locked")
_TOLD_ONLY = ("privateCopy", "endTimeUnspecified", "attendeesOmitted")
READ_ONLY = frozenset((*_BY_THE_SERVER, *_FOR_GOOD, *_TOLD_ONLY))
DEFAULTS: Resource = {
    "transparency": "opaque",
    "visibility": "default",
    "guestsCanInviteOthers": True,
    "guestsCanSeeOtherGuests": True,
    "guestsCanModify": False,
    "anyoneCanAddSelf": False,
}
"""What is not told where it is so"""
STATUSES = frozenset({"confirmed", "tentative", "cancelled"})
RESPONSES = frozenset({"needsAction", "declined", "tentative", "accepted"})
CREATABLE = frozenset({"default", "outOfOffice", "focusTime", "workingLocation", "birthday"})
KNOWN_TYPES = CREATABLE | {"fromGmail"}


def own_id(given: Any) -> str:
    if not isinstance(given, str) or not OURS.fullmatch(given):
        raise errors.invalid("Invalid resource id value.")
    return given


def normalised(body: Resource, calendar: Calendar, exception: bool = False) -> Resource:
    """What of an event can be written, checked and as it is stored; `body` is the whole of it."""
    body = {name: value for name, value in body.items() if value is not None}
    recurrence = body.get("recurrence") or []
    if recurrence and exception:
        raise errors.invalid("An instance of a recurring event cannot recur.")
    kept = {name: value for name, value in body.items() if name not in READ_ONLY and value not in ("", [])}
    for side in ("start", "end"):
        kept[side] = times.normalised(body.get(side), side, calendar.time_zone, bool(recurrence))
    times.in_order(kept["start"], kept["end"])
    if recurrence:
        kept["recurrence"] = recurring.checked(list(recurrence), kept["start"])
    if summary := str(kept.pop("summary", "")).rstrip():
        kept["summary"] = summary
    if kept.setdefault("status", "confirmed") not in STATUSES:
        raise errors.invalid("Invalid event status.", at="status")
    if kept.get("transparency", "opaque") not in ("opaque", "transparent"):
        raise errors.invalid("Invalid value for: transparency", at="transparency")
    if kept.get("colorId") is not None and kept["colorId"] not in {str(number) for number in range(1, 12)}:
        raise errors.invalid("Invalid color id.", at="colorId")
    kept.setdefault("reminders", {"useDefault": True})
    if "attendees" in kept:
        kept["attendees"] = [_attendee(attendee, calendar) for attendee in kept["attendees"]]
    if "extendedProperties" in kept:
        kept["extendedProperties"] = _properties(kept["extendedProperties"])
        if not kept["extendedProperties"]:
            del kept["extendedProperties"]
    return {name: value for name, value in kept.items() if DEFAULTS.get(name) != value}


def _attendee(given: Resource, calendar: Calendar) -> Resource:
    if "@" not in given.get("email", ""):
        raise errors.invalid("Invalid attendee email.")
    if given.get("responseStatus", "needsAction") not in RESPONSES:
        raise errors.invalid("Invalid attendee response status.")
    attendee = {name: value for name, value in given.items() if name not in ("self", "organizer", "id")}
    attendee.setdefault("responseStatus", "needsAction")
    if attendee["email"].lower() == calendar.id.lower():
        attendee |= {"self": True, "organizer": True}
    return attendee


def _properties(given: Resource) -> Resource:
    kept = {}
    for kind in ("private", "shared"):
        properties = {name: value for name, value in (given.get(kind) or {}).items() if value is not None}
        for name, value in properties.items():
            if len(name) > KEY or len(value) > VALUE:
                raise errors.invalid(f"Extended property {name[:KEY]} is too long.")
        if len(properties) > PROPERTIES or sum(len(n) + len(v) for n, v in properties.items()) > BYTES:
            raise errors.invalid("Too many extended properties.")
        if properties:
            kept[kind] = properties
    return kept


def merged(current: Any, change: Any) -> Any:
    """A patch (RFC 7386): null takes away, objects merge, everything else is replaced."""
    if not isinstance(change, dict):
        return change
    result = dict(current) if isinstance(current, dict) else {}
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
