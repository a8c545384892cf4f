"""
How settings are shown: a secret is a hint at best, and a hint that comes back means no change.

So nobody who may not see a secret may have it told to an address of their own either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.contract import Connector
from hub.errors import HubError, Refused

HIDDEN = "***"
ADDRESS = "url"
"""The setting of a connector that calls an address of somebody's own (see `hosts.named_in`)"""


def shown(source: Connector, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with every secret in disguise."""
    return {name: _hint(value) if name in source.secret_fields else value for name, value in settings.items()}


def restored(source: Connector, sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a client sent, with the stored secret where it sent the hint that it had been shown."""
    disguised = shown(source, stored)
    kept = {
        name for name in source.secret_fields & stored.keys() & sent.keys() if sent[name] == disguised[name]
    }
    if kept - {ADDRESS} and sent.get(ADDRESS) != stored.get(ADDRESS):
        raise _elsewhere()
    return {name: stored[name] if name in kept else value for name, value in sent.items()}


def joined(source: Connector, shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A connection's settings and a link's beside them, as a client sends these."""
    lent = (source.secret_fields & shared.keys()) - own.keys()
    if lent - {ADDRESS} and own.get(ADDRESS) not in (None, shared.get(ADDRESS)):
        raise _elsewhere()
    return {**shared, **own}


def check_moved(
    source: Connector, own: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Refused where a connection's other address would be told the secret of a link that names none."""
    lent = (source.secret_fields & own.keys()) - {ADDRESS}
    if lent and ADDRESS not in own and before.get(ADDRESS) != after.get(ADDRESS):
        raise _elsewhere()


def _elsewhere() -> HubError:
    message = "a secret is told to the address alone that it was given for: give it again with this one"
    return Refused.because("secret_elsewhere", message, f"settings.{ADDRESS}")


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
