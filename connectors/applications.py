"""Who we are at a channel: the operator's own registration there, the same for all tenants."""

from __future__ import annotations

from dataclasses import dataclass, field

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Application:
    """`root` aims every call at another server than the channel's own; None is the channel's."""

    root: str | None = None
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    service_account: str = field(default="", repr=False)
    """The key file of a service account, as JSON; empty where there is none"""
    organizations: frozenset[str] = frozenset()
    """Ids of those that may use the service account, or EVERYBODY; none: who is alone on the hub"""


UNREGISTERED = Application()
