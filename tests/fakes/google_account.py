"""What both doubles of Google know of the hub: its registration there, and how a beginning proves itself."""

from __future__ import annotations

import base64
import hashlib

CLIENT_ID = "hub.apps.googleusercontent.com"
CLIENT_SECRET = "the secret of the hub at Google"


def challenge(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def basic() -> str:
    """The header with which the hub proves itself."""
    return f"Basic {base64.b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}"
