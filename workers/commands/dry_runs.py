"""What syncing would bring: asked of the channels, shown; nothing is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from rich.progress import Progress

from connectors.errors import ConnectorError
from hub.errors import HubError
from sync import preview as previewing
from sync.alongside import AT_ONCE
from sync.preview import Preview
from sync.runtime import Runtime
from workers.commands.output import as_json, errors, say
from workers.commands.previews import show
from workers.listing import Listed


def tell(runtime: Runtime, organization_id: UUID, chosen: Sequence[Listed], *, json: bool) -> bool:
    """Of each link what would come of it; False if one of them could not be asked."""
    ask: Callable[[UUID], Any] = partial(previewing.preview_link, runtime, organization_id)
    results = dict(_each(chosen, ask, bar=not json))
    if json:
        as_json([{"link_id": row.id, **_plain(results[row.id])} for row in chosen])
    else:
        for row in chosen:
            say(f"\n{row.channel}, {row.scope}")
            _tell(results[row.id])
    return not any(isinstance(result, Exception) for result in results.values())


def _each(rows: Sequence[Listed], ask: Callable[[UUID], Any], *, bar: bool) -> Iterator[tuple[UUID, Any]]:
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


def _plain(result: object) -> dict[str, Any]:
    if isinstance(result, Preview):
        return asdict(result)
    return {"state": "failed", "error": str(result)}


def _tell(result: object) -> None:
    if isinstance(result, Preview):
        show(result)
    else:
        say(f"failed: {result}")
