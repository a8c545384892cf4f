"""Commands about conflicts: what clashes, what can be done about it, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor
from hub.domain.periods import Hours, Nights, Span
from hub.errors import Refused
from hub.models.external import ConflictRecord
from hub.queries import inbox
from hub.queries import ways_out as sides_query
from hub.queries.inbox import Wanted
from hub.services import asking
from sync import resolving, sides, ways_out
from sync.case import Said
from sync.planning.conflict_words import sentence
from sync.planning.stakes import Action
from sync.planning.ways_out import Way
from sync.sides import Both
from workers import choosing
from workers.commands.output import AsJson, Limit, Organization, as_json, opened, say, table

STANDING = ("open", "ignored", "accepted")

Id = Annotated[str, typer.Argument(help="The conflict's id, or a unique ending of it.", show_default=False)]


@dataclass(frozen=True, slots=True)
class _Told:
    row: ConflictRecord
    both: Both
    words: str
    ways: tuple[Way, ...]


def conflicts(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    limit: Limit = 100,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Where channels and bookings claim the same nights. Exit code 0, whatever is found."""
    if context.invoked_subcommand is not None:
        return
    states = () if closed else STANDING
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = inbox.page(session, Wanted(states), limit=limit)
            ways = ways_out.of(session, rows, clock.now())
            words, both = _sentences(session, rows), sides.now(session, rows)
    if json:
        as_json([_conflict(row, both[row.id], words[row.id], ways.get(row.id, ())) for row in rows])
        return
    table(
        ("", "id", "opened", "state", "what", "best way out"),
        [
            (
                number,
                choosing.ending(row.id),
                f"{row.opened_at:%Y-%m-%d %H:%M}",
                row.state,
                words[row.id],
                row.resolution if row.state == "closed" else _best(ways.get(row.id, ())),
            )
            for number, row in enumerate(rows, 1)
        ],
        empty="There are no conflicts." if closed else "There are no open conflicts.",
    )


def show(conflict: Id, organization: Organization = None, json: AsJson = False) -> None:
    """Both sides of a conflict, and what can be done about it now."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            told = _told(session, _meant(session, conflict))
    _tell(told, json=json)


def resolve(
    conflict: Id,
    action: Annotated[Action, typer.Argument(help="One of its ways out.")],
    unit: Annotated[
        str | None, typer.Option(help="Name or id of the unit to move to.", show_default=False)
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="Date, or time of the place.", show_default=False)
    ] = None,
    after: Annotated[str | None, typer.Option("--to", help="The same.", show_default=False)] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it is cancelled; nobody but staff reads it.", show_default=False)
    ] = None,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Take one of its ways out; where nothing more is said, the first that is offered of that kind."""

    def work(session: Session) -> _Told:
        row = _meant(session, conflict)
        said = _said(session, row, action, unit, _span(session, row, first, after), reason)
        return _told(session, resolving.resolve(session, row.id, said))

    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        told = runtime.database.transact(organization_id, work, Actor("command"))
    _tell(told, json=json)


def _said(
    session: Session,
    row: ConflictRecord,
    action: Action,
    unit: str | None,
    span: Span | None,
    reason: str | None,
) -> Said:
    if unit is None and span is None:
        offered = ways_out.of(session, [row], clock.now()).get(row.id, ())
        best = next((way for way in offered if way.action is action), None)
        return _as_offered(action, best.parameters if best else {}, reason)
    unit_id = choosing.unit(session, unit).id if unit is not None else None
    return Said(action, unit_id=unit_id, span=span, reason=reason)


def _as_offered(action: Action, values: Mapping[str, str], reason: str | None) -> Said:
    span: Span | None = None
    if "arrival" in values:
        span = Nights(date.fromisoformat(values["arrival"]), date.fromisoformat(values["departure"]))
    elif "starts_at" in values:
        span = Hours(datetime.fromisoformat(values["starts_at"]), datetime.fromisoformat(values["ends_at"]))
    unit_id, event_id = (UUID(values[name]) if name in values else None for name in ("unit_id", "event_id"))
    return Said(action, unit_id=unit_id, span=span, event_id=event_id, reason=reason)


def _span(session: Session, row: ConflictRecord, first: str | None, after: str | None) -> Span | None:
    if first is None and after is None:
        return None
    if first is None or after is None:
        raise Refused.because("required", "say both --from and --to", "--from")
    try:
        if len(first) <= len("2027-07-01"):
            return Nights(date.fromisoformat(first), date.fromisoformat(after))
        zone = _zone(session, row)
        return Hours(*(_local(datetime.fromisoformat(one), zone) for one in (first, after)))
    except ValueError as error:
        raise Refused.because("invalid_span", str(error), "--from") from None


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _zone(session: Session, row: ConflictRecord) -> ZoneInfo:
    (link,) = sides_query.links(session, [row.link_id]).values()
    return ZoneInfo(asking.property_of(session, link.property_id).time_zone)


def _meant(session: Session, given: str) -> ConflictRecord:
    return choosing.by_ending(session, ConflictRecord, given, "conflict", "CONFLICT")


def _told(session: Session, row: ConflictRecord) -> _Told:
    found = ways_out.of(session, [row], clock.now()).get(row.id, ())
    return _Told(row, sides.now(session, [row])[row.id], _sentences(session, [row])[row.id], found)


def _sentences(session: Session, rows: tuple[ConflictRecord, ...] | list[ConflictRecord]) -> dict[UUID, str]:
    units = sides_query.unit_names(session, {row.unit_id for row in rows if row.unit_id is not None})
    return {
        row.id: sentence(row.type, row.local, row.remote, units.get(row.unit_id) if row.unit_id else None)
        for row in rows
    }


def _tell(told: _Told, *, json: bool) -> None:
    row, found = told.row, told.ways
    if json:
        as_json(_conflict(row, told.both, told.words, found))
        return
    say(f"{choosing.ending(row.id)}, {row.state}: {told.words}")
    if row.resolution:
        say(f"Resolution: {row.resolution}")
    table(
        ("say", "it does", "with"),
        [
            (
                way.action.value,
                way.words,
                " ".join(f"{name}={value}" for name, value in way.parameters.items()),
            )
            for way in found
        ],
        empty="There is nothing to be done about it." if row.state != "closed" else "It is settled.",
    )


def _best(found: tuple[Way, ...]) -> str:
    return found[0].words if found else ""


def _conflict(row: ConflictRecord, both: Both, words: str, found: tuple[Way, ...]) -> dict[str, Any]:
    columns = ("id", "type", "state", "link_id", "event_id", "unit_id", "booking_id", "starts_at", "ends_at")
    ours = ("fingerprint", "opened_at", "closed_at", "resolution")
    ways = [
        {"action": way.action.value, "words": way.words, "parameters": dict(way.parameters)} for way in found
    ]
    return {
        "words": words,
        **{column: getattr(row, column) for column in (*columns, *ours)},
        "local": both.local,
        "remote": both.remote,
        "ways_out": ways,
    }
