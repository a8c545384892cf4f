"""`hub sync`: a run of every link that matches, followed to its end and worked at from here too."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from hub.database import Actor
from hub.models.properties import CATEGORIES
from hub.queries.selected import Criteria
from sync import alongside, bulk, selecting
from sync.bulk import Shown
from sync.runtime import Runtime
from sync.selecting import Mode
from workers import choosing
from workers.commands import dry_runs, following
from workers.commands.output import AsJson, Organization, as_json, opened, say, warn
from workers.listing import listed

INTERRUPTED = 130
"""The exit code of what was ended by Ctrl-C, as shells know it"""

Days = ["%Y-%m-%d"]

OfLinks = Annotated[list[UUID] | None, typer.Option(help="This link.", show_default=False)]
OfProperties = Annotated[
    list[str] | None,
    typer.Option("--property", help="Links of a property: id, slug or name.", show_default=False),
]
OfTypes = Annotated[
    list[str] | None, typer.Option("--type", help="Links of a unit type: id or name.", show_default=False)
]
OfCategories = Annotated[
    list[str] | None, typer.Option(help=f"One of {', '.join(CATEGORIES)}.", show_default=False)
]
OfConnectors = Annotated[
    list[str] | None, typer.Option(help="Links by a connector: ical, …", show_default=False)
]
OfBookings = Annotated[
    list[str] | None,
    typer.Option(help="Links that show a booking, or speak of its units.", show_default=False),
]
FirstNight = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=Days, help="The first night whose bookings are compared.", show_default=False
    ),
]
AfterNights = Annotated[
    datetime | None,
    typer.Option("--to", formats=Days, help="The first night whose bookings are not.", show_default=False),
]


def sync(
    link: OfLinks = None,
    of_property: OfProperties = None,
    unit_type: OfTypes = None,
    category: OfCategories = None,
    connector: OfConnectors = None,
    booking: OfBookings = None,
    first: FirstNight = None,
    to: AfterNights = None,
    every: Annotated[bool, typer.Option("--all", help="All links.")] = False,
    mode: Annotated[Mode, typer.Option(help="What to do.")] = Mode.BOTH,
    wait: Annotated[bool, typer.Option(help="Follow it to its end, and work at it from here.")] = True,
    dry_run: Annotated[bool, typer.Option(help="Show what would come of it; nothing is saved.")] = False,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """
    Sync calendars now. All that is said must hold, and of what is said several times any. Exit code 1 if one
    of them failed.
    """
    said = (link, of_property, unit_type, category, connector, booking, first, to)
    if every == any(said):
        raise typer.BadParameter("say what to sync: --all, or any of the other options")
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            wanted = Criteria(
                property_ids=[choosing.place(session, one).id for one in of_property or ()] or None,
                unit_type_ids=[choosing.unit_type(session, one).id for one in unit_type or ()] or None,
                categories=category,
                connectors=connector,
                link_ids=link,
                booking_ids=[choosing.booking(session, one).id for one in booking or ()] or None,
                first=_day(first),
                after=_day(to),
                everything=every,
            )
        well = (
            _dry_run(runtime, organization_id, wanted, mode, json=json)
            if dry_run
            else _run(runtime, organization_id, wanted, mode, wait=wait, json=json)
        )
    if not well:
        raise typer.Exit(1)


def _day(said: datetime | None) -> date | None:
    return said.date() if said is not None else None


def _dry_run(runtime: Runtime, organization_id: UUID, wanted: Criteria, mode: Mode, *, json: bool) -> bool:
    with runtime.database.unit_of_work(organization_id) as session:
        selecting.check(session, wanted)
        chosen = set(selecting.choose(session, wanted, mode).asked)
        rows = [row for row in listed(session) if row.id in chosen and row.state != "paused"]
    return dry_runs.tell(runtime, organization_id, rows, json=json)


def _run(
    runtime: Runtime, organization_id: UUID, wanted: Criteria, mode: Mode, *, wait: bool, json: bool
) -> bool:
    """Whether all went well; nothing at all where links were left out has not."""

    def ask(session: Session) -> UUID:
        return bulk.ask(session, wanted, mode, trigger="command").id

    run_id = runtime.database.transact(organization_id, ask, Actor("command"))
    if not wait:
        shown = following.read(runtime, organization_id, run_id)
        if json:
            as_json(following.as_row(shown))
        else:
            say(f"{following.words(shown)}; `hub runs watch {run_id}` follows it")
        return True
    shown = _worked_at(runtime, organization_id, run_id, bar=not json)
    following.tell(runtime, organization_id, shown, json=json)
    found = shown.progress
    return found is not None and not found.tally.failed and bool(found.tally.total or not shown.run.left_out)


def _worked_at(runtime: Runtime, organization_id: UUID, run_id: UUID, *, bar: bool) -> Shown:
    """The run when it is over, or when the rest of it must not be asked for long."""

    def enough() -> bool:
        return alongside.left_alone(runtime, organization_id, run_id) is not None

    try:
        with alongside.working(runtime, organization_id, run_id):
            shown = following.follow(runtime, organization_id, run_id, bar=bar, enough=enough)
    except KeyboardInterrupt:
        warn(
            f"The run goes on: workers take the rest. `hub runs watch {run_id}` follows it, "
            f"`hub runs cancel {run_id}` ends it."
        )
        raise typer.Exit(INTERRUPTED) from None
    if not shown.over:
        until = alongside.left_alone(runtime, organization_id, run_id)
        when = f" before {until:%Y-%m-%d %H:%M} UTC" if until else " for a while"
        warn(f"The rest is left to workers: its channels asked not to be asked{when}.")
    return shown
