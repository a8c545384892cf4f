"""Events made, changed and deleted: by the API, and by people, for whom the same rules hold."""

from __future__ import annotations

from tests.fakes.google_calendar import content, errors, recurring, times
from tests.fakes.google_calendar.world import Calendar, Resource, Version, World, instant

ORGANISERS = frozenset({"kind", "htmlLink", "created", "creator", "organizer", "iCalUID", "eventType"})
"""What stays with an event for as long as it lives, whatever is written to it"""


def insert(world: World, calendar: Calendar, actor: str, body: Resource) -> Resource:
    """A new event; an `id` in the body is the writer's own."""
    if body.get("id") is not None:
        event_id = content.own_id(body["id"])
        if body.get("iCalUID") is not None:
            raise errors.invalid("Send either an id or an iCalUID.")
        if event_id in calendar.events:
            raise errors.duplicate()
    else:
        event_id = world.new_id()
    if body.get("eventType", "default") not in content.CREATABLE:
        raise errors.wrong_type("Events of this type cannot be created.")
    return keep(world, calendar, actor, event_id, body)


def keep(world: World, calendar: Calendar, actor: str, event_id: str, body: Resource) -> Resource:
    """Like insert, of any type and under any id: what Google's own programs do."""
    made = content.normalised(body, calendar)
    whose = {"email": calendar.id} | ({"self": True} if calendar.id in world.accounts else {})
    return world.put(
        calendar,
        {
            "kind": "calendar#event",
            "id": event_id,
            "created": instant(world.now()),
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
            "creator": {"email": actor} | ({"self": True} if actor == calendar.id else {}),
            "organizer": whose | ({} if calendar.id in world.accounts else {"displayName": calendar.summary}),
            "iCalUID": body.get("iCalUID") or f"{event_id}@google.com",
            "eventType": body.get("eventType", "default"),
            "sequence": body.get("sequence") or 0,
            **made,
        },
    )


def get(world: World, calendar: Calendar, event_id: str) -> Resource:
    """As it is stored, deleted ones included, or the occurrence of a series that has this id."""
    known = calendar.events.get(event_id)
    if known is not None and not known.vanished:
        return known.event
    if known is None and (made := recurring.instance(calendar, event_id)) is not None:
        return made
    raise errors.not_found()


def update(
    world: World, calendar: Calendar, event_id: str, body: Resource, if_match: str | None = None
) -> Resource:
    """PUT: what the body does not say is gone."""
    current = _matching(world, calendar, event_id, if_match)
    return _replace(world, calendar, current, body)


def patch(
    world: World, calendar: Calendar, event_id: str, change: Resource, if_match: str | None = None
) -> Resource:
    current = _matching(world, calendar, event_id, if_match)
    return _replace(world, calendar, current, content.merged(current, change))


def delete(world: World, calendar: Calendar, event_id: str, if_match: str | None = None) -> None:
    known = calendar.events.get(event_id)
    if known is not None and known.cancelled and not known.vanished:
        raise errors.deleted()
    current = _matching(world, calendar, event_id, if_match)
    cancel(world, calendar, current)


def cancel(world: World, calendar: Calendar, event: Resource) -> Resource:
    """A tombstone; with a series everything goes that stood apart from it."""
    if "recurrence" in event:
        for exception in calendar.exceptions(event["id"]):
            if exception["status"] != "cancelled":
                world.put(calendar, exception | {"status": "cancelled"})
    return world.put(calendar, event | {"status": "cancelled"})


def move(world: World, source: Calendar, destination: Calendar, event_id: str) -> Resource:
    """To another calendar: the id and all that is written on the event go along, a tombstone stays."""
    event = get(world, source, event_id)
    if event["status"] == "cancelled" or "recurringEventId" in event:
        raise errors.Refusal(400, "cannotChangeOrganizer", "Cannot move this event.", domain="calendar")
    exceptions = source.exceptions(event_id)
    cancel(world, source, event)
    moved = _arrived(world, event, destination)
    for exception in exceptions:
        _arrived(world, exception, destination)
    return moved


def undelete(world: World, calendar: Calendar, event_id: str) -> Resource:
    """Out of the bin, as it was; what stood apart from a series comes back with it."""
    known = calendar.events[event_id]
    assert known.cancelled, f"{event_id} is not deleted"
    for exception in calendar.exceptions(event_id):
        before = _last_living(calendar, exception["id"])
        if before is not None and exception["status"] == "cancelled":
            world.put(calendar, before)
    return world.put(calendar, known.event | {"status": "confirmed"})


def _arrived(world: World, event: Resource, destination: Calendar) -> Resource:
    written = {side: times.seen_from(event[side], destination.time_zone) for side in ("start", "end")}
    return world.put(destination, event | written | {"organizer": {"email": destination.id}})


def _last_living(calendar: Calendar, event_id: str) -> Resource | None:
    """What it was before its series was deleted; None for an occurrence that was cancelled by itself."""
    versions: list[Version] = [version for version in calendar.history if version.event["id"] == event_id]
    return versions[-2].event if len(versions) > 1 and not versions[-2].cancelled else None


def _matching(world: World, calendar: Calendar, event_id: str, if_match: str | None) -> Resource:
    current = get(world, calendar, event_id)
    if if_match is not None and if_match != "*" and if_match != current["etag"]:
        raise errors.other_version()
    return current


def _replace(world: World, calendar: Calendar, current: Resource, body: Resource) -> Resource:
    if body.get("eventType") not in (None, current["eventType"]):
        raise errors.wrong_type("The event type cannot be changed.")
    if body.get("id") not in (None, current["id"]):
        raise errors.invalid("Invalid resource id value.")
    if (body.get("sequence") or current["sequence"]) < current["sequence"]:
        raise errors.invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of "
            "the resource. Re-fetch the resource and use its sequence number on the following request."
        )
    fixed = {name: value for name, value in current.items() if name in ORGANISERS}
    part = {
        name: current[name] for name in ("id", "recurringEventId", "originalStartTime") if name in current
    }
    written = content.normalised(body, calendar, exception="recurringEventId" in current)
    moved = any(written.get(name) != current.get(name) for name in ("start", "end", "recurrence"))
    sequence = max(current["sequence"], body.get("sequence") or 0) + (1 if moved else 0)
    changed = fixed | part | {"sequence": sequence} | written
    before = {name: value for name, value in current.items() if name not in ("etag", "updated")}
    if changed == before and current["id"] in calendar.events and not world.counts_idle_writes:
        return current  # nothing is changed by writing what stands there
    if changed["status"] == "cancelled":
        return cancel(world, calendar, changed)
    if "recurrence" in current and ("recurrence" not in written or written["start"] != current["start"]):
        _drop_exceptions(world, calendar, current)
    return world.put(calendar, changed)


def _drop_exceptions(world: World, calendar: Calendar, master: Resource) -> None:
    """A series at another time has other occurrences: what stood apart from the old ones ends."""
    for exception in calendar.exceptions(master["id"]):
        if exception["status"] != "cancelled":
            world.put(calendar, exception | {"status": "cancelled"})
