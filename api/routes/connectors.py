"""GET connectors."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.dependencies import Staff
from api.openapi import example
from api.schemas.common import Out
from api.schemas.connections import ConnectorOut
from connectors import registry

router = APIRouter(prefix="/connectors", tags=["channels"])

ICAL: dict[str, Any] = {
    "slug": "ical",
    "title": "iCal feed",
    "capabilities": ["pulls_events", "renders_feed"],
    "settings": {
        "type": "object",
        "required": ["url"],
        "properties": {"url": {"type": "string", "title": "Calendar address", "writeOnly": True}},
    },
}


class ConnectorsOut(Out):
    items: list[ConnectorOut]


@router.get(
    "", summary="List the kinds of channels there are", responses=example(200, {"items": [ICAL]}, "By name")
)
def all_of_them(caller: Staff) -> ConnectorsOut:  # noqa: ARG001 - only members may ask
    """What each can do, and a JSON Schema of its settings."""
    found = sorted(registry.connectors().values(), key=lambda source: source.slug)
    return ConnectorsOut(items=[ConnectorOut.of(source) for source in found])
