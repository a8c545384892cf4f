"""What every answer says to browsers beside its content, and which other pages may ask."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from hub.config import Settings

Headers = tuple[tuple[bytes, bytes], ...]

DOCS = "/docs"

_ALWAYS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_NOTHING = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
_NOT_STORED = (b"cache-control", b"no-store")

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)

SENT = ("Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-ID")
"""What a page of a listed origin may send"""
TOLD = (
    *("ETag", "Location", "Idempotent-Replayed", "X-Request-ID"),
    *("RateLimit", "RateLimit-Policy", "Retry-After"),
)
"""What it may read of the answer"""


def of(settings: Settings, path: str, present: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What to add to an answer's headers: all that it does not say itself."""
    names = {name.lower() for name, _ in present}
    wanted = [*_ALWAYS, _NOTHING]
    if settings.base_url.startswith("https://"):
        wanted.append(_HSTS)
    if path.startswith("/api/"):
        wanted.append(_NOT_STORED)
    return tuple(header for header in wanted if header[0] not in names)


def of_page(page: bytes) -> tuple[bytes, bytes]:
    """The policy of the documentation: our files, the scripts in the page, and nothing else."""
    digests = (hashlib.sha256(script).digest() for script in _INLINE_SCRIPT.findall(page))
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    # Swagger UI sets styles by itself.
    policy = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return b"content-security-policy", policy.encode()


def shared(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The application, for pages of the listed origins too; nobody's cookies are asked for."""
    if not settings.origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=settings.origins,
        allow_methods=("GET", "POST", "PATCH", "DELETE"),
        allow_headers=SENT,
        expose_headers=TOLD,
        max_age=600,
    )
