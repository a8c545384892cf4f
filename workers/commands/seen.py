"""The command that says what channels know of a booking."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from hub import clock
from hub.errors import NotFound
from hub.models.bookings import Booking
from hub.queries import bookings
from hub.queries.bookings import BookingFilter
from sync import seen as looking
from workers import choosing
from workers.commands.output import AsJson, Organization, as_json, opened, say, table


def seen(
    reference: Annotated[str, typer.Argument(help="What the guest quotes.")],
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Say which channels have seen a booking, and which calendars of its units were read when."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            report = looking.of_booking(session, _booking(session, reference).id, clock.now())
    if json:
        as_json(asdict(report))
        return
    say(f"{report.reference}, {report.status}: {report.seen}")
    table(
        ("our feed for", "speaks of", "state", "who has seen it"),
        [(one.channel, one.scope, one.state, one.words) for one in report.exports],
        empty="No feed speaks of its units.",
    )
    table(
        ("calendar of", "speaks of", "state", "read"),
        [(one.channel, one.scope, one.state, one.words) for one in report.imports],
        empty="No channel's calendar of its units is read.",
    )
    if report.calendars:
        table(
            ("kept equal with", "speaks of", "state", "how it stands"),
            [(one.channel, one.scope, one.state, one.words) for one in report.calendars],
            empty="",
        )


def _booking(session: Session, reference: str) -> Booking:
    found = bookings.page(session, BookingFilter(reference=reference.strip().upper()), 1, None)
    if not found:
        raise NotFound.because("not_found", f"there is no booking {reference}", "reference")
    return found[0]
