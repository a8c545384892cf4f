"""freeBusy.query: when calendars are busy, without a word of why."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.fakes.google_calendar import errors, recurring, times
from tests.fakes.google_calendar.errors import Refusal
from tests.fakes.google_calendar.world import Calendar, Resource, World

MOST_CALENDARS = 50
LONGEST = timedelta(days=62)
"""Two months"""
NEVER_BUSY = frozenset({"workingLocation", "birthday"})


def answer(world: World, account: str, body: Resource, ailing: dict[str, str]) -> Resource:
    """`ailing` are calendars that cannot be told of at this moment, and for what reason."""
    try:
        opens, closes = times.moment(body["timeMin"]), times.moment(body["timeMax"])
    except (KeyError, ValueError):
        raise errors.required("Missing timeMin or timeMax.") from None
    if opens.tzinfo is None or closes.tzinfo is None:
        raise errors.invalid("timeMin and timeMax require an offset.")
    if closes <= opens:
        raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if closes - opens > LONGEST:
        raise Refusal(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    asked = [item.get("id", "") for item in body.get("items", [])]
    if len(asked) > min(MOST_CALENDARS, body.get("calendarExpansionMax", MOST_CALENDARS)):
        raise Refusal(
            400, "tooManyCalendarsRequested", "Too many calendars were requested.", domain="calendar"
        )
    zone = body.get("timeZone", "UTC")
    told = {}
    for name in asked:
        calendar = world.calendars.get(account if name == "primary" else name)
        if (reason := ailing.get(name)) is None and (calendar is None or calendar.role(account) == "none"):
            reason = "notFound"
        if calendar is None or reason is not None:
            told[name] = {"errors": [{"domain": "global", "reason": reason}], "busy": []}
        else:
            told[name] = {"busy": _told(busy(calendar, opens, closes), zone)}
    return {
        "kind": "calendar#freeBusy",
        "timeMin": times.local(opens, zone),
        "timeMax": times.local(closes, zone),
        "calendars": told,
    }


def busy(calendar: Calendar, opens: datetime, closes: datetime) -> list[tuple[datetime, datetime]]:
    """Instants within the two, half-open, apart from each other and in order."""
    spans = sorted(
        (max(starts, opens), min(ends, closes))
        for one in _occurrences(calendar, closes)
        if is_busy(one)
        for starts, ends in [times.span(one, calendar.zone)]
        if starts < closes and ends > opens and starts < ends
    )
    merged: list[tuple[datetime, datetime]] = []
    for starts, ends in spans:
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((starts, ends))
    return merged


def is_busy(event: Resource) -> bool:
    declined = any(
        attendee.get("self") and attendee["responseStatus"] == "declined"
        for attendee in event.get("attendees", [])
    )
    return not (
        event["status"] == "cancelled"
        or event.get("transparency") == "transparent"
        or event["eventType"] in NEVER_BUSY
        or declined
    )


def _occurrences(calendar: Calendar, before: datetime) -> list[Resource]:
    found: list[Resource] = []
    for version in calendar.events.values():
        event = version.event
        if version.cancelled or ("recurringEventId" in event and not _lives(calendar, event)):
            continue
        if "recurrence" not in event:
            found.append(event)
            continue
        apart = {exception["id"] for exception in calendar.exceptions(event["id"])}
        made = recurring.occurrences(event, calendar.time_zone, before)
        found += [one for one in made if one["id"] not in apart]
    return found


def _lives(calendar: Calendar, exception: Resource) -> bool:
    master = calendar.events.get(exception["recurringEventId"])
    return master is not None and not master.cancelled


def _told(spans: list[tuple[datetime, datetime]], zone: str) -> list[Resource]:
    return [{"start": times.local(starts, zone), "end": times.local(ends, zone)} for starts, ends in spans]
