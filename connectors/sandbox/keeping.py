"""What the demo's channels hold, in a file, so that a restart keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox.channel import Channel
from connectors.sandbox.stays import Kind, Stay
from connectors.sandbox.zoo import Zoo
from hub.domain.periods import Nights


@dataclass(slots=True)
class Kept:
    """What is kept beside the channels: stays made by hand so far, and what each channel is to read."""

    made: int = 0
    imports: dict[str, str] = field(default_factory=dict)


def restore(zoo: Zoo, file: Path | None) -> Kept:
    """Bring the channels to where they were; those that the file does not know stay as they are."""
    if file is None or not file.exists():
        return Kept()
    written = json.loads(file.read_text(encoding="utf-8"))
    zoo.ahead = timedelta(seconds=float(written.get("ahead", 0)))
    for name, stays in written["channels"].items():
        if name in zoo.channels:
            zoo.channels[name].stays = {stay.id: stay for stay in map(_stay, stays)}
    return Kept(int(written["made"]), dict(written.get("imports", {})))


def keep(zoo: Zoo, kept: Kept, file: Path | None) -> None:
    if file is None:
        return
    written = {
        "made": kept.made,
        "imports": kept.imports,
        "ahead": zoo.ahead.total_seconds(),
        "channels": {name: _stays(channel) for name, channel in zoo.channels.items()},
    }
    beside = file.with_name(file.name + ".new")
    beside.write_text(json.dumps(written, indent=1), encoding="utf-8")
    beside.replace(file)


def _stays(channel: Channel) -> list[dict[str, str]]:
    return [_written(stay) for stay in channel.stays.values()]


def _written(stay: Stay) -> dict[str, str]:
    assert isinstance(stay.span, Nights), "the demo's channels let by the night"
    return {
        "id": stay.id,
        "kind": stay.kind,
        "first": stay.span.arrival.isoformat(),
        "after": stay.span.departure.isoformat(),
        "changed_at": stay.changed_at.isoformat(),
        "guest": stay.guest,
        "summary": stay.summary,
    }


def _stay(written: Mapping[str, Any]) -> Stay:
    return Stay(
        id=written["id"],
        kind=Kind(written["kind"]),
        span=Nights(date.fromisoformat(written["first"]), date.fromisoformat(written["after"])),
        changed_at=datetime.fromisoformat(written["changed_at"]),
        guest=written["guest"],
        summary=written["summary"],
    )
