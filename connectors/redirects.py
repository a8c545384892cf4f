"""Where an address leads: what may be called at all, and what a redirect may change and be told."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from connectors.addresses import AddressRefused, Target, target
from connectors.errors import Rejected

REDIRECTS = 5

_STATUSES = frozenset({301, 302, 303, 307, 308})
_OWN_HOST_ONLY = frozenset({"authorization", "cookie", "proxy-authorization"})


def is_redirect(status: int) -> bool:
    return status in _STATUSES


def readable(url: str) -> Target:
    """Raises Rejected for an address that is not to be called."""
    try:
        return target(url)
    except AddressRefused as error:
        raise Rejected(str(error), code="address_refused") from error


def follow(url: str, goal: Target, location: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The next address and what may be told to it."""
    try:
        following = str(httpx.URL(url).join(location))
    except (httpx.InvalidURL, ValueError) as error:  # the standard library's own, of a host in brackets
        raise Rejected(f"{goal.host} redirects to an unreadable address", code="address_refused") from error
    after = readable(following)
    if goal.scheme == "https" and after.scheme == "http":
        raise Rejected(f"{goal.host} redirects from https to http", code="address_refused")
    if (after.host, after.port) == (goal.host, goal.port):
        return following, dict(headers)
    return following, {name: value for name, value in headers.items() if name not in _OWN_HOST_ONLY}
