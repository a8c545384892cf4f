"""events.list: pages, sync tokens and what of a calendar they tell."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from tests.fakes.google_calendar import errors, recurring, times
from tests.fakes.google_calendar.errors import Refusal
from tests.fakes.google_calendar.world import Calendar, Resource, Version, World, instant

Query: TypeAlias = Mapping[str, Sequence[str]]

PAGE, LARGEST_PAGE = 250, 2500
NOT_WITH_A_TOKEN = (
    *("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty"),
    *("timeMin", "timeMax", "updatedMin"),
)
NO_TOKEN_AFTER = frozenset({"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty"})
FREE_TO_CHANGE = frozenset(
    {"syncToken", "pageToken", "showDeleted", "fields", "prettyPrint", "quotaUser", "userIp", "alt", "key"}
)


def listing(
    world: World, calendar: Calendar, query: Query, account: str, stale: int | None = None
) -> Resource:
    """One page as the account sees it; `stale` is the revision as of which it and later pages are told."""
    if _one(query, "singleEvents") == "true":
        raise Refusal(501, "notImplemented", "This double lists series and exceptions, not occurrences.")
    token, page = _one(query, "syncToken"), _one(query, "pageToken")
    said = _manner(query)
    since = _since(world, calendar, query, said) if token else None
    if page:
        if world.between_pages is not None:
            world.between_pages(calendar)
        place = _read(page, "Invalid page token value.")
        if (
            place.get("calendar") != _named(calendar)
            or place["said"] != _said(query)
            or place["token"] != token
        ):
            raise errors.invalid("Invalid page token value.", at="pageToken")
        after, begun, stale = place["after"], place["begun"], place["stale"]
    else:
        after, begun = -1, calendar.revision if stale is None else min(stale, calendar.revision)

    size = min(int(_one(query, "maxResults") or PAGE), LARGEST_PAGE, world.page_size or LARGEST_PAGE)
    chosen: list[Version] = []
    for version in _wanted(calendar, query, since, stale, after):
        chosen.append(version)
        if len(chosen) > size:
            break
    answer = _head(world, calendar, query, account)
    answer["items"] = [_item(world, version.event, query) for version in chosen[:size]]
    if len(chosen) > size:
        more = {"after": chosen[size - 1].ordinal, "begun": begun, "stale": stale, "said": _said(query)}
        answer["nextPageToken"] = _written({"calendar": _named(calendar), "token": token, **more})
    elif not NO_TOKEN_AFTER & query.keys() and "updatedMin" not in query:
        covered = begun if since is None else max(since, begun)
        answer["nextSyncToken"] = _written(
            {"calendar": _named(calendar), "covered": covered, "epoch": calendar.epoch, "said": said}
            | {"made": world.now().timestamp()}
        )
    return answer


def _since(world: World, calendar: Calendar, query: Query, said: str) -> int:
    """Up to which revision the token's listing told; refused where the token is no use."""
    for name in NOT_WITH_A_TOKEN:
        if name in query:
            raise errors.invalid(f"Sync token cannot be used with {name}.", at=name)
    if _one(query, "showDeleted") == "false":
        raise errors.invalid("Sync token cannot be used with showDeleted=false.", at="showDeleted")
    token = _read(_one(query, "syncToken") or "", "Invalid sync token value.")
    if token.get("calendar") != _named(calendar) or "covered" not in token:
        raise errors.invalid("Invalid sync token value.", at="syncToken")
    made = datetime.fromtimestamp(token["made"], UTC)
    old = world.token_life is not None and world.now() - made > world.token_life
    if token["epoch"] != calendar.epoch or old:
        raise errors.full_sync_required()
    if token["said"] != said:
        raise errors.invalid("Sync token was made by a listing with other parameters.", at="syncToken")
    return int(token["covered"])


def _wanted(
    calendar: Calendar, query: Query, since: int | None, stale: int | None, after: int
) -> Iterable[Version]:
    if since is not None and calendar.revision <= since:
        return
    types = query.get("eventTypes")
    for version in calendar.as_of(stale):
        if version.ordinal <= after or version.vanished or (since is not None and version.revision <= since):
            continue
        if types and version.event["eventType"] not in types:
            continue
        if since is not None or _in_full(calendar, version, query):
            yield version


def _in_full(calendar: Calendar, version: Version, query: Query) -> bool:
    """Whether a listing of everything has it: no tombstones, but the cancelled occurrences of what lives."""
    event = version.event
    if version.cancelled and _one(query, "showDeleted") != "true":
        master = calendar.events.get(event.get("recurringEventId", ""))
        if master is None or master.cancelled:
            return False
    if (uid := _one(query, "iCalUID")) and event["iCalUID"] != uid:
        return False
    for kind in ("private", "shared"):
        wanted = query.get(f"{kind}ExtendedProperty", ())
        has = event.get("extendedProperties", {}).get(kind, {})
        if any(has.get(pair.partition("=")[0]) != pair.partition("=")[2] for pair in wanted):
            return False
    if (words := _one(query, "q")) and words.lower() not in json.dumps(event).lower():
        return False
    if (least := _one(query, "updatedMin")) and event["updated"] < instant(times.moment(least)):
        return False
    return _in_window(calendar, event, _one(query, "timeMin"), _one(query, "timeMax"))


def _in_window(calendar: Calendar, event: Resource, first: str | None, after: str | None) -> bool:
    if first is None and after is None:
        return True
    opens = times.moment(first) if first else datetime.min.replace(tzinfo=UTC)
    closes = times.moment(after) if after else datetime.max.replace(tzinfo=UTC)
    if opens >= closes:
        raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if "recurrence" not in event:
        starts, ends = times.span(event, calendar.zone)
        return starts < closes and ends > opens
    soon = min(closes, opens + timedelta(days=3660)) if first else closes
    made = recurring.occurrences(event, calendar.time_zone, soon)
    return any(times.span(one, calendar.zone)[1] > opens for one in made)


def _head(world: World, calendar: Calendar, query: Query, account: str) -> Resource:
    last = next(reversed(calendar.history)).event["updated"] if calendar.history else instant(world.now())
    return {
        "kind": "calendar#events",
        "etag": f'"p{calendar.revision}{calendar.epoch:04d}"',
        "summary": calendar.summary,
        "description": calendar.description,
        "updated": last,
        "timeZone": _one(query, "timeZone") or calendar.time_zone,
        "accessRole": calendar.role(account),
        "defaultReminders": [{"method": "popup", "minutes": 10}],
    }


def _item(world: World, event: Resource, query: Query) -> Resource:
    told = world.told(event)
    zone = _one(query, "timeZone")
    if zone is None or "start" not in told:
        return told
    return told | {side: times.seen_from(told[side], zone) for side in ("start", "end")}


def _manner(query: Query) -> str:
    """The parameters that must be those of the first call."""
    lasting = FREE_TO_CHANGE | {"timeMin", "timeMax"}  # they choose what the first call tells, and no more
    return json.dumps({name: list(query[name]) for name in sorted(query) if name not in lasting})


def _said(query: Query) -> str:
    """The parameters that must be the same for every page of a listing."""
    return json.dumps({name: list(query[name]) for name in sorted(query) if name not in FREE_TO_CHANGE})


def _one(query: Query, name: str) -> str | None:
    values = query.get(name)
    return values[-1] if values else None


def _named(calendar: Calendar) -> str:
    """Nothing can be read in a token of Google's."""
    return hashlib.sha256(calendar.id.encode()).hexdigest()[:16]


def _written(token: Resource) -> str:
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode()


def _read(token: str, message: str) -> dict[str, Any]:
    try:
        read = json.loads(base64.urlsafe_b64decode(token))
        if isinstance(read, dict):
            return read
    except ValueError:
        pass
    raise errors.invalid(message)
