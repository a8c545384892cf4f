"""The HTTP door as a process serves it: `uvicorn api.serve:door --factory --no-proxy-headers`."""

from __future__ import annotations

from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.app import create
from hub import logs, reporting
from hub.config import Settings


def door() -> ASGIApp:
    """From the environment."""
    settings = Settings()
    logs.configure(settings)
    reporting.begin(settings)
    return behind(create(settings), settings)


def behind(app: ASGIApp, settings: Settings) -> ASGIApp:
    """
    The application, told by HUB_TRUSTED_PROXIES from where it is asked, and by nobody else.

    X-Forwarded-For is read from its end: the first address that is not a trusted proxy's is the one.
    """
    if not settings.proxies:
        return app
    wrapped: Any = ProxyHeadersMiddleware(cast(Any, app), list(settings.proxies))
    return cast(ASGIApp, wrapped)
