"""Where Google is asked to let somebody sign in; all of it can be aimed at another server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    path: str

    def at(self, root: str | None) -> str:
        """Its address, at Google or at the server that `root` names instead."""
        return (root.rstrip("/") if root else self.host) + self.path


AUTHORIZE = Endpoint("https://accounts.google.com", "/o/oauth2/v2/auth")
TOKEN = Endpoint("https://oauth2.googleapis.com", "/token")
KEYS = Endpoint("https://www.googleapis.com", "/oauth2/v3/certs")
