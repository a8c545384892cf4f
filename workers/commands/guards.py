"""Commands about what waits on links to be freed, and about pausing them: a person's word on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import Actor
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.properties import Unit
from hub.queries import external
from hub.services import asking
from sync import guarded as waiting
from sync import guarding, linking, unlinking
from sync.guarded import Held
from sync.guarding import Action
from sync.planning import words
from workers import choosing
from workers.commands.output import AsJson, Organization, as_json, instant, opened, say, table
from workers.listing import listed

Chosen = Annotated[str, typer.Argument(help="Its id, or the end of it.", metavar="LINK", show_default=False)]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event", help="This event alone, by id or the end of it; can be repeated.", show_default=False
    ),
]


def guarded(
    link: Annotated[
        str | None,
        typer.Argument(help="One link, by id or the end of it, event by event.", show_default=False),
    ] = None,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """What channels no longer tell and is not free yet: why, and when it is free by itself."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            if link is None:
                every, one = waiting.of_all(session), None
            else:
                every, one = [waiting.of_link(session, choosing.link(session, link))], link
            if json:
                as_json([_plain(held) for held in every])
            elif one is None:
                _tell_links(session, every)
            else:
                _tell_events(session, every[0])


def release(link: Chosen, event: Events = None, organization: Organization = None) -> None:
    """Free what waits on a link now, or some of it: the channel is right."""
    _decide(link, Action.RELEASE, event, organization)


def keep(link: Chosen, event: Events = None, organization: Organization = None) -> None:
    """Keep what waits on a link, or some of it, until its channel tells it again: the channel is wrong."""
    _decide(link, Action.KEEP, event, organization)


def pause(link: Chosen, organization: Organization = None) -> None:
    """Read a link's calendar no more; what it holds stays taken."""
    _step(link, linking.pause, organization)


def resume(link: Chosen, organization: Organization = None) -> None:
    """Read a link's calendar again, beginning now."""
    _step(link, unlinking.resume, organization)


def _decide(given: str, action: Action, events: Collection[str] | None, organization: str | None) -> None:
    def take(session: Session, link_id: UUID) -> Link:
        chosen = [
            choosing.by_ending(session, ExternalEvent, one, "event", "--event").id for one in events or ()
        ]
        return guarding.decide(session, link_id, action, chosen or None)

    _step(given, take, organization)


def _step(given: str, take: Callable[[Session, UUID], Link], organization: str | None) -> None:
    """Do it, and say how the link stands then."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)

        def work(session: Session) -> str:
            row = take(session, choosing.link(session, given).id)
            (told,) = (one for one in listed(session, property_id=row.property_id) if one.id == row.id)
            to_do = f" ({told.to_do})" if told.to_do else ""
            return f"{told.channel}, {told.scope}: {told.words}{to_do}"

        say(runtime.database.transact(organization_id, work, Actor("command")))


def _tell_links(session: Session, every: Iterable[Held]) -> None:
    names = {row.id: row for row in listed(session)}
    rows = [
        (
            choosing.ending(held.link.id),
            f"{names[held.link.id].channel}, {names[held.link.id].scope}",
            len(held.events),
            _agree(held),
            _by_itself(held.freed_at),
            held.guard.why if held.guard is not None else "",
        )
        for held in every
    ]
    table(
        ("link", "calendar", "wait", "agree", "free by itself", "why"),
        rows,
        empty="Nothing waits to be freed.",
    )
    if rows:
        say("`hub link release LINK` frees it now, `hub link keep LINK` keeps it taken.")


def _tell_events(session: Session, held: Held) -> None:
    zone = ZoneInfo(asking.property_of(session, held.link.property_id).time_zone)
    wanted = {unit_id for one in held.events for unit_id in one.unit_ids}
    named = session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted)))
    names = {row.id: row.name for row in named}
    if held.guard is not None:
        say(held.guard.why)
    table(
        ("event", "when", "takes", "missing since", "agree", "free by itself"),
        [
            (
                choosing.ending(one.event_id) if one.event_id is not None else "ours",
                words.span(one, zone),
                ", ".join(sorted(names[unit_id] for unit_id in one.unit_ids)),
                instant(one.missing_since),
                f"{one.reads} of {one.needs}",
                _by_itself(one.freed_at),
            )
            for one in held.events
        ],
        empty="Nothing waits on this link.",
    )
    kept = [row for row in external.waiting(session, held.link.id, or_kept=True) if row.kept_at is not None]
    for row in kept:
        say(f"kept: {choosing.ending(row.id)}, {words.span(row, zone)}")
    if kept:
        say("`hub link release LINK --event EVENT` frees what was kept.")
    for way in held.ways:
        say(f"{way.action or 'or'}: {way.words}")


def _agree(held: Held) -> str:
    """Of what waits longest."""
    last = min(held.events, key=lambda one: one.reads - one.needs, default=None)
    return f"{last.reads} of {last.needs}" if last is not None else ""


def _by_itself(moment: datetime | None) -> str:
    return instant(moment) if moment is not None else "not while it is not read"


def _plain(held: Held) -> dict[str, Any]:
    return {
        "link_id": held.link.id,
        "state": held.link.state,
        "why": held.guard.why if held.guard is not None else None,
        "freed_at": held.freed_at,
        "events": [asdict(one) for one in held.events],
        "ways": [asdict(way) for way in held.ways],
    }
