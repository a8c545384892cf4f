"""What must hold when everything is quiet: I1 to I9 of two-way sync, looked at from outside of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.mirroring import MirrorOptions
from connectors.registry import connector
from hub import clock
from hub.database import vault_of
from hub.domain.lifecycle import Status
from hub.models.sync import SyncItem
from sync import mirrors
from sync.planning.threeway import RESTORES
from tests.flows.agreement.world import World

_OURS = text("""
    SELECT 'booking_item' AS kind, i.id, i.arrival, i.departure FROM booking_items i
    JOIN bookings b ON b.organization_id = i.organization_id AND b.id = i.booking_id
    WHERE b.status = 'confirmed' OR (b.status = 'held' AND b.hold_until > :now)
    UNION ALL SELECT 'blackout', id, arrival, departure FROM blackouts
""")
_OVERLAPS = text("""
    SELECT count(*) FROM allocations a JOIN allocations b
    ON a.unit_id = b.unit_id AND a.id < b.id AND a.during && b.during
""")
_UNCOVERED = text("""
    SELECT count(*) FROM external_events e WHERE e.ends_at > :now AND NOT EXISTS (
        SELECT FROM external_blocks b WHERE b.event_id = e.id)
""")
_MOVES = text("""
    SELECT entity_id, actor_kind, action, after FROM changes
    WHERE entity IN ('booking', 'blackout') AND after IS NOT NULL ORDER BY at, id
""")
_RETURNS = text("SELECT sealed FROM conflicts WHERE sealed IS NOT NULL")
_SPANS = text("SELECT remote ->> 'span' FROM conflicts WHERE sync_item_id IS NOT NULL")
_HELD = text("""
    SELECT md5(string_agg(t.line, '' ORDER BY t.line)) FROM (
        SELECT b::text AS line FROM bookings b UNION ALL SELECT i::text FROM booking_items i
        UNION ALL SELECT a::text FROM allocations a UNION ALL SELECT k::text FROM blackouts k
        UNION ALL SELECT e::text FROM external_events e UNION ALL SELECT x::text FROM external_blocks x
        UNION ALL SELECT c::text FROM conflicts c UNION ALL SELECT h::text FROM changes h) t
""")


def violations(world: World) -> list[str]:
    """All that is wrong, in words; the world is quiet."""
    return [
        *_convergence(world),
        *_lost_words(world),
        *_steps_back(world),
        *_sold_twice(world),
        *_lost_bookings(world),
        *_not_at_rest(world),
    ]


def _convergence(world: World) -> Iterator[str]:
    """I1, I3, I5: what is here and what is there are the same, and each once."""
    both, now = world.both, clock.now()
    items = {item.remote_id: item for item in both.items()}
    living = both.there()
    ours = {(row.kind, row.id): row for row in world.sql(str(_OURS), now=now)}
    shown: dict[tuple[str, Any], str] = {}
    for event_id, event in living.items():
        item = items.get(event_id)
        marker = event.get("extendedProperties", {}).get("private", {})
        if item is None:
            yield f"I1: nobody knows the event {event['summary']!r}"
        elif item.origin == "remote" and event_id not in world.foreign:
            yield f"I5: {event['summary']!r} is there once more, as if it were somebody's own"
        elif item.origin == "remote":
            yield from _foreign(world, item, event)
        else:
            local = (str(item.local_kind), item.local_id)
            if local in shown:
                yield f"I5: {local[0]} is there twice"
            shown[local] = event_id
            if marker.get("hubItem") != str(item.id):
                yield f"I1: an event of ours bears no marker of its own: {event['summary']!r}"
            if local not in ours:
                yield f"I3: {event['summary']!r} stands for nothing that is here"
            else:
                yield from _different(world, item, event, ours[local])
    deleted = {one.event for one in world.written if one.kind == "deletion"}
    for event_id in set(world.foreign) - living.keys() - deleted:
        yield f"I1: somebody's own event {event_id} was deleted"
    by_local = {(str(item.local_kind), item.local_id): item for item in items.values()}
    for local in ours.keys() - shown.keys():
        item = by_local.get(local)
        if item is None or not (item.review and item.restores >= RESTORES):
            yield f"I1: {local[0]} of {ours[local].arrival} is not there"
    dead = {item.id for item in items.values() if item.remote_id not in living}
    for told in both.events():
        if told.item_id in dead:
            yield f"I1: an event of {told.first} is counted that is not there any more"


def _foreign(world: World, item: SyncItem, event: dict[str, Any]) -> Iterator[str]:
    told = [one for one in world.both.events() if one.item_id == item.id]
    if event.get("transparency") == "transparent":
        if told:
            yield f"I1: {event['summary']!r} is free, and counted"
        return
    start = event["start"]["date"]
    if start not in {one.first.isoformat() for one in told if one.first}:
        yield f"I8: {event['summary']!r} of {start} is not counted, but {[str(one.first) for one in told]}"
    if "recurrence" not in event and len(told) != 1:
        yield f"I5: {event['summary']!r} is counted {len(told)} times"


def _different(world: World, item: SyncItem, event: dict[str, Any], row: Any) -> Iterator[str]:
    """Both sides say the same of one thing, the texts in the words of whoever has the last one."""
    there = (event["start"].get("date"), event["end"].get("date"))
    here = (row.arrival.isoformat(), row.departure.isoformat())
    if there != here:
        yield f"I1: {event['summary']!r} is at {there} there and at {here} here"
    if event.get("transparency") == "transparent":
        yield f"I1: {event['summary']!r} is shown as free"

    def words(session: Session) -> str:
        fresh = session.merge(item)
        assert item.local_id is not None
        local = (str(item.local_kind), item.local_id)
        mirror = mirrors.of(session, world.both.link(), _options(world), [local], clock.now())[local]
        if fresh.text_sealed is not None:
            return str(vault_of(session).open(fresh.text_sealed)["summary"])
        return mirror.content.summary

    said = world.both.do(words)
    if event.get("summary", "") != said.strip():
        yield f"I1: {event.get('summary')!r} there is {said!r} here"


def _options(world: World) -> MirrorOptions:
    return MirrorOptions.model_validate(
        {name: said for name, said in world.both.settings.items() if name in MirrorOptions.model_fields}
    )


def _lost_words(world: World) -> Iterator[str]:
    """I2: whatever a person wrote on an event of ours was taken over, or is in the conflicts."""
    both = world.both
    items = {item.remote_id: item for item in both.items() if item.origin == "hub" and item.local_id}
    past = {both_id: item for item in items.values() for both_id in _names(world, item)}

    def read(session: Session) -> tuple[set[str], list[str], str]:
        words = set()
        for (sealed,) in session.execute(_RETURNS):
            said = vault_of(session).open(bytes(sealed))
            words |= {side["summary"] for side in said.values() if side}
        spans = [span or "" for (span,) in session.execute(_SPANS)]
        log = " ".join(str(row.after) for row in session.execute(_MOVES))
        return words, spans, log

    words, spans, log = both.do(read)
    told = {conflict.sync_item_id for conflict in [*both.conflicts("open"), *both.conflicts("closed")]}
    for one in world.written:
        item = past.get(one.event)
        if item is None:
            continue  # theirs, or a copy: nobody writes over it
        if one.kind == "deletion":
            if item.remote_id != one.event and item.id not in told:
                yield f"I2: nobody is told that the deletion of {one.event} was undone"
        elif one.overwritten and one.kind == "text":
            if one.value not in world.accepted | words:
                yield f"I2: the words {one.value!r} are lost"
        elif one.overwritten and one.value not in log and not any(one.value in span for span in spans):
            yield f"I2: the move to {one.value} is lost"


def _names(world: World, item: SyncItem) -> list[str]:
    source: Any = connector("google_calendar")
    return [source.event_id(item.id, number) for number in range(item.incarnation + 1)]


def _steps_back(world: World) -> Iterator[str]:
    """I6: no pull moves anything back to where it was before."""
    was: dict[Any, list[str]] = {}
    wanted = {one.value for one in world.written if one.kind == "time"}
    for row in world.sql(str(_MOVES)):
        for place in (row.after or {}).get("items", [row.after or {}]):
            where = place.get("arrival")
            if where is None:
                continue
            key = (row.entity_id, place.get("id"))
            seen = was.setdefault(key, [])
            back = where in seen[:-1] and seen and where != seen[-1]
            if back and row.actor_kind == "worker" and where not in wanted:
                yield f"I6: something was moved back to {where}"
            if not seen or seen[-1] != where:
                seen.append(where)


def _sold_twice(world: World) -> Iterator[str]:
    """I8."""
    if world.sql(str(_OVERLAPS)).scalar():
        yield "I8: a unit is taken twice"
    if world.sql(str(_UNCOVERED), now=clock.now()).scalar():
        yield "I8: an event takes nothing"


def _lost_bookings(world: World) -> Iterator[str]:
    """I9: nothing but a person ends a booking or a blackout."""
    deleted = any(one.kind == "deletion" for one in world.written)
    for booked in world.booked:
        status = world.both.booking(booked).status
        if booked.booking.id in world.cancelled:
            if status != Status.CANCELLED:
                yield f"I3: a cancelled booking is {status}"
        elif status == Status.CANCELLED and not (booked.booking.status == Status.HELD and deleted):
            yield "I9: a booking was lost"


def _not_at_rest(world: World) -> Iterator[str]:
    """I4, I7: once more, in full, and after the cursor ran out: nothing is written anywhere."""
    both = world.both
    both.google.reset_log()
    held = world.sql(str(_HELD)).scalar()
    world.sync()
    world.sql("UPDATE links SET scan_at = NULL")
    world.sync()
    both.google.world.expire_sync_tokens(both.calendar)
    world.sync()
    if writes := both.google.writes():
        yield f"I4: {[(entry.operation, entry.status) for entry in writes]}"
    if world.sql(str(_HELD)).scalar() != held:
        yield "I4: something was written here"
    if both.google.violations:
        yield f"the double was asked for {both.google.violations}"
