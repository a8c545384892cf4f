"""How settings are shown: a secret is a hint at best, and a hint that comes back means no change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.contract import Connector

HIDDEN = "***"


def shown(source: Connector, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with every secret in disguise."""
    return {name: _hint(value) if name in source.secret_fields else value for name, value in settings.items()}


def restored(source: Connector, sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a client sent, with the stored secret where it sent the hint that it had been shown."""
    disguised = shown(source, stored)
    return {
        name: stored[name]
        if name in source.secret_fields and name in stored and value == disguised[name]
        else value
        for name, value in sent.items()
    }


def _hint(secret: Any) -> str:
    """Of an address its scheme and host, which tell the channel; of anything else nothing."""
    try:
        parts = urlsplit(secret if isinstance(secret, str) else "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return HIDDEN
    if not parts.scheme or not host:
        return HIDDEN
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}/…"
