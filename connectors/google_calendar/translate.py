"""
Google's JSON <-> our words. Pure.

https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from connectors import texts
from connectors.calendars import Calendar, CalendarEvent, Draft, Marker, Page
from connectors.contract import Timed
from connectors.google_calendar import times
from connectors.google_calendar.colours import colour_id

ITEM, REVISION, SIGNATURE = "hubItem", "hubRevision", "hubSignature"
"""Private extended properties: people do not see them, and a copy of the event has them too"""
WORDS, ESCAPED = "hubWords", "escaped"
"""Another: the description was escaped when we wrote it"""

LONGEST_SUMMARY, LONGEST_DESCRIPTION = 1024, 8192
"""In UTF-16 units, the description as HTML"""

BLIND = frozenset({"none", "freeBusyReader"})
"""Roles in a calendar that see no event as it is"""
WRITERS = frozenset({"owner", "writer"})

_FREE_TYPES: Mapping[str, str] = {
    "workingLocation": "it tells a place of work",
    "birthday": "it is a birthday",
}


class Malformed(ValueError):
    """It is not what Google's documentation says."""


def event_id(item: UUID, incarnation: int) -> str:
    """52 characters of those that Google allows (base32hex, RFC 4648, 7, in lower case)."""
    digest = hashlib.sha256(f"{item}/{incarnation}".encode()).digest()
    return base64.b32hexencode(digest).decode().rstrip("=").lower()


# Theirs


def page(said: Mapping[str, Any], full: bool) -> Page:
    """A page of a listing: the last one bears a sync token, every other one the name of the next."""
    following, token = _text(said, "nextPageToken"), _text(said, "nextSyncToken")
    items = said.get("items", [])
    if not isinstance(items, list) or bool(following) == bool(token):
        raise Malformed("a page of events")
    zone = _text(said, "timeZone")
    events = tuple(event(item, zone) for item in items)
    return Page(events, following or None, {"syncToken": token} if token else None, full)


def event(said: object, calendar_zone: str = "") -> CalendarEvent:
    """An event as it is there; `calendar_zone` is that of its calendar, where it is known."""
    if not isinstance(said, Mapping):
        raise Malformed("an event")
    if not (known_as := _text(said, "id")):
        raise Malformed("an event without an id")
    original = said.get("originalStartTime")
    series = _text(said, "recurringEventId")
    told: dict[str, Any] = {
        "id": known_as,
        "etag": _text(said, "etag"),
        "updated": _updated(said),
        "marker": _marker(said),
        "series": series,
        "original": times.original(original, calendar_zone) if series else None,
    }
    if said.get("status") == "cancelled":
        return CalendarEvent(deleted=True, **told)
    read = times.read(said.get("start"), said.get("end"), calendar_zone)
    why_free = _why_free(said, read)
    lost = series and told["original"] is None
    return CalendarEvent(
        when=read.when,
        busy=not why_free,
        why_free=why_free,
        summary=_text(said, "summary"),
        description=_description(said),
        recurrence=_recurrence(said),
        zone=read.zone,
        problem="which occurrence of its series it replaces cannot be read" if lost else read.problem,
        **told,
    )


def is_deleted(said: Mapping[str, Any]) -> bool:
    return said.get("status") == "cancelled"


def _why_free(said: Mapping[str, Any], read: times.Read) -> str:
    """Empty where it is busy. Whatever is not plainly free is."""
    if said.get("transparency") == "transparent":
        return "it is shown as free"
    if words := _FREE_TYPES.get(_text(said, "eventType")):
        return words
    attendees = said.get("attendees")
    for guest in attendees if isinstance(attendees, list) else ():
        if isinstance(guest, Mapping) and guest.get("self") is True:
            if guest.get("responseStatus") == "declined":
                return "the invitation was declined"
            break
    if isinstance(read.when, Timed) and read.when.starts_at == read.when.ends_at and not read.problem:
        return "it has no length"
    return ""


def _marker(said: Mapping[str, Any]) -> Marker | None:
    private = _private(said)
    item, revision, signature = (private.get(name) for name in (ITEM, REVISION, SIGNATURE))
    if isinstance(item, str) and isinstance(revision, str) and isinstance(signature, str):
        return Marker(item, revision, signature)
    return None


def _description(said: Mapping[str, Any]) -> str:
    """
    Google shows it as HTML. What we wrote is read as we meant it; of others, and whatever markup people put
    into ours, it is read as it is written.
    """
    written = _text(said, "description")
    return texts.unescaped(written) if _private(said).get(WORDS) == ESCAPED else written


def _private(said: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = said.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, Mapping) else None
    return private if isinstance(private, Mapping) else {}


def _recurrence(said: Mapping[str, Any]) -> tuple[str, ...]:
    lines = said.get("recurrence", [])
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Malformed("an event's recurrence")
    return tuple(lines)


def _updated(said: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(said, "updated"))
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"a text {name}")
    return value


def writable(said: Mapping[str, Any]) -> bool:
    """By the account's role in a calendar; nothing is said of it where the account made it just now."""
    return said.get("accessRole", "owner") in WRITERS


def calendar(said: object) -> Calendar:
    """One of a list of calendars, or one that was just created, which is its creator's."""
    if not isinstance(said, Mapping) or not (known_as := _text(said, "id")):
        raise Malformed("a calendar")
    return Calendar(
        id=known_as,
        name=_text(said, "summaryOverride") or _text(said, "summary"),
        time_zone=_text(said, "timeZone"),
        writable=writable(said),
        primary=said.get("primary") is True,
    )


# Ours


def created(known_as: str, draft: Draft) -> dict[str, Any]:
    """The body of a new event."""
    return {"id": known_as, **_ours(draft, {})}


def replaced(there: Mapping[str, Any], draft: Draft) -> dict[str, Any]:
    """The event as it is to be: what a draft names is ours to say, all else stays as people left it."""
    kept = {name: value for name, value in there.items() if name != "recurrence"}
    return {**kept, **_ours(draft, there)}


def _ours(draft: Draft, there: Mapping[str, Any]) -> dict[str, Any]:
    start, end = times.written(draft.when)
    colour = colour_id(draft.colour)
    said = there.get("extendedProperties")
    properties = said if isinstance(said, Mapping) else {}
    marker = {
        ITEM: draft.marker.item,
        REVISION: draft.marker.revision,
        SIGNATURE: draft.marker.signature,
        WORDS: ESCAPED,
    }
    return {
        "status": "confirmed",
        "start": start,
        "end": end,
        "summary": texts.cut(draft.summary, LONGEST_SUMMARY),
        "description": _described(draft, there),
        "transparency": "opaque" if draft.busy else "transparent",
        "extendedProperties": {
            **properties,
            "private": {**_private(there), **marker},
        },
        **({"colorId": colour} if colour else {}),
    }


def _described(draft: Draft, there: Mapping[str, Any]) -> str:
    """
    Escaped, for a guest's name must not become a link. Words that are there already stay as they stand: they
    may be a person's, with their markup.
    """
    if _private(there).get(WORDS) == ESCAPED and _description(there) == draft.description:
        return _text(there, "description")
    return texts.escaped(texts.cut(draft.description, LONGEST_DESCRIPTION, as_html=True))
