"""What each method of the API does here; a method that is not in the table answers 501."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.fakes.google_calendar import errors, events, freebusy, listing
from tests.fakes.google_calendar.asked import Asked
from tests.fakes.google_calendar.oauth import APP_CREATED, Grant
from tests.fakes.google_calendar.times import zone_of
from tests.fakes.google_calendar.watching import Watching
from tests.fakes.google_calendar.world import ROLES, Calendar, Resource, World

CALENDARS_PAGE = 100


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is signed in and in order; what it wants is still to be seen."""

    world: World
    watching: Watching
    grant: Grant
    asked: Asked
    body: Any
    stale: int
    """Changes by which the answer is behind; 0: none"""
    ailing: dict[str, str]
    limits: Limits

    def calendar(self, role: str = "reader") -> Calendar:
        found = self.world.seen_by(self.grant.account, self.asked.calendar, role)
        wanted = self.asked.route.scopes if self.asked.route else frozenset()
        if self.grant.scopes & wanted == {APP_CREATED} and found.made_by != self.grant.application:
            raise errors.not_found()
        return found

    @property
    def if_match(self) -> str | None:
        return self.asked.headers.get("if-match")


@dataclass
class Limits:
    new_calendars: int | None = None
    """How many more may be made; None: as many as one likes"""


Done: TypeAlias = tuple[int, Resource | None]


def _insert(request: Request) -> Done:
    made = events.insert(request.world, request.calendar("writer"), request.grant.account, request.body)
    return 200, made


def _get(request: Request) -> Done:
    event = events.get(request.world, request.calendar(), request.asked.named["eventId"])
    if request.asked.headers.get("if-none-match") == event["etag"]:
        return 304, None
    return 200, request.world.told(event)


def _list(request: Request) -> Done:
    calendar = request.calendar()
    stale = max(0, calendar.revision - request.stale) if request.stale else None
    return 200, listing.listing(request.world, calendar, request.asked.query, request.grant.account, stale)


def _update(request: Request) -> Done:
    calendar, event_id = request.calendar("writer"), request.asked.named["eventId"]
    return 200, events.update(request.world, calendar, event_id, request.body, request.if_match)


def _patch(request: Request) -> Done:
    calendar, event_id = request.calendar("writer"), request.asked.named["eventId"]
    return 200, events.patch(request.world, calendar, event_id, request.body, request.if_match)


def _delete(request: Request) -> Done:
    calendar, event_id = request.calendar("writer"), request.asked.named["eventId"]
    events.delete(request.world, calendar, event_id, request.if_match)
    return 204, None


def _move(request: Request) -> Done:
    destination = request.asked.query["destination"][-1]
    into = request.world.seen_by(request.grant.account, destination, "writer")
    source = request.calendar("writer")
    return 200, events.move(request.world, source, into, request.asked.named["eventId"])


def _watch(request: Request) -> Done:
    return 200, request.watching.open(request.calendar(), request.grant.account, request.body)


def _stop(request: Request) -> Done:
    request.watching.stop(request.grant.account, request.body)
    return 204, None


def _free_busy(request: Request) -> Done:
    return 200, freebusy.answer(request.world, request.grant.account, request.body, request.ailing)


def _calendar_list(request: Request) -> Done:
    """Pages in the order in which calendars came; `maxResults` is 100, and 250 at most."""
    account, query = request.grant.account, request.asked.query
    least = query.get("minAccessRole", ["freeBusyReader"])[-1]
    mine = [
        calendar
        for calendar in request.world.calendars.values()
        if ROLES.index(calendar.role(account)) >= ROLES.index(least)
    ]
    size = min(int(query.get("maxResults", [str(CALENDARS_PAGE)])[-1]), 250, request.world.page_size or 250)
    begin = _begin(query.get("pageToken", ["from-0"])[-1])
    told: Resource = {"kind": "calendar#calendarList", "etag": f'"p{len(mine)}"'}
    told["items"] = [_entry(calendar, account) for calendar in mine[begin : begin + size]]
    if begin + size < len(mine):
        return 200, told | {"nextPageToken": f"from-{begin + size}"}
    return 200, told | {"nextSyncToken": f"calendars-{len(mine)}"}


def _begin(token: str) -> int:
    if not token.startswith("from-"):
        raise errors.invalid("Invalid page token value.", at="pageToken")
    return int(token.removeprefix("from-"))


def _entry(calendar: Calendar, account: str) -> Resource:
    entry: Resource = {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{calendar.revision + 1}000"',
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "accessRole": calendar.role(account),
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": []},
    }
    return entry | ({"primary": True} if calendar.id == account else {"dataOwner": calendar.owner})


def _calendar_entry(request: Request) -> Done:
    calendar = request.world.seen_by(request.grant.account, request.asked.calendar, "freeBusyReader")
    return 200, _entry(calendar, request.grant.account)


def _resource(calendar: Calendar) -> Resource:
    return {
        "kind": "calendar#calendar",
        "etag": f'"{calendar.epoch + 1}000"',
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        **({"description": calendar.description} if calendar.description else {}),
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }


def _calendar_get(request: Request) -> Done:
    return 200, _resource(request.calendar())


def _calendar_insert(request: Request) -> Done:
    summary, zone = request.body.get("summary"), request.body.get("timeZone", "UTC")
    if not summary:
        raise errors.required("Missing summary.")
    zone_of(zone)
    if request.limits.new_calendars is not None:
        if not request.limits.new_calendars:
            raise errors.too_many_calendars()
        request.limits.new_calendars -= 1
    made = request.world.add_calendar(request.grant.account, summary, zone, request.grant.application)
    made.description = request.body.get("description", "")
    return 200, _resource(made)


def _calendar_delete(request: Request) -> Done:
    calendar = request.calendar("owner")
    if calendar.id in request.world.accounts:
        message = "Cannot delete primary calendars."
        raise errors.Refusal(403, "cannotDeletePrimaryCalendar", message, "calendar")
    request.world.drop_calendar(calendar.id)
    return 204, None


TABLE: Mapping[str, Callable[[Request], Done]] = {
    "events.insert": _insert,
    "events.get": _get,
    "events.list": _list,
    "events.update": _update,
    "events.patch": _patch,
    "events.delete": _delete,
    "events.move": _move,
    "events.watch": _watch,
    "channels.stop": _stop,
    "freebusy.query": _free_busy,
    "calendarList.list": _calendar_list,
    "calendarList.get": _calendar_entry,
    "calendars.get": _calendar_get,
    "calendars.insert": _calendar_insert,
    "calendars.delete": _calendar_delete,
}
