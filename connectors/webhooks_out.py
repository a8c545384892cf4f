"""
Posting to an address of the operator's, signed per Standard Webhooks: an HMAC-SHA256 over id, timestamp and
body, so that a receiver knows who speaks, and by the id that it heard this before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, Rejected, Unavailable
from connectors.transport import Network, Reply, failure, retry_after

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
"""As the standard has it"""
DEADLINE = timedelta(seconds=10)
GONE = "gone"
"""Code of the error that says: never post here again"""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Raises ValueError for what is no `whsec_…`."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in KEY_BYTES:
        raise ValueError(f"it must be {PREFIX} and the base64 of 24 to 64 random bytes")
    return key


def signature(key: bytes, message_id: str, at: datetime, body: bytes) -> str:
    signed = b".".join((message_id.encode(), str(int(at.timestamp())).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post(network: Network, url: str, key: bytes, message_id: str, body: bytes, at: datetime) -> None:
    """
    Returns once the receiver has answered 2xx; raises a ConnectorError otherwise, with code GONE at a 410.
    `at` is now: receivers refuse what was signed long ago.
    """
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(key, message_id, at, body),
    }
    reply = network.send("POST", url, body, headers, deadline=DEADLINE)
    if error := _failure(reply):
        raise error


def _failure(reply: Reply) -> ConnectorError | None:
    """Everything but 2xx and 410 may be otherwise in a while: the receiver is being mended, or moved."""
    if 200 <= reply.status < 300:
        return None
    if reply.status == 410:
        return Rejected(f"{reply.host} wants no more of these (410)", code=GONE)
    said = failure(reply)
    words = said.message if said else f"{reply.host} answered {reply.status}"
    return Unavailable(words, code="not_taken", retry_after=retry_after(reply))
