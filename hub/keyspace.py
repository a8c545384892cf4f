"""Under which names a hub keeps what it has in Redis."""

from __future__ import annotations

import hashlib

from hub.config import Settings


def key_prefix(settings: Settings) -> str:
    """Begins every key of this hub's queues in Redis, so that hubs may share one."""
    return f"hub-{hashlib.sha256(b'redis keys' + settings.signing_key()).hexdigest()[:12]}:"
