"""Commands about links: what a calendar would bring, what there is, and syncing now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress

from connectors.errors import ConnectorError
from hub.errors import HubError, Refused
from sync import linking
from sync import preview as previewing
from sync import pull as pulling
from sync.attempts import Outcome
from sync.preview import Preview
from sync.runtime import Runtime
from workers import choosing
from workers.commands.output import AsJson, Organization, as_json, errors, instant, opened, say, table
from workers.listing import Listed, listed

app = typer.Typer(help="Links to channels' calendars.", no_args_is_help=True, rich_markup_mode=None)

AT_ONCE = 4
"""Pulls at a time: most of a pull is waiting for the channel"""


@app.command()
def preview(
    url: Annotated[str, typer.Argument(help="The calendar's address.")],
    unit: Annotated[
        str | None, typer.Option(help="Name or id of the unit to compare with.", show_default=False)
    ] = None,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Show what a calendar would bring, and what it clashes with. Nothing is saved."""
    with opened() as runtime:
        organization_id, scope = None, None
        if unit is not None:
            organization_id = choosing.organization(runtime.database, organization)
            with runtime.database.unit_of_work(organization_id) as session:
                scope = linking.Scope(unit_id=choosing.unit(session, unit).id)
        found = previewing.preview(runtime, organization_id, "ical", {"url": url}, scope)
    if json:
        as_json(asdict(found))
    else:
        _show(found)


@app.command(name="list")
def list_(organization: Organization = None, json: AsJson = False) -> None:
    """All links, with what is wrong with them."""
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        with runtime.database.unit_of_work(organization_id) as session:
            rows = listed(session)
    if json:
        as_json([asdict(row) for row in rows])
        return
    table(
        ("id", "channel", "speaks of", "direction", "state", "verified", "why"),
        [
            (row.id, row.channel, row.scope, row.direction, row.state, instant(row.verified_at), row.reason)
            for row in rows
        ],
        empty="There are no links.",
    )


def sync(
    link: Annotated[UUID | None, typer.Option(help="This link.", show_default=False)] = None,
    of_property: Annotated[
        str | None,
        typer.Option("--property", help="All links of a property: id, slug or name.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All links.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Show what would come of it; nothing is saved.")] = False,
    organization: Organization = None,
    json: AsJson = False,
) -> None:
    """Pull calendars now. Exit code 1 if one of them failed."""
    if sum((link is not None, of_property is not None, every)) != 1:
        raise typer.BadParameter("say what to sync: one of --link, --property and --all")
    with opened() as runtime:
        organization_id = choosing.organization(runtime.database, organization)
        chosen = _chosen(runtime, organization_id, link, of_property)
        if dry_run:
            ask: Callable[[UUID], Any] = partial(previewing.preview_link, runtime, organization_id)
        else:
            ask = partial(pulling.pull, runtime, organization_id, trigger="command")
        results = dict(_each(chosen, ask, bar=not json))
    failed = any(_failure(result) for result in results.values())
    if json:
        as_json([{"link_id": row.id, **_plain(results[row.id])} for row in chosen])
    elif dry_run:
        for row in chosen:
            say(f"\n{row.channel}, {row.scope}")
            _tell_preview(results[row.id])
    else:
        table(
            ("link", "channel", "speaks of", "result", "what changed"),
            [(row.id, row.channel, row.scope, *_words(results[row.id])) for row in chosen],
            empty="There is nothing to pull.",
        )
    if failed:
        raise typer.Exit(1)


def _chosen(
    runtime: Runtime, organization_id: UUID, link: UUID | None, of_property: str | None
) -> list[Listed]:
    """The links that import; a paused one only when it was named."""
    with runtime.database.unit_of_work(organization_id) as session:
        property_id = choosing.place(session, of_property).id if of_property is not None else None
        rows = listed(session, property_id=property_id)
    if link is None:
        return [row for row in rows if row.imports and row.state != "paused"]
    found = [row for row in rows if row.id == link]
    if not found:
        raise Refused.because("unknown", f"there is no link {link}", "--link")
    if not found[0].imports:
        raise Refused.because("export", "this link only exports: channels fetch it from us", "--link")
    return found


def _each(rows: list[Listed], ask: Callable[[UUID], Any], *, bar: bool) -> Iterator[tuple[UUID, Any]]:
    """(link, result) as they come; an error of the channel is a result like any other."""
    console = errors()
    with (
        Progress(console=console, transient=True, disable=not (bar and console.is_terminal)) as progress,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        task = progress.add_task("asking channels", total=len(rows))
        futures = {pool.submit(ask, row.id): row.id for row in rows}
        for future in as_completed(futures):
            try:
                result: Any = future.result()
            except (ConnectorError, HubError) as error:
                result = error
            progress.advance(task)
            yield futures[future], result


def _failure(result: object) -> bool:
    return isinstance(result, Exception) or (isinstance(result, Outcome) and result.state == "failed")


def _plain(result: object) -> dict[str, Any]:
    if isinstance(result, (Outcome, Preview)):
        return asdict(result)
    return {"state": "failed", "error": str(result)}


def _words(result: object) -> tuple[str, str]:
    if isinstance(result, Outcome):
        busy = "another pull of it is under way" if result.state == "busy" else ""
        return result.state, result.error or "; ".join(result.summary) or busy
    return "failed", str(result)


def _tell_preview(result: object) -> None:
    if isinstance(result, Preview):
        _show(result)
    else:
        say(f"failed: {result}")


def _show(found: Preview) -> None:
    if found.title or found.source:
        made_by = f"(made by {found.source})" if found.source else ""
        say(f"{found.title} {made_by}".strip())
    table(
        ("from", "to", "what", "is", "takes", "clashes with", "remark"),
        [
            (
                event.starts_at,
                event.ends_at,
                event.summary,
                event.nature if event.busy else "free",
                ", ".join(event.units),
                "; ".join(event.clashes),
                "; ".join(filter(None, (event.problem, event.note))),
            )
            for event in found.events
        ],
        empty="The calendar is empty.",
    )
    for problem in found.problems:
        say(f"problem: {problem}")
