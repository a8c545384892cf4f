"""What we ask Google to be allowed, and in plain words why. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.google_calendar.settings import Reach

_AT = "https://www.googleapis.com/auth/"

EVENTS = _AT + "calendar.events"
LIST = _AT + "calendar.calendarlist.readonly"
FREE_BUSY = _AT + "calendar.events.freebusy"
CREATED = _AT + "calendar.app.created"

SCOPES: Mapping[str, str] = {
    EVENTS: (
        "To see the events in the calendars that you choose, so that we do not let what is taken, and to "
        "keep your bookings in them. Google grants this for all calendars of the account; we touch only "
        "those that you link. Not asked for with the reach created."
    ),
    LIST: ("To show you a list of your calendars to choose from. Not asked for with the reach created."),
    FREE_BUSY: (
        "To see when a calendar is busy, where nothing else of it is to be read. Not asked for with the "
        "reach created."
    ),
    CREATED: (
        "To create calendars for your units and to keep your bookings in them. With the reach created this "
        "is all that is asked for: we then see no calendar but those that we created."
    ),
}

_OF: Mapping[Reach, tuple[str, ...]] = {
    Reach.ALL: (EVENTS, LIST, FREE_BUSY, CREATED),
    Reach.CREATED: (CREATED,),
}


def wanted(reach: Reach) -> tuple[str, ...]:
    """What is asked for, by how far it is to reach."""
    return _OF[reach]
