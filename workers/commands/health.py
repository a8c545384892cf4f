"""The command that says how all calendars do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from hub import clock
from hub.queries import properties as properties_query
from sync import health as looking
from sync.health import Coverage, LinkHealth
from sync.planning import exposure as exposing
from sync.planning import healthy
from sync.planning.healthy import Standing
from workers import choosing
from workers.commands.output import AsJson, Organization, as_json, opened, say, table

COLOURS = {
    Standing.LOST: "red",
    Standing.NEEDS_AUTH: "red",
    Standing.FAILING: "red",
    Standing.STALE: "red",
    Standing.GUARDED: "yellow",
    Standing.NEW: "yellow",
    Standing.PAUSED: "yellow",
    Standing.FRESH: "green",
    Standing.EXPORTING: "green",
}
MOST_PROPERTIES = 1000


def health(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many links at most.")] = 100,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """How all links do, the worst first, and what each property has. Exit code 0, whatever is found."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            now = clock.now()
            links = looking.of_links(session, now)
            found = looking.in_full(session, links[:limit], now)
            places = properties_query.page(session, MOST_PROPERTIES, None)
            covered = looking.of_properties(session, places, now)
    totals = healthy.counted(one.standing for one in links)
    if json:
        as_json(
            {
                "totals": totals,
                "links": [_link(one) for one in found],
                "properties": [_property(one) for one in covered],
            }
        )
        return
    say(healthy.coverage(totals, 0))
    table(
        ("channel", "speaks of", "", "age", "next", "how it does", "if nothing were checked"),
        [_row(one, now) for one in found],
        empty="There are no links.",
    )
    if len(links) > len(found):
        say(f"and {len(links) - len(found)} more: --limit")
    table(("property", "covered by"), [(one.name, _covered(one)) for one in covered], empty="")


def _row(one: LinkHealth, now: datetime) -> tuple[object, ...]:
    judged = one.judged
    next_at = judged.runs_next
    return (
        judged.channel,
        f"{judged.scope}, {judged.place}" if judged.scope != judged.place else judged.scope,
        Text(judged.standing.value, COLOURS[judged.standing]),
        exposing.span(timedelta(seconds=judged.age_seconds)) if judged.age_seconds is not None else "",
        exposing.span(max(timedelta(), next_at - now)) if next_at else "",
        one.words,
        exposing.told(one.exposure) if one.exposure else "",
    )


def _covered(one: Coverage) -> str:
    names = ", ".join(name for _, name in one.unlinked[:5])
    return f"{one.words} ({names}{', …' if len(one.unlinked) > 5 else ''})" if names else one.words


def _link(one: LinkHealth) -> dict[str, Any]:
    judged, known = one.judged, one.judged.known
    return {
        "link_id": judged.link_id,
        "property": judged.place,
        "connector": judged.connector,
        "channel": judged.channel,
        "scope": judged.scope,
        "standing": judged.standing.value,
        "words": one.words,
        "verified_at": known.verified_at,
        "age_seconds": judged.age_seconds,
        "lag_seconds": judged.lag_seconds,
        "measured_seconds": judged.measured_seconds,
        "failures": known.failures,
        "failing_since": known.failing_since,
        "next_pull_at": judged.runs_next,
        "fetched_at": one.fetched_at,
        "days_between_double_sales": one.exposure.days_between if one.exposure else None,
    }


def _property(one: Coverage) -> dict[str, Any]:
    return {
        "property_id": one.property_id,
        "name": one.name,
        "links": dict(one.links),
        "units_without_link": len(one.unlinked),
        "next_pull_at": one.runs_next,
        "words": one.words,
    }
