"""What a calendar would bring and what it clashes with: asked, compared, shown; nothing is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import AllDay, ListsChanges, Pulled, RemoteEvent
from hub import clock
from hub.database import vault_of
from hub.domain.availability import Cause, Taken
from hub.domain.offers import Offer
from hub.domain.periods import Period
from hub.errors import NotFound, Refused
from hub.queries import external, inventory
from hub.queries import links as links_query
from hub.services import asking
from sync import disguise, dry_run, linking, operators, preview_events, remote, two_way
from sync.dry_run import Plan
from sync.linking import Scope
from sync.planning import measure, placing
from sync.planning.placing import Blocked
from sync.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PreviewEvent:
    """One event as it would be imported. `clashes` are bookings and blackouts of ours that it meets."""

    summary: str
    starts_at: str
    ends_at: str
    """Dates for all-day events, else instants in the property's zone"""
    busy: bool
    units: tuple[str, ...]
    clashes: tuple[str, ...]
    problem: str | None
    nature: str
    """stay, block or unknown"""
    note: str
    """Why it does not count, where it is not busy"""


@dataclass(frozen=True, slots=True)
class Preview:
    title: str
    source: str
    """Slug of the channel that made the calendar"""
    events: tuple[PreviewEvent, ...]
    problems: tuple[str, ...]
    plan: Plan | None = None
    """What a sync would do; None of a calendar that is not linked yet"""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is compared against: the units in scope; none, when an address is only looked at."""

    zone: ZoneInfo
    offers: tuple[Offer, ...] = ()
    own: frozenset[UUID] = frozenset()
    """Ids of the events that the link brought already: they are not in their own way"""


def preview(
    runtime: Runtime,
    organization_id: UUID | None,
    connector: str,
    settings: Mapping[str, Any],
    scope: Scope | None = None,
) -> Preview:
    """
    Ask the channel and show what would come of it; raises ConnectorError if it does not answer.

    Without a scope the calendar is only read, in UTC, and compared with nothing.
    """
    scene = _Scene(ZoneInfo("UTC"))
    if scope is not None:
        scene = runtime.database.transact(organization_id, partial(_scene, scope=scope))
    source = remote.known(connector)
    if organization_id is not None:
        allowed = partial(operators.check, network=runtime.network, source=source, settings=settings)
        runtime.database.transact(organization_id, allowed)
    if isinstance(source, ListsChanges):
        valid = remote.valid(source, settings)
        if two_way.by_event(source, valid):
            pulled = preview_events.pulled(runtime, organization_id, source, valid, scene.zone)
            return _show(runtime, organization_id, scene, pulled)
    question = remote.frame(connector, settings, scene.zone, runtime.import_horizon)
    return _show(runtime, organization_id, scene, remote.ask(question, runtime.network))


def asked(
    session: Session, connector: str | None, connection_id: UUID | None, settings: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The connector and all settings of a calendar that is not linked yet: of a connection, or of none."""
    if (connector is None) == (connection_id is None):
        raise Refused.because("required", "name either a connection or a connector", "connector")
    if connection_id is None:
        assert connector is not None
        return connector, dict(settings)
    try:
        row = links_query.connection(session, connection_id)
    except NotFound:
        raise Refused.because("unknown", "there is no such connection", "connection_id") from None
    shared = vault_of(session).open(row.settings_sealed)
    return row.connector, disguise.joined(remote.known(row.connector), shared, settings)


def preview_link(runtime: Runtime, organization_id: UUID, link_id: UUID) -> Preview:
    """What the link's calendar says now, and what a sync would make of it; nothing is saved."""
    rehearsed = dry_run.rehearse(runtime, organization_id, link_id)

    def read(session: Session) -> tuple[_Scene, Callable[[], Pulled]]:
        link = links_query.one(session, link_id)
        scope = Scope(link.property_id, link.unit_id, link.unit_type_id, link.category)
        own = frozenset(event.id for event in external.events_of(session, link_id))
        scene = replace(_scene(session, scope=scope), own=own)
        if link.calendar_key is None:
            question = remote.question(session, link, runtime.import_horizon, afresh=True)
            operators.check(session, runtime.network, question.source, question.settings)
            return scene, partial(remote.ask, question, runtime.network)
        source, settings = preview_events.calendar_of(session, link)
        operators.check(session, runtime.network, source, settings)
        ask = partial(preview_events.pulled, runtime, organization_id, source, settings, scene.zone)
        return scene, partial(ask, imports=link.direction != "export")

    scene, ask = runtime.database.transact(organization_id, read)
    pulled = rehearsed.pulled
    if pulled is None or pulled.unchanged:
        pulled = ask()
    return replace(_show(runtime, organization_id, scene, pulled), plan=rehearsed.plan)


def _scene(session: Session, *, scope: Scope) -> _Scene:
    property_id = linking.placed(session, scope)
    place = asking.property_of(session, property_id)
    offers = links_query.units_in(session, property_id, scope.unit_id, scope.unit_type_id, scope.category)
    return _Scene(ZoneInfo(place.time_zone), offers)


def _show(runtime: Runtime, organization_id: UUID | None, scene: _Scene, pulled: Pulled) -> Preview:
    busy: list[RemoteEvent] = []
    free: list[RemoteEvent] = []
    for event in pulled.events:
        takes = event.busy and measure.extent(event.when, scene.zone) is not None
        (busy if takes else free).append(event)
    placed: dict[UUID, tuple[Blocked, ...]] = {}
    taken: tuple[Taken, ...] = ()
    ids = {UUID(int=number): event for number, event in enumerate(busy)}
    if scene.offers and busy:
        taken = runtime.database.transact(organization_id, partial(_taken, scene=scene, events=busy))
        whens = [(number, event.when) for number, event in ids.items()]
        placed = placing.assign(whens, scene.offers, taken, {})
    composites_first = sorted(scene.offers, key=lambda offer: not offer.composite)
    names = {leaf: offer.unit.name for offer in composites_first for leaf in offer.unit.leaves}
    shown = [_event(event, placed.get(number, ()), taken, names, scene.zone) for number, event in ids.items()]
    shown += [_event(event, (), (), names, scene.zone) for event in free]
    return Preview(pulled.title, pulled.source, tuple(sorted(shown, key=_in_order)), pulled.problems)


def _taken(session: Session, *, scene: _Scene, events: Sequence[RemoteEvent]) -> tuple[Taken, ...]:
    reach = placing.reach([event.when for event in events], scene.offers, scene.zone)
    if reach is None:
        return ()
    leaves = inventory.leaves(scene.offers)
    return inventory.takings(session, leaves, reach, clock.now(), without=scene.own).live


def _event(
    event: RemoteEvent,
    blocks: Sequence[Blocked],
    taken: Sequence[Taken],
    names: Mapping[UUID, str],
    zone: ZoneInfo,
) -> PreviewEvent:
    when = event.when
    if isinstance(when, AllDay):
        first, after = when.first.isoformat(), when.after.isoformat()
    else:
        first, after = (moment.astimezone(zone).isoformat() for moment in (when.starts_at, when.ends_at))
    clashes = {
        f"{names.get(row.unit_id, 'a unit')}: {row.label}, {_words(row.period, zone)}"
        for one in blocks
        for row in taken
        if row.cause is not Cause.EXTERNAL and row.unit_id == one.unit_id and row.period.overlaps(one.period)
    }
    if any(one.unit_id is None for one in blocks):
        placed = any(one.unit_id is not None for one in blocks)
        clashes.add("no unit is free for all of it" if placed else "no unit is free for it")
    units = {names[one.unit_id] for one in blocks if one.unit_id is not None}
    return PreviewEvent(
        summary=event.summary,
        starts_at=first,
        ends_at=after,
        busy=event.busy,
        units=tuple(sorted(units)),
        clashes=tuple(sorted(clashes)),
        problem=event.problem,
        nature=event.nature.value,
        note=event.note,
    )


def _words(period: Period, zone: ZoneInfo) -> str:
    first, last = period.starts_at.astimezone(zone), period.ends_at.astimezone(zone)
    if first.hour == last.hour == 12 and first.minute == last.minute == 0:
        return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _in_order(event: PreviewEvent) -> tuple[str, str, str]:
    return event.starts_at, event.ends_at, event.summary
