"""
Which calendars have to hear of what changed here: their items are touched, and they are synced at once.

The link's row first, as everywhere, then its items. Whoever looks at a link's items holds its row, so nothing
that is touched here is missed by a pass that is under way: it goes again when `dirty_seq` has moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row
from sqlalchemy.orm import Session

from connectors.contract import PushesEvents
from connectors.mirroring import MirrorOptions
from hub import clock
from hub.database import vault_of
from hub.ids import new_id
from hub.models.links import Link
from hub.queries import links as links_query
from hub.queries import mirrors as query
from sync import mirrors, remote, signing
from sync.mirrors import TURNAROUND, Local, Mirror
from sync.planning import content
from sync.planning.content import Groups
from sync.planning.threeway import Change, change

AT_ONCE = 1000
"""How many are worded at a time: what a guest's name is, too, need not all be in memory"""


def touch(
    session: Session,
    booking_ids: Collection[UUID],
    blackout_ids: Collection[UUID],
    *,
    only: Collection[UUID] | None = None,
) -> tuple[UUID, ...]:
    """
    Have these planned anew wherever they are shown, or are to be: the links whose calendars that concerns,
    or those of them that `only` names.

    Four statements, however many there are; one where no calendar shows any.
    """
    now = clock.now()
    rows = query.concerned(session, booking_ids, blackout_ids, now)
    if only is not None:
        rows = [row for row in rows if row.link_id in only]
    if not rows:
        return ()
    links = query.mark_dirty(session, {row.link_id for row in rows}, now)
    known = {(row.link_id, row.kind, row.id) for row in rows if row.known}
    missing = {(row.link_id, row.kind, row.id) for row in rows} - known

    query.add(session, _new(session, links, missing, now))
    query.touch(session, [link.id for link in links], {row.id for row in rows})
    return tuple(sorted(link.id for link in links))


def rescan(session: Session, property_ids: Collection[UUID]) -> tuple[UUID, ...]:
    """Have all calendars of these properties compared with all that they are to show: the links."""
    return query.mark_unscanned(session, property_ids, clock.now()) if property_ids else ()


def scan(session: Session, link: Link, options: MirrorOptions, now: datetime) -> int:
    """
    Touch whatever the link's calendar is to show and has no item, or has another word than was agreed on, and
    what it is to show no longer: how many. The link's row is locked. What is over stays as it is.
    """
    wanted = mirrors.in_scope(session, link, options, now)
    items = {(item.local_kind, item.local_id): item for item in query.ours(session, link.id)}
    known = [item for local, item in items.items() if local in wanted and not item.touched]
    others = [item for local, item in items.items() if local not in wanted and not item.touched]

    differing: list[Row[Any]] = []
    for some in (known[first : first + AT_ONCE] for first in range(0, len(known), AT_ONCE)):
        found = mirrors.of(session, link, options, _locals(some), now)
        differing += _differing(some, found, signing.content_key(session))
    gone = _gone(session, link, options, others, now)

    query.touch_items(session, [item.id for item in (*differing, *gone)])
    connection = links_query.connection(session, link.connection_id)
    new = [
        _row(source, link.id, local, now)
        for source in (remote.known(connection.connector),)
        if isinstance(source, PushesEvents)
        for local in sorted(wanted - items.keys())
    ]
    return len(differing) + len(gone) + query.add(session, new)


def _differing(items: Iterable[Row[Any]], found: Mapping[Local, Mirror], key: bytes) -> list[Row[Any]]:
    """Whose mirror says something else than was agreed on. What a person hid is not compared."""
    differing = []
    for item in items:
        mirror = found.get((item.local_kind, item.local_id))
        if mirror is None or item.hidden or (item.tombstoned and mirror.ended):
            continue
        said = content.shown(mirror.content, mirror.colour, key)
        if item.base_local is None or change(_agreed(item), said) is Change.CHANGED:
            differing.append(item)
    return differing


def _agreed(item: Row[Any]) -> Groups:
    """By our own words: what a person wrote instead holds as long as we would say the same."""
    return {**item.base_local, "text": item.text_of} if item.worded else dict(item.base_local)


def _gone(
    session: Session, link: Link, options: MirrorOptions, items: Sequence[Row[Any]], now: datetime
) -> list[Row[Any]]:
    """What there was agreement on and is not to be seen any more, as opposed to what is only over."""
    agreed = [item for item in items if item.base_local is not None and not item.tombstoned]
    standing = mirrors.standing(session, link, options, _locals(agreed), now)
    return [item for item in agreed if (item.local_kind, item.local_id) not in standing]


def _locals(items: Iterable[Row[Any]]) -> frozenset[Local]:
    return frozenset((item.local_kind, item.local_id) for item in items)


def _new(
    session: Session, links: Sequence[Row[Any]], missing: Collection[tuple[UUID, str, UUID]], now: datetime
) -> list[dict[str, Any]]:
    """Turnaround only for calendars that show it: their settings are opened only where there is some."""
    sources: dict[UUID, PushesEvents] = {
        link.id: source
        for link in links
        for source in (remote.known(link.connector),)
        if isinstance(source, PushesEvents)
    }
    turned = {link_id for link_id, kind, _ in missing if kind == TURNAROUND}
    shows = {link.id for link in links if link.id in turned and _shows_turnaround(session, link)}
    return [
        _row(sources[link_id], link_id, (kind, local_id), now)
        for link_id, kind, local_id in sorted(missing)
        if link_id in sources and (kind != TURNAROUND or link_id in shows)
    ]


def _row(source: PushesEvents, link_id: UUID, local: Local, now: datetime) -> dict[str, Any]:
    item_id = new_id()
    return {
        "id": item_id,
        "link_id": link_id,
        "local_kind": local[0],
        "local_id": local[1],
        "remote_id": source.event_id(item_id, 0),
        "changed_at": now,
    }


def _shows_turnaround(session: Session, link: Row[Any]) -> bool:
    vault = vault_of(session)
    stored = {**vault.open(link.shared_sealed), **vault.open(link.own_sealed)}
    try:
        options = MirrorOptions.model_validate(
            {name: value for name, value in stored.items() if name in MirrorOptions.model_fields}
        )
    except ValidationError:  # the pass says so, in words
        return False
    return options.turnaround
